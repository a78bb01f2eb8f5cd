// How many seeds: power of the paired t test by the noncentral t distribution. Permutation tests of
// a mean have nearly the same power, but no chance at all below log2(1 / alpha) differences.
#pragma once

#include <cstddef>
#include <optional>

namespace ordo::stats {

/// Probability that a one-sided paired t test at `alpha` rejects, when the true mean lies `effect`
/// standard deviations beyond the margin. `pairs` >= 2.
double paired_t_power(double effect, std::size_t pairs, double alpha);

/// The fewest pairs (>= 2) that reach `power`; nothing if that takes more than 10^7 or the effect
/// is not positive.
std::optional<std::size_t> paired_t_sample_size(double effect, double power, double alpha);

/// What is known of an undecided claim.
struct Undecided {
  double mean = 0;                ///< of the differences so far
  double standard_deviation = 0;  ///< of the differences so far
  double margin = 0;              ///< what the mean is compared with
  std::size_t pairs = 0;          ///< seeds so far
};

/// Seeds to add so that the next look, a one-sided test at `alpha` (its own level, after splitting
/// and spending) on either side of the margin, decides with probability `power`, if the truth is
/// what has been seen. At least 1; nothing if the mean stands on the margin or it would take more
/// than 10^7. An honest guess, no promise: the estimate itself is uncertain.
std::optional<std::size_t> further_pairs(const Undecided& so_far, double alpha, double power = 0.8);

}  // namespace ordo::stats
