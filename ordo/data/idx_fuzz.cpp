#include <cstdint>
#include <string>

#include "ordo/base/error.h"
#include "ordo/data/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ordo::Array array =
        ordo::data::parse_idx(std::string(reinterpret_cast<const char*>(data), size));
    if (ordo::count_of(array.shape()) != array.count()) __builtin_trap();
    array.to_doubles();
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
