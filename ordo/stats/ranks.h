// Rank tests and the intervals that invert them: Wilcoxon's signed ranks for paired differences,
// Mann and Whitney's U for two samples. They see only the order of values, so that tests accept
// infinities ("never got there"); a NaN throws NumericError.
#pragma once

#include <span>

#include "ordo/stats/interval.h"

namespace ordo::stats {

struct RankTest {
  double statistic = 0;  ///< W+ (sum of ranks of positive differences), or U of the first sample
  double p_value = 1;    ///< under the alternative asked for
  bool exact = true;     ///< from the exact distribution, else from the normal approximation
};

/// What to do with differences that are zero.
enum class Zeros {
  drop,   ///< leave them out before ranking (Wilcoxon 1945)
  pratt,  ///< rank them, then leave their ranks out (Pratt 1959)
};

/// Wilcoxon's signed-rank test of symmetry about 0. Exact up to 50 nonzero differences, ties
/// included (over all signs of the midranks that came); beyond that normal with tie and continuity
/// correction. p = 1 if every difference is zero.
RankTest wilcoxon_test(std::span<const double> differences,
                       Alternative alternative = Alternative::two_sided, Zeros zeros = Zeros::drop);

/// Mann and Whitney's U, the number of pairs in which `first` is larger (ties count half): does it
/// tend to be? Exact, ties included, up to 50 values in both samples; beyond that normal with tie
/// and continuity correction. Each sample needs 1 value.
RankTest mann_whitney_test(std::span<const double> first, std::span<const double> second,
                           Alternative alternative = Alternative::two_sided);

struct HodgesLehmann {
  double estimate = 0;  ///< the median of all contrasts
  Interval interval;    ///< between two contrasts; infinite where samples are too small for it
};

/// Centre of a symmetric distribution: contrasts are the n (n + 1) / 2 means of two differences or
/// of one with itself (Walsh averages), the interval inverts Wilcoxon's test without ties (with
/// ties it is wider than need be). Exact up to n = 50, normal beyond. Values must be finite. O(n^2)
/// memory.
HodgesLehmann hodges_lehmann(std::span<const double> differences, double level = 0.95,
                             Side side = Side::both);

/// Shift between two samples of one shape: contrasts are the n m differences first - second, the
/// interval inverts Mann and Whitney's test. Otherwise as `hodges_lehmann`; exact up to n + m = 50.
HodgesLehmann hodges_lehmann_shift(std::span<const double> first, std::span<const double> second,
                                   double level = 0.95, Side side = Side::both);

}  // namespace ordo::stats
