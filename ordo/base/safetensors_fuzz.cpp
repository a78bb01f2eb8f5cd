#include <cstdint>
#include <string>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/base/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const ordo::Safetensors contents = ordo::parse_safetensors(bytes);
    const auto back = ordo::parse_safetensors(ordo::to_safetensors(contents));
    if (back.tensors.size() != contents.tensors.size()) __builtin_trap();
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
