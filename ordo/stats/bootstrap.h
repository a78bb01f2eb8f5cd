// Bootstrap intervals: percentile, and bias-corrected and accelerated (BCa; Efron 1987). Indices of
// resamples come from the Philox stream handed in, so the same stream gives the same interval.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "ordo/base/random.h"
#include "ordo/stats/interval.h"

namespace ordo::stats {

struct BootstrapOptions {
  double level = 0.95;     ///< confidence, in (0, 1)
  Side side = Side::both;  ///< which bounds
  int resamples = 10'000;  ///< at least 100
};

struct BootstrapInterval {
  double estimate = 0;         ///< the statistic of the sample itself
  Interval interval;           ///< at the level asked for
  double standard_error = 0;   ///< standard deviation over resamples
  double bias_correction = 0;  ///< z0; 0 for the percentile interval
  double acceleration = 0;     ///< a; 0 for the percentile interval
  bool degenerate = false;     ///< BCa was not defined and the percentile interval stands in:
                               ///< the estimate lies outside all resamples, or no resample differs
};

/// A number for a sample. Called `resamples` + n + 1 times; must not keep the span.
using Statistic = std::function<double(std::span<const double>)>;
/// The same for rows of something larger, given by their indices (repeats and all).
using IndexStatistic = std::function<double(std::span<const std::size_t>)>;

/// Throw UsageError for an empty sample or options out of range, NumericError if a value or the
/// statistic of a resample is not finite. One value gives an infinite interval.
BootstrapInterval percentile_interval(std::span<const double> values, const Statistic& statistic,
                                      const BootstrapOptions& options, Random& random);
BootstrapInterval bca_interval(std::span<const double> values, const Statistic& statistic,
                               const BootstrapOptions& options, Random& random);
/// BCa over `size` rows: pairs, triples, whole runs.
BootstrapInterval bca_interval(std::size_t size, const IndexStatistic& statistic,
                               const BootstrapOptions& options, Random& random);

}  // namespace ordo::stats
