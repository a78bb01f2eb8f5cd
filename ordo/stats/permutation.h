// Permutation tests of a mean and the interval that inverts one: the default of claims from 8
// pairs.
#pragma once

#include <span>

#include "ordo/base/random.h"
#include "ordo/stats/interval.h"

namespace ordo::stats {

struct PermutationOptions {
  int exact_up_to = 30;       ///< sign flips: most differences for which all 2^n count; <= 40
  int arrangements = 10'000;  ///< drawn at random beyond that; at least 100
};

struct PermutationTest {
  double estimate = 0;      ///< mean
  double p_value = 1;       ///< exact, or (1 + as extreme) / (1 + drawn), which is valid too
  bool exact = true;        ///< every arrangement counted
  double arrangements = 0;  ///< how many were counted or drawn
};

/// Sign-flip test of the mean of paired differences: under the null each difference is as likely as
/// its negative. Exact in O(2^(n/2)) for n <= exact_up_to.
PermutationTest sign_flip_test(std::span<const double> differences, Alternative alternative,
                               const PermutationOptions& options, Random& random);

/// Interval of the shift: all centres that `sign_flip_test` of (x - centre) does not reject. Each
/// bound is a subset mean of the sample (Hartigan 1969). Infinite where 2^-n exceeds the error of
/// the bound: 5 differences for one-sided 0.95, 6 for two-sided. The random stream is drawn from
/// only beyond exact_up_to; pass an equal copy to get bounds at different levels that nest.
Interval sign_flip_interval(std::span<const double> differences, double level, Side side,
                            const PermutationOptions& options, Random& random);

}  // namespace ordo::stats
