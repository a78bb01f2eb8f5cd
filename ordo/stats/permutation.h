// Permutation tests of means and the intervals that invert them: sign flips for paired differences
// (the default of claims from 8 pairs), relabelling for two samples.
#pragma once

#include <span>

#include "ordo/base/random.h"
#include "ordo/stats/interval.h"

namespace ordo::stats {

struct PermutationOptions {
  int exact_up_to = 30;       ///< most values (of both samples) for which all count; 0 to 40
  int arrangements = 10'000;  ///< drawn at random beyond that; at least 100
};

struct PermutationTest {
  double estimate = 0;      ///< mean, or difference of means
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
/// only beyond exact_up_to, the same draws for both bounds; pass equal copies to get bounds at
/// different levels that nest, and that agree with the test's p-value.
Interval sign_flip_interval(std::span<const double> differences, double level, Side side,
                            const PermutationOptions& options, Random& random);

/// Relabelling test of mean(first) - mean(second): under the null the samples come from one
/// distribution, so that every way to choose which values are called first is as likely. Exact in
/// O(2^(N/2)) for N = n + m <= exact_up_to. Two-sided doubles the smaller side. Each sample needs 1
/// value.
PermutationTest two_sample_permutation_test(std::span<const double> first,
                                            std::span<const double> second, Alternative alternative,
                                            const PermutationOptions& options, Random& random);

/// Interval of the shift between the samples: all shifts that `two_sample_permutation_test` of
/// (first - shift, second) does not reject. Infinite where 1 / C(N, n) exceeds the error of the
/// bound. The stream is used as in `sign_flip_interval`.
Interval two_sample_permutation_interval(std::span<const double> first,
                                         std::span<const double> second, double level, Side side,
                                         const PermutationOptions& options, Random& random);

}  // namespace ordo::stats
