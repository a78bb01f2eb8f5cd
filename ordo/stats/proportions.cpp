#include "ordo/stats/proportions.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"

namespace ordo::stats {
namespace {

void require_counts(std::uint64_t successes, std::uint64_t trials, double level) {
  require_level(level, "a confidence level");
  if (successes > trials) {
    throw UsageError(
        fmt::format("a proportion cannot have {} successes in {} trials", successes, trials));
  }
}

}  // namespace

// The lower bound p solves P(X >= successes | p) = error, a beta quantile; the upper one mirrors
// it.
Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, double level, Side side) {
  require_counts(successes, trials, level);
  const double error = tail_error(level, side);
  const auto hits = static_cast<double>(successes);
  const auto misses = static_cast<double>(trials - successes);
  Interval interval{0, 1};
  if (side != Side::upper && successes > 0) {
    interval.lower = beta_quantile(error, hits, misses + 1);
  }
  if (side != Side::lower && successes < trials) {
    interval.upper = 1 - beta_quantile(error, misses, hits + 1);
  }
  return interval;
}

// Solves |p^ - p| = z sqrt(p (1 - p) / n) for p.
Interval wilson(std::uint64_t successes, std::uint64_t trials, double level, Side side) {
  require_counts(successes, trials, level);
  Interval interval{0, 1};
  if (trials == 0) return interval;
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double z = -normal_quantile(tail_error(level, side));
  const double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double reach =
      std::abs(z) / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  const double signed_reach = z < 0 ? -reach : reach;  // one-sided levels below 1/2
  if (side != Side::upper && successes > 0) interval.lower = std::max(0.0, centre - signed_reach);
  if (side != Side::lower && successes < trials) {
    interval.upper = std::min(1.0, centre + signed_reach);
  }
  return interval;
}

}  // namespace ordo::stats
