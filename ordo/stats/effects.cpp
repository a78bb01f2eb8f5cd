#include "ordo/stats/effects.h"

#include <cmath>
#include <limits>

#include "ordo/stats/check.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

double standardized(double difference, double spread) {
  if (difference == 0) return 0;
  if (spread == 0) return std::copysign(std::numeric_limits<double>::infinity(), difference);
  return difference / spread;
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
  return 2 * common_language(first, second) - 1;
}

double common_language(std::span<const double> first, std::span<const double> second) {
  require_sample(first, 1, "an effect size's first sample");
  require_sample(second, 1, "an effect size's second sample");
  return mean(placements(first, second)) / static_cast<double>(second.size());
}

}  // namespace ordo::stats
