// Any bytes are a GGUF file or an InputError; every tensor of a file that is taken can be unpacked,
// and its metadata are a configuration or an InputError.
#include <cstddef>
#include <cstdint>

#include "ordo/base/error.h"
#include "ordo/models/gguf.h"
#include "ordo/models/gguf_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ordo::models::Gguf file =
        ordo::models::parse_gguf({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const ordo::models::GgufTensor& tensor : file.tensors) ordo::models::to_floats(tensor);
    ordo::models::config_of(file);
  } catch (const ordo::InputError&) {
  }
  return 0;
}
