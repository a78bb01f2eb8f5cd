// Rotary positions (Su et al. 2021): the two halves of a head's turned dimensions are the real and
// imaginary parts of numbers that position p multiplies by exp(i p f), f = theta^(-2j/d). Scalings
// stretch the frequencies f so that a model reads on beyond the context it was trained for.
//
// Dynamic scaling and LongRoPE choose frequencies by the length of the text, which is that of each
// row alone here: a batch means the same as its rows one by one. What was read before a text got so
// long stays turned as it was.
#pragma once

#include <torch/types.h>

#include "ordo/lm/fused.h"
#include "ordo/models/config.h"

namespace ordo::lm {

class Rotary {
 public:
  explicit Rotary(const models::Rope& rope) : rope_(rope) {}

  /// At `positions` [rows or 1, length] int64 of texts with `lengths` [rows or 1] int64 positions.
  /// Angles are float64 for a model of float64, else float32.
  Rotation at(const torch::Tensor& positions, const torch::Tensor& lengths,
              torch::Dtype dtype) const;
  /// [rows or 1, dimensions / 2].
  torch::Tensor frequencies(const torch::Tensor& lengths, torch::TensorOptions options) const;

 private:
  models::Rope rope_;
};

}  // namespace ordo::lm
