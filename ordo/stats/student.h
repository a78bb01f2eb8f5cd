// Student's methods: intervals and tests for means of (nearly) normal samples. Claims use them
// below 8 pairs, where a permutation test has too few arrangements to reach small levels.
//
// Degenerate samples do not throw: one value gives an infinite interval and p = 1; a sample without
// spread gives its mean as both bounds, and p = 0 or 1 by which side of the null it lies on.
#pragma once

#include <span>

#include "ordo/stats/interval.h"

namespace ordo::stats {

struct TTest {
  double estimate = 0;   ///< mean difference
  double statistic = 0;  ///< t; infinite without spread
  double degrees = 0;    ///< degrees of freedom
  double p_value = 1;    ///< under the alternative asked for
};

/// mean +- t s / sqrt(n). Throws UsageError for an empty sample.
Interval student_interval(std::span<const double> values, double level = 0.95,
                          Side side = Side::both);

/// Is the mean of paired differences other than `null`?
TTest paired_t_test(std::span<const double> differences,
                    Alternative alternative = Alternative::two_sided, double null = 0);

/// Welch's test of unequal variances: is mean(first) - mean(second) other than `null`? Each sample
/// needs 2 values.
TTest welch_t_test(std::span<const double> first, std::span<const double> second,
                   Alternative alternative = Alternative::two_sided, double null = 0);
/// The interval of mean(first) - mean(second) that inverts `welch_t_test`.
Interval welch_interval(std::span<const double> first, std::span<const double> second,
                        double level = 0.95, Side side = Side::both);

/// Two one-sided tests of equivalence (Schuirmann 1987).
struct Equivalence {
  double p_lower = 1;  ///< of "mean <= lower margin"
  double p_upper = 1;  ///< of "mean >= upper margin"
  double p_value = 1;  ///< the larger of the two: equivalence is shown at alpha if it is <= alpha
  Interval interval;   ///< at level 1 - 2 alpha; inside the margins iff equivalence is shown
};

/// Does the mean lie strictly between `lower` and `upper`? Throws UsageError unless lower < upper.
Equivalence equivalence_test(std::span<const double> differences, double lower, double upper,
                             double alpha = 0.05);

}  // namespace ordo::stats
