// From a small batch to a large one: the learning rate, and the noise of the gradient. A step of
// SGD moves the weights by the rate times the mean gradient of M examples out of many, whose
// covariance is rate^2 / M times that of one example's gradient (drawn with replacement; without,
// times (N - M) / (N - 1)). To keep it when the batch grows from M to L, multiply the rate by
// sqrt(L / M) (Hoffer, Hubara and Soudry, NIPS 2017), or weigh each example's loss by a factor
// drawn from N(1, L / M - 1) and leave the rate alone.
#pragma once

#include <cstdint>
#include <string>

namespace ordo::train {

enum class RateScaling { none, sqrt, linear };
/// "none", "sqrt", "linear". Throws UsageError.
RateScaling rate_scaling_of(const std::string& name);

/// The rate for batches of `to` examples that stands for `rate` at `from`. Throws UsageError for a
/// batch below 1.
double scale_rate(double rate, std::int64_t from, std::int64_t to, RateScaling scaling);

/// The variance of per-example weights that gives batches of `to` examples the gradient noise of
/// `from`: to / from - 1. Throws UsageError if the batch does not grow.
double gradient_noise_variance(std::int64_t from, std::int64_t to);

}  // namespace ordo::train
