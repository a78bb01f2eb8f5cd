#include "ordo/stats/power.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"

namespace ordo::stats {
namespace {

constexpr std::size_t kMostPairs = 10'000'000;

}  // namespace

double paired_t_power(double effect, std::size_t pairs, double alpha) {
  require_level(alpha, "alpha");
  if (pairs < 2 || !std::isfinite(effect)) {
    throw UsageError(
        fmt::format("power needs a finite effect and at least 2 pairs, got effect {} and {} pairs",
                    effect, pairs));
  }
  const auto n = static_cast<double>(pairs);
  const double shift = effect * std::sqrt(n);
  const double critical = -student_t_quantile(alpha, n - 1);
  // Boost's series loses its footing far in the tails, where power is 0 or 1 to all digits anyway.
  if (shift - critical > 38) return 1;
  if (critical - shift > 38 && shift < 0) return 0;
  return noncentral_t_survival(critical, n - 1, shift);
}

std::optional<std::size_t> paired_t_sample_size(double effect, double power, double alpha) {
  require_level(power, "power");
  require_level(alpha, "alpha");
  if (!(effect > 0)) return std::nullopt;
  const auto enough = [&](std::size_t pairs) {
    return paired_t_power(effect, pairs, alpha) >= power;
  };
  std::size_t high = 2;
  while (!enough(high)) {
    if (high >= kMostPairs) return std::nullopt;
    high = std::min(2 * high, kMostPairs);
  }
  std::size_t low = high / 2;  // not enough, or 1
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

std::optional<std::size_t> further_pairs(const Undecided& so_far, double alpha, double power) {
  const double distance = std::abs(so_far.mean - so_far.margin);
  if (!std::isfinite(distance) || !(so_far.standard_deviation >= 0)) {
    throw NumericError(fmt::format("power of a mean {} with standard deviation {} is not defined",
                                   so_far.mean, so_far.standard_deviation));
  }
  if (distance == 0) return std::nullopt;
  // 38 standard deviations decide at any level; more only strains the arithmetic.
  const double effect =
      so_far.standard_deviation == 0 ? 38 : std::min(38.0, distance / so_far.standard_deviation);
  const auto by_power = paired_t_sample_size(effect, power, alpha);
  if (!by_power) return std::nullopt;
  // A permutation test of n pairs cannot give a p-value below 2^-n.
  const auto by_permutation = static_cast<std::size_t>(std::ceil(-std::log2(alpha)));
  const std::size_t needed = std::max(*by_power, by_permutation);
  return needed > so_far.pairs ? needed - so_far.pairs : 1;
}

}  // namespace ordo::stats
