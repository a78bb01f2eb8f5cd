#include <cstdint>
#include <string>
#include <string_view>

#include "ordo/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::Json value = ordo::parse_json(bytes);
    const std::string text = value.dump();
    if (ordo::parse_json(text).dump() != text) __builtin_trap();
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
