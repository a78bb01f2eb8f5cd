// Exact samplers of the discrete Laplace and Gaussian distributions, for privacy: only integers are
// drawn and compared, so no rounding of a logarithm leaks anything.
// Source: Canonne, Kamath, Steinke, The Discrete Gaussian for Differential Privacy (2020),
// Algorithms 1 to 3.
#pragma once

#include <cstdint>

#include "ordo/base/random.h"

namespace ordo {

/// A non-negative fraction; the denominator is at least 1.
struct Rational {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
};

/// True with probability exactly exp(-gamma). Expected draws: O(1 + gamma).
bool bernoulli_exp(Random& random, Rational gamma);

/// An integer x with probability proportional to exp(-|x| / scale). Throws UsageError unless both
/// parts of `scale` are 1 to 2^30.
std::int64_t discrete_laplace(Random& random, Rational scale);

/// An integer x with probability proportional to exp(-x^2 / (2 variance)). Throws UsageError unless
/// both parts of `variance` are 1 to 2^30.
std::int64_t discrete_gaussian(Random& random, Rational variance);

}  // namespace ordo
