#include <cstdint>
#include <string>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/base/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::Array array = ordo::parse_npy(bytes);
    if (ordo::parse_npy(ordo::to_npy(array)).shape() != array.shape()) __builtin_trap();
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
