#include <cstdint>
#include <string>
#include <string_view>

#include "ordo/base/toml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::TomlDocument document = ordo::parse_toml(bytes);
    for (const ordo::JsonMember& member : document.root().as_object()) {
      if (document.locate("/" + member.key).line == 0) __builtin_trap();
    }
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
