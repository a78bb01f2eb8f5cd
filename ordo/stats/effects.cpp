#include "ordo/stats/effects.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ordo/stats/check.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

double standardized(double difference, double spread) {
  if (difference == 0) return 0;
  if (spread == 0) return std::copysign(std::numeric_limits<double>::infinity(), difference);
  return difference / spread;
}

struct PairShares {
  double above = 0;  // P(X > Y)
  double below = 0;  // P(X < Y)
};

PairShares compare_all_pairs(std::span<const double> first, std::span<const double> second) {
  require_sample(first, 1, "an effect size's first sample");
  require_sample(second, 1, "an effect size's second sample");
  std::vector<double> order(second.begin(), second.end());
  std::ranges::sort(order);
  double above = 0, below = 0;
  for (const double value : first) {
    above += static_cast<double>(std::ranges::lower_bound(order, value) - order.begin());
    below += static_cast<double>(order.end() - std::ranges::upper_bound(order, value));
  }
  const double pairs = static_cast<double>(first.size()) * static_cast<double>(second.size());
  return {above / pairs, below / pairs};
}

}  // namespace

double cohen_d(std::span<const double> first, std::span<const double> second) {
  const auto n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const double pooled = ((n - 1) * variance(first) + (m - 1) * variance(second)) / (n + m - 2);
  return standardized(mean(first) - mean(second), std::sqrt(pooled));
}

double cohen_dz(std::span<const double> differences) {
  return standardized(mean(differences), standard_deviation(differences));
}

double hedges_g(std::span<const double> first, std::span<const double> second) {
  const double d = cohen_d(first, second);
  const auto degrees = static_cast<double>(first.size() + second.size() - 2);
  const double correction =
      std::exp(std::lgamma(degrees / 2) - std::lgamma((degrees - 1) / 2)) / std::sqrt(degrees / 2);
  return d * correction;
}

double cliffs_delta(std::span<const double> first, std::span<const double> second) {
  const PairShares shares = compare_all_pairs(first, second);
  return shares.above - shares.below;
}

double common_language(std::span<const double> first, std::span<const double> second) {
  const PairShares shares = compare_all_pairs(first, second);
  return (1 + shares.above - shares.below) / 2;
}

}  // namespace ordo::stats
