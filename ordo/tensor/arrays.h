// Between base::Array and torch::Tensor, sharing memory both ways.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <torch/types.h>

#include "ordo/base/array.h"
#include "ordo/base/safetensors.h"

namespace ordo::tensor {

/// A tensor over the array's memory, which it keeps alive. Not to be written to: the memory may be
/// a mapped file. Throws UsageError for types that LibTorch lacks.
torch::Tensor to_tensor(const Array& array);
/// An array over the tensor's memory if that is contiguous and on the CPU, else over a copy.
Array to_array(const torch::Tensor& tensor);

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// The file's tensors, over its mapping. Throws what read_safetensors throws.
NamedTensors read_tensors(const std::filesystem::path& path);
/// Replaces the file atomically.
void write_tensors(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace ordo::tensor
