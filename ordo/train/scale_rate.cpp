#include "ordo/train/scale_rate.h"

#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::train {
namespace {

double ratio_of(std::int64_t from, std::int64_t to) {
  if (from < 1 || to < 1) {
    throw UsageError(
        fmt::format("a batch holds at least one example; asked to go from {} to {}", from, to));
  }
  return static_cast<double>(to) / static_cast<double>(from);
}

}  // namespace

RateScaling rate_scaling_of(const std::string& name) {
  if (name == "none") return RateScaling::none;
  if (name == "sqrt") return RateScaling::sqrt;
  if (name == "linear") return RateScaling::linear;
  throw UsageError(fmt::format("rate scaling '{}': expected none, sqrt or linear", name));
}

double scale_rate(double rate, std::int64_t from, std::int64_t to, RateScaling scaling) {
  const double ratio = ratio_of(from, to);
  switch (scaling) {
    case RateScaling::sqrt:
      return rate * std::sqrt(ratio);
    case RateScaling::linear:
      return rate * ratio;
    case RateScaling::none:
      break;
  }
  return rate;
}

double gradient_noise_variance(std::int64_t from, std::int64_t to) {
  const double variance = ratio_of(from, to) - 1;
  if (variance < 0) {
    throw UsageError(fmt::format(
        "noise makes a large batch like a small one; batches of {} are smaller than the base of {}",
        to, from));
  }
  return variance;
}

}  // namespace ordo::train
