// Random tensors from our Philox, never from LibTorch's global generator: element i of a draw is a
// pure function of the stream and i, so it is the same at any number of threads and on any device
// (drawn on the CPU and copied where the tensor lives elsewhere).
#pragma once

#include <torch/types.h>

#include "ordo/base/random.h"

namespace ordo::tensor {

/// Independent numbers, one an element.
struct Draw {
  enum class Kind { constant, uniform, normal } kind = Kind::constant;
  double location = 0;  ///< the constant; the middle of the interval; the mean
  double scale = 0;     ///< half the interval's length; the standard deviation

  static Draw constant(double value) { return {Kind::constant, value, 0}; }
  static Draw uniform(double bound) { return {Kind::uniform, 0, bound}; }
  static Draw normal(double deviation) { return {Kind::normal, 0, deviation}; }
};

/// target <- keep * target + scale * draw, in one pass. keep = 0 overwrites, whatever was there
/// (NaN too). Any floating type, any layout; fast for contiguous float32 on the CPU.
void blend(torch::Tensor& target, double keep, double scale, const Draw& draw,
           const Random& stream);
/// target <- draw.
void fill(torch::Tensor& target, const Draw& draw, const Random& stream);

/// Inverted dropout: each element is kept with probability 1 - `probability` and then divided by
/// it, else zero. Differentiable in reverse (any order) and forward mode. `probability` in [0, 1).
torch::Tensor dropout(const torch::Tensor& input, double probability, const Random& stream);

}  // namespace ordo::tensor
