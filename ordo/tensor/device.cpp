#include "ordo/tensor/device.h"

#include <limits>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::tensor {
namespace {

struct NamedType {
  const char* name;
  torch::Dtype dtype;
};
constexpr NamedType kTypes[] = {{"float32", torch::kFloat32},
                                {"float64", torch::kFloat64},
                                {"bfloat16", torch::kBFloat16},
                                {"float16", torch::kFloat16}};

}  // namespace

std::vector<std::string> devices() {
  std::vector<std::string> names = {"cpu"};
  if (torch::cuda::is_available()) {
    for (std::size_t index = 0; index < static_cast<std::size_t>(torch::cuda::device_count());
         ++index) {
      names.push_back(fmt::format("cuda:{}", index));
    }
  }
  return names;
}

torch::Device parse_device(const std::string& name) {
  const std::vector<std::string> known = devices();
  for (const std::string& device : known) {
    if (name == device || (name == "cuda" && device == "cuda:0")) return torch::Device(device);
  }
  throw UsageError(
      fmt::format("there is no device '{}'; this machine has: {}", name, fmt::join(known, ", ")));
}

torch::Dtype parse_dtype(const std::string& name) {
  for (const NamedType& type : kTypes) {
    if (name == type.name) return type.dtype;
  }
  throw UsageError(fmt::format(
      "'{}' is no type of number for training; use float32, float64, bfloat16 or float16", name));
}

std::string name_of(torch::Dtype dtype) {
  for (const NamedType& type : kTypes) {
    if (dtype == type.dtype) return type.name;
  }
  return std::string(c10::toString(dtype));
}

void set_threads(int threads) { at::set_num_threads(threads); }

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest it takes
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace ordo::tensor
