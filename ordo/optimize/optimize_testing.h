// For tests of optimizers: a network of a few numbers in every role.
#pragma once

#include <torch/torch.h>

#include "ordo/nets/parameters.h"

namespace ordo::optimize {

/// 23 weights, 7 biases, 7 norms' parameters.
class FewNumbers : public nets::Layer {
 public:
  static constexpr std::int64_t kWeights = 23, kSize = 37;

  explicit FewNumbers(torch::Dtype dtype = torch::kFloat64) {
    register_parameter("weight", torch::zeros({kWeights}, dtype));
    register_parameter("bias", torch::zeros({7}, dtype));
    register_parameter("scale", torch::zeros({7}, dtype));
  }
  std::vector<nets::Initial> initials() const override {
    return {{"weight", nets::Role::weight, tensor::Draw::normal(1)},
            {"bias", nets::Role::bias, tensor::Draw::normal(1)},
            {"scale", nets::Role::norm, tensor::Draw::constant(1)}};
  }
};

inline torch::Tensor tensor_of(const std::vector<double>& numbers) {
  return torch::tensor(numbers, torch::kFloat64);
}

inline std::vector<double> numbers_of(const torch::Tensor& tensor) {
  const torch::Tensor wide = tensor.to(torch::kFloat64).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}

}  // namespace ordo::optimize
