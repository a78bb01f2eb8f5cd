// Small networks and examples for this room's tests.
#pragma once

#include <memory>
#include <vector>

#include <torch/torch.h>

#include "ordo/nets/net.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/tensor/random.h"
#include "ordo/train/examples.h"

namespace ordo::train {

inline std::vector<double> to_vector(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().to(torch::kFloat64).flatten().contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

inline std::shared_ptr<nets::Net> make_mlp(std::uint64_t seed) {
  return nets::make_net(
      {.name = "mlp", .options = {{"hidden", Json::array({16})}}, .input = {64}, .outputs = 10},
      Random(seed));
}

inline std::shared_ptr<nets::Net> make_cnn(std::uint64_t seed) {
  return nets::make_net({.name = "cnn", .options = {}, .input = {1, 8, 8}, .outputs = 10},
                        Random(seed));
}

/// Images [n, 1, 8, 8] of ten patterns with noise, and which pattern each is.
inline Examples make_digits(std::int64_t count, std::uint64_t seed) {
  torch::Tensor patterns = torch::empty({10, 1, 8, 8});
  tensor::fill(patterns, tensor::Draw::normal(1), Random(77));
  Examples examples{torch::empty({count, 1, 8, 8}), torch::empty({count}, torch::kInt64)};
  tensor::fill(examples.inputs, tensor::Draw::normal(0.7), Random(seed).split("noise"));
  Random classes = Random(seed).split("classes");
  for (std::int64_t example = 0; example < count; ++example) {
    examples.labels[example] = static_cast<std::int64_t>(classes.below(10));
  }
  examples.inputs += patterns.index_select(0, examples.labels);
  return examples;
}

}  // namespace ordo::train
