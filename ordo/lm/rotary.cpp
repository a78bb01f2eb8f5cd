#include "ordo/lm/rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <torch/torch.h>

#include "ordo/lm/layers.h"

namespace ordo::lm {
namespace {

using models::Rope;
using torch::Tensor;

// 2j / d for j = 0, ..., d/2 - 1.
Tensor exponents(const Rope& rope, torch::TensorOptions options) {
  return torch::arange(0, rope.dimensions, 2, options) / static_cast<double>(rope.dimensions);
}

// The base grows with the text (bloc97 and emozilla 2023), so that the slowest frequency turns as
// far in it as in the original context, and the fastest stays.
Tensor dynamic(const Rope& rope, const Tensor& lengths, torch::TensorOptions options) {
  const auto dimensions = static_cast<double>(rope.dimensions);
  const Tensor longest = lengths.clamp_min(static_cast<std::int64_t>(rope.original_positions));
  const Tensor stretch =
      longest.to(options) * rope.factor / rope.original_positions - (rope.factor - 1);
  const Tensor base = rope.theta * stretch.pow(dimensions / (dimensions - 2));
  return 1 / base.unsqueeze(1).pow(exponents(rope, options));
}

// Wavelengths far below the original context stay, those above it are divided, those between go
// from one to the other.
Tensor llama3(const Rope& rope, const Tensor& plain) {
  const Tensor turns = rope.original_positions * plain / (2 * std::numbers::pi);
  const Tensor share = (turns - rope.low_frequency) / (rope.high_frequency - rope.low_frequency);
  const Tensor between = (1 - share) * plain / rope.factor + share * plain;
  return torch::where(turns < rope.low_frequency, plain / rope.factor,
                      torch::where(turns > rope.high_frequency, plain, between));
}

// The dimension whose frequency turns so many times within the original context.
double dimension_of_turns(const Rope& rope, double turns) {
  return static_cast<double>(rope.dimensions) *
         std::log(rope.original_positions / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(rope.theta));
}

// As llama3 with a ramp over dimensions (Peng et al. 2023).
Tensor yarn(const Rope& rope, const Tensor& plain) {
  double begin = dimension_of_turns(rope, rope.beta_fast);
  double end = dimension_of_turns(rope, rope.beta_slow);
  if (rope.truncate) {
    begin = std::floor(begin);
    end = std::ceil(end);
  }
  begin = std::max(begin, 0.0);
  end = std::min(end, static_cast<double>(rope.dimensions - 1));
  if (begin == end) end += 0.001;
  const Tensor ramp =
      ((torch::arange(rope.dimensions / 2, plain.options()) - begin) / (end - begin)).clamp(0, 1);
  return plain / rope.factor * ramp + plain * (1 - ramp);
}

Tensor longrope(const Rope& rope, const Tensor& lengths, const Tensor& plain) {
  const auto row = [&](const std::vector<double>& factors) {
    return plain / torch::tensor(factors, plain.options()).unsqueeze(0);
  };
  const Tensor is_long =
      lengths.gt(static_cast<std::int64_t>(rope.original_positions)).unsqueeze(1);
  return torch::where(is_long, row(rope.long_factors), row(rope.short_factors));
}

}  // namespace

Tensor Rotary::frequencies(const Tensor& lengths, torch::TensorOptions options) const {
  if (rope_.scaling == Rope::Scaling::dynamic) return dynamic(rope_, lengths, options);
  const Tensor plain = (1 / torch::pow(rope_.theta, exponents(rope_, options))).unsqueeze(0);
  switch (rope_.scaling) {
    case Rope::Scaling::linear:
      return plain / rope_.factor;
    case Rope::Scaling::llama3:
      return llama3(rope_, plain);
    case Rope::Scaling::yarn:
      return yarn(rope_, plain);
    case Rope::Scaling::longrope:
      return longrope(rope_, lengths, plain);
    default:
      return plain;
  }
}

Rotation Rotary::at(const Tensor& positions, const Tensor& lengths, torch::Dtype dtype) const {
  const auto options = torch::TensorOptions(wide(dtype)).device(positions.device());
  const Tensor angles =
      positions.to(options).unsqueeze(2) * frequencies(lengths, options).unsqueeze(1);
  const Tensor both = torch::cat({angles, angles}, 2).unsqueeze(1);
  return {(both.cos() * rope_.attention_factor).to(dtype),
          (both.sin() * rope_.attention_factor).to(dtype)};
}

}  // namespace ordo::lm
