// Batches and comparisons for this room's tests.
#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

#include "ordo/nets/net.h"
#include "ordo/tensor/random.h"

namespace ordo::nets {

struct Batch {
  torch::Tensor input, labels;
};

inline Batch random_batch(const Spec& spec, std::int64_t size, std::uint64_t seed) {
  std::vector<std::int64_t> shape = {size};
  shape.insert(shape.end(), spec.input.begin(), spec.input.end());
  Batch batch{torch::empty(shape), torch::empty({size}, torch::kInt64)};
  Random stream(seed);
  tensor::fill(batch.input, tensor::Draw::normal(1), stream.split("input"));
  for (std::int64_t example = 0; example < size; ++example) {
    batch.labels[example] =
        static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(spec.outputs)));
  }
  return batch;
}

/// The largest difference, relative to the larger of 1 and the largest absolute value of
/// `expected`.
inline double difference(const torch::Tensor& found, const torch::Tensor& expected) {
  if (found.sizes() != expected.sizes()) return HUGE_VAL;
  if (found.numel() == 0) return 0;
  const double scale = std::max(1.0, expected.abs().max().item<double>());
  return (found.to(torch::kFloat64) - expected.to(torch::kFloat64)).abs().max().item<double>() /
         scale;
}

}  // namespace ordo::nets
