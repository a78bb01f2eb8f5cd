// Any bytes are a GGUF file or an InputError; every tensor of a file that is taken can be unpacked,
// and its metadata are a configuration or an InputError. What is written of such a file is read
// again, with the same numbers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "ordo/base/error.h"
#include "ordo/models/gguf.h"
#include "ordo/models/gguf_config.h"
#include "ordo/models/gguf_write.h"

namespace ordo::models {
namespace {

bool is_same(std::span<const float> one, std::span<const float> other) {
  for (std::size_t at = 0; at < one.size(); ++at) {
    const bool is_number = one[at] == one[at];
    if (is_number ? one[at] != other[at] : other[at] == other[at]) return false;
  }
  return one.size() == other.size();
}

// In the types that are written; others as F32. What is thrown here is a crash.
void write_and_read(const Gguf& file) noexcept {
  GgufContents contents{.metadata = file.metadata, .tensors = {}};
  contents.metadata.erase("general.alignment");
  for (const GgufTensor& tensor : file.tensors) {
    const bool is_kept = tensor.type == GgufType::f16 || tensor.type == GgufType::bf16;
    contents.tensors.push_back({.name = tensor.name,
                                .shape = tensor.shape,
                                .type = is_kept ? tensor.type : GgufType::f32,
                                .numbers = [&tensor] { return to_floats(tensor); }});
  }
  std::string bytes;
  try {
    bytes = to_gguf(contents);
  } catch (const UsageError&) {
    return;  // arrays within arrays
  }
  const Gguf again = parse_gguf(bytes, "written");
  if (again.tensors.size() != file.tensors.size()) std::abort();
  if (again.metadata.size() != contents.metadata.size()) std::abort();
  for (std::size_t at = 0; at < file.tensors.size(); ++at) {
    if (again.tensors[at].shape != file.tensors[at].shape) std::abort();
    if (!is_same(to_floats(file.tensors[at]), to_floats(again.tensors[at]))) std::abort();
  }
}

}  // namespace
}  // namespace ordo::models

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const ordo::models::Gguf file =
        ordo::models::parse_gguf({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const ordo::models::GgufTensor& tensor : file.tensors) ordo::models::to_floats(tensor);
    ordo::models::write_and_read(file);
    ordo::models::config_of(file);
  } catch (const ordo::InputError&) {
  }
  return 0;
}
