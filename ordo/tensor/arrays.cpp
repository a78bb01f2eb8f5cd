#include "ordo/tensor/arrays.h"

#include <memory>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::tensor {
namespace {

struct SameType {
  Dtype array;
  torch::Dtype tensor;
};
constexpr SameType kTypes[] = {{Dtype::boolean, torch::kBool},
                               {Dtype::int8, torch::kInt8},
                               {Dtype::uint8, torch::kUInt8},
                               {Dtype::int16, torch::kInt16},
                               {Dtype::uint16, torch::kUInt16},
                               {Dtype::int32, torch::kInt32},
                               {Dtype::uint32, torch::kUInt32},
                               {Dtype::int64, torch::kInt64},
                               {Dtype::uint64, torch::kUInt64},
                               {Dtype::float16, torch::kFloat16},
                               {Dtype::bfloat16, torch::kBFloat16},
                               {Dtype::float32, torch::kFloat32},
                               {Dtype::float64, torch::kFloat64},
                               {Dtype::complex64, torch::kComplexFloat},
                               {Dtype::complex128, torch::kComplexDouble}};

torch::Dtype type_of(const Array& array) {
  for (const SameType& type : kTypes) {
    if (array.dtype() == type.array) return type.tensor;
  }
  throw UsageError(fmt::format("LibTorch has no {} tensors", name_of(array.dtype())));
}

Dtype type_of(const torch::Tensor& tensor) {
  for (const SameType& type : kTypes) {
    if (tensor.scalar_type() == type.tensor) return type.array;
  }
  throw UsageError(fmt::format("there are no arrays of {}; convert the tensor, say to float32",
                               c10::toString(tensor.scalar_type())));
}

}  // namespace

torch::Tensor to_tensor(const Array& array) {
  auto release = [owner = array.owner()](void*) {};
  return torch::from_blob(const_cast<std::byte*>(array.bytes().data()), array.shape(),
                          std::move(release), torch::TensorOptions(type_of(array)));
}

Array to_array(const torch::Tensor& tensor) {
  const Dtype dtype = type_of(tensor);
  if (tensor.layout() != torch::kStrided) {
    throw UsageError("a sparse tensor is no array; make it dense first");
  }
  // Views that LibTorch conjugates or negates when read become plain numbers here.
  auto plain = std::make_shared<const torch::Tensor>(
      tensor.detach().resolve_conj().resolve_neg().cpu().contiguous());
  const auto* bytes = static_cast<const std::byte*>(plain->const_data_ptr());
  return Array(dtype, plain->sizes().vec(), {bytes, plain->nbytes()}, plain);
}

NamedTensors read_tensors(const std::filesystem::path& path) {
  NamedTensors tensors;
  for (const auto& [name, array] : read_safetensors(path).tensors) {
    tensors.emplace_back(name, to_tensor(array));
  }
  return tensors;
}

void write_tensors(const std::filesystem::path& path, const NamedTensors& tensors) {
  Safetensors contents;
  for (const auto& [name, tensor] : tensors) contents.tensors.emplace_back(name, to_array(tensor));
  write_safetensors(path, contents);
}

}  // namespace ordo::tensor
