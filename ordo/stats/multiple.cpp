// Bounds compatible with Holm's test, by the partitioning principle (Strassburger and Bretz 2008;
// Guilbaud 2008). For every set I of parameters let Theta_I be the parameter points with
// theta_i <= margin_i exactly for i in I. The truth lies in one Theta_I, so it is enough to cover
// it there with probability 1 - alpha:
//
//   I not empty: all theta_i >= bound_i(alpha / |I|) for i in I, by Bonferroni over I;
//   I empty:     all theta_i >= bound_i(alpha / m), by Bonferroni over all.
//
// A set I is excluded if bound_i(alpha / |I|) > margin_i for some i in I; Holm's steps find the
// largest set A that is not excluded. Projecting the union of what remains on each axis gives, for
// i in A, bound_i(alpha / |A|) (the loosest of the remaining sets that hold i), and for i outside
// A the margin, open, because every remaining point has theta_i > margin_i. If A is empty only
// Theta of the empty set remains: the larger of margin and bound_i(alpha / m).
#include "ordo/stats/multiple.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"

namespace ordo::stats {
namespace {

void require_p_values(std::span<const double> p_values) {
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (!(p_values[i] >= 0 && p_values[i] <= 1)) {
      throw UsageError(
          fmt::format("p-value {} is {}, expected a number between 0 and 1", i, p_values[i]));
    }
  }
}

}  // namespace

std::vector<double> bonferroni_adjust(std::span<const double> p_values) {
  require_p_values(p_values);
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  for (double& p : adjusted) p = std::min(1.0, p * static_cast<double>(p_values.size()));
  return adjusted;
}

std::vector<double> holm_adjust(std::span<const double> p_values) {
  require_p_values(p_values);
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return p_values[i]; });
  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto left = static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, left * p_values[order[rank]]));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

SimultaneousBounds holm_lower_bounds(std::span<const double> margins, const BoundAt& bound_at,
                                     double alpha) {
  require_level(alpha, "alpha");
  const std::size_t size = margins.size();
  SimultaneousBounds result{std::vector<double>(size), std::vector<char>(size, 0), 0};
  for (bool again = true; again && result.rejections < size;) {
    again = false;
    const double share = alpha / static_cast<double>(size - result.rejections);
    for (std::size_t i = 0; i < size; ++i) {
      if (result.rejected[i]) continue;
      result.bounds[i] = bound_at(i, share);
      if (std::isnan(result.bounds[i])) {
        throw NumericError(fmt::format("the bound of parameter {} is not a number", i));
      }
      if (result.bounds[i] > margins[i]) result.rejected[i] = 1;
    }
    const auto rejections = static_cast<std::size_t>(std::ranges::count(result.rejected, char{1}));
    again = rejections > result.rejections;
    result.rejections = rejections;
  }
  const bool all = result.rejections == size;
  for (std::size_t i = 0; i < size; ++i) {
    if (!result.rejected[i]) continue;
    result.bounds[i] =
        all ? std::max(margins[i], bound_at(i, alpha / static_cast<double>(size))) : margins[i];
  }
  return result;
}

SimultaneousBounds holm_upper_bounds(std::span<const double> margins, const BoundAt& bound_at,
                                     double alpha) {
  std::vector<double> mirrored(margins.begin(), margins.end());
  for (double& margin : mirrored) margin = -margin;
  auto result = holm_lower_bounds(
      mirrored, [&](std::size_t i, double share) { return -bound_at(i, share); }, alpha);
  for (double& bound : result.bounds) bound = -bound;
  return result;
}

}  // namespace ordo::stats
