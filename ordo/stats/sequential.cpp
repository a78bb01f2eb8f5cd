#include "ordo/stats/sequential.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"

namespace ordo::stats {
namespace {

// Below this z the density of paths still under way is negligible (1e-15 of mass).
constexpr double kLowest = -8;
constexpr int kIntervals = 400;  // Simpson's rule; even

// The sub-density of Z_k over paths that crossed no earlier bound, on Simpson nodes.
struct Uncrossed {
  double fraction;
  std::vector<double> nodes;   // values of z
  std::vector<double> masses;  // Simpson weight times density there
};

std::vector<double> simpson_nodes(double upper) {
  std::vector<double> nodes(kIntervals + 1);
  for (int i = 0; i <= kIntervals; ++i) {
    nodes[static_cast<std::size_t>(i)] = kLowest + (upper - kLowest) * i / kIntervals;
  }
  return nodes;
}

double simpson_weight(int i, double upper) {
  const double step = (upper - kLowest) / kIntervals;
  return step / 3 * (i == 0 || i == kIntervals ? 1 : i % 2 == 1 ? 4 : 2);
}

// Z_next given Z = z is normal with mean z sqrt(t / t') and variance 1 - t / t'.
double density_at(const Uncrossed& before, double z, double fraction) {
  const double correlation = std::sqrt(before.fraction / fraction);
  const double deviation = std::sqrt(1 - correlation * correlation);
  double sum = 0;
  for (std::size_t i = 0; i < before.nodes.size(); ++i) {
    sum += before.masses[i] * normal_density((z - correlation * before.nodes[i]) / deviation);
  }
  return sum / deviation;
}

double crossing_probability(const Uncrossed& before, double critical, double fraction) {
  const double correlation = std::sqrt(before.fraction / fraction);
  const double deviation = std::sqrt(1 - correlation * correlation);
  double sum = 0;
  for (std::size_t i = 0; i < before.nodes.size(); ++i) {
    sum += before.masses[i] * normal_cdf((correlation * before.nodes[i] - critical) / deviation);
  }
  return sum;
}

template <class Density>
Uncrossed below(double critical, double fraction, const Density& density) {
  Uncrossed paths{fraction, simpson_nodes(critical), std::vector<double>(kIntervals + 1)};
  for (int i = 0; i <= kIntervals; ++i) {
    const auto node = static_cast<std::size_t>(i);
    paths.masses[node] = simpson_weight(i, critical) * density(paths.nodes[node]);
  }
  return paths;
}

// The critical value whose crossing probability is `error`; it falls as the value rises.
double solve_critical(const Uncrossed& before, double error, double fraction) {
  double low = kLowest, high = -kLowest;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (crossing_probability(before, middle, fraction) > error ? low : high) = middle;
  }
  return high;
}

void require_fractions(std::span<const double> fractions) {
  double before = 0;
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    if (!(fractions[i] > before && fractions[i] <= 1)) {
      throw UsageError(
          fmt::format("information fractions must rise within (0, 1]; number {} is {} after {}", i,
                      fractions[i], before));
    }
    before = fractions[i];
  }
}

}  // namespace

double next_look_level(double alpha, std::span<const double> spent, double first_share) {
  require_level(alpha, "alpha");
  if (!(first_share > 0 && first_share <= 1)) {
    throw UsageError(fmt::format("the first look's share must lie in (0, 1], got {}", first_share));
  }
  if (spent.empty()) return first_share * alpha;
  double used = 0;
  for (const double level : spent) {
    if (!(level >= 0)) throw UsageError(fmt::format("a look cannot have spent {}", level));
    used += level;
  }
  if (used > alpha * (1 + 1e-12)) {
    throw UsageError(fmt::format("earlier looks spent {} of alpha = {}", used, alpha));
  }
  return std::max(0.0, alpha - used) / 2;
}

double spent_alpha(Spending spending, double alpha, double fraction) {
  require_level(alpha, "alpha");
  if (!(fraction >= 0 && fraction <= 1)) {
    throw UsageError(fmt::format("an information fraction must lie in [0, 1], got {}", fraction));
  }
  if (fraction == 0) return 0;
  if (spending == Spending::pocock) {
    return alpha * std::log1p((std::numbers::e - 1) * fraction);
  }
  return 2 * normal_cdf(normal_quantile(alpha / 2) / std::sqrt(fraction));
}

std::vector<LookLevel> group_sequential_levels(Spending spending, double alpha,
                                               std::span<const double> fractions) {
  require_fractions(fractions);
  std::vector<LookLevel> looks;
  Uncrossed paths{};
  for (const double fraction : fractions) {
    LookLevel look{fraction, spent_alpha(spending, alpha, fraction), 0, 0};
    const double error = look.spent - (looks.empty() ? 0 : looks.back().spent);
    look.critical = looks.empty() ? std::min(-normal_quantile(error), -kLowest)
                                  : solve_critical(paths, error, fraction);
    look.level = normal_cdf(-look.critical);
    paths = looks.empty() ? below(look.critical, fraction, normal_density)
                          : below(look.critical, fraction,
                                  [&](double z) { return density_at(paths, z, fraction); });
    looks.push_back(look);
  }
  return looks;
}

}  // namespace ordo::stats
