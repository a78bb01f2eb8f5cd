#include "ordo/stats/estimates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"

namespace ordo::stats {
namespace {

// Neumaier's sum: the rounding errors of the running sum are summed beside it.
double compensated_sum(std::span<const double> values) {
  double sum = 0, lost = 0;
  for (const double value : values) {
    const double next = sum + value;
    lost += std::abs(sum) >= std::abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }
  return sum + lost;
}

double mean_of_finite(std::span<const double> values) {
  const double centre = compensated_sum(values) / static_cast<double>(values.size());
  if (!std::isfinite(centre)) throw NumericError("the mean's sum leaves the range of numbers");
  return centre;
}

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> order(values.begin(), values.end());
  std::ranges::sort(order);
  return order;
}

}  // namespace

double mean(std::span<const double> values) {
  require_sample(values, 1, "mean");
  return mean_of_finite(values);
}

double variance(std::span<const double> values) {
  require_sample(values, 2, "variance");
  // Equal values have no spread at all, whatever their mean rounds to.
  if (std::ranges::all_of(values, [&](double value) { return value == values[0]; })) return 0;
  const double centre = mean_of_finite(values);
  double squares = 0, deviations = 0;
  for (const double value : values) {
    squares += (value - centre) * (value - centre);
    deviations += value - centre;
  }
  const auto n = static_cast<double>(values.size());
  return (squares - deviations * deviations / n) / (n - 1);
}

double covariance(std::span<const double> first, std::span<const double> second) {
  require_same_size(first, second, "covariance");
  require_sample(first, 2, "covariance");
  const double first_mean = mean(first), second_mean = mean(second);
  double products = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    products += (first[i] - first_mean) * (second[i] - second_mean);
  }
  return products / static_cast<double>(first.size() - 1);
}

double standard_deviation(std::span<const double> values) { return std::sqrt(variance(values)); }

double median(std::span<const double> values) {
  require_sample(values, 1, "median");
  return quantile(values, 0.5);
}

double quantile(std::span<const double> values, double probability) {
  require_sample(values, 1, "quantile");
  if (!(probability >= 0 && probability <= 1)) {
    throw UsageError(
        fmt::format("quantile: the probability must lie between 0 and 1, got {}", probability));
  }
  std::vector<double> order(values.begin(), values.end());
  const double place = probability * static_cast<double>(order.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  const double fraction = place - static_cast<double>(below);
  std::ranges::nth_element(order, order.begin() + below);
  const double low = order[static_cast<std::size_t>(below)];
  if (fraction == 0) return low;
  const double high = *std::min_element(order.begin() + below + 1, order.end());
  return std::lerp(low, high, fraction);
}

double trimmed_mean(std::span<const double> values, double fraction) {
  require_sample(values, 1, "trimmed mean");
  if (!(fraction >= 0 && fraction < 0.5)) {
    throw UsageError(
        fmt::format("trimmed mean: the fraction must lie in [0, 0.5), got {}", fraction));
  }
  const auto order = sorted(values);
  const auto cut = static_cast<std::size_t>(fraction * static_cast<double>(order.size()));
  return mean_of_finite(std::span(order).subspan(cut, order.size() - 2 * cut));
}

double weighted_mean(std::span<const double> values, std::span<const double> weights) {
  require_same_size(values, weights, "weighted mean");
  require_sample(values, 1, "weighted mean");
  require_finite(weights, "weighted mean's weights");
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] < 0) {
      throw UsageError(
          fmt::format("weighted mean: weight {} is {}, expected at least 0", i, weights[i]));
    }
    sum += weights[i] * values[i];
    total += weights[i];
  }
  if (total == 0) throw UsageError("weighted mean: all weights are 0, expected one that is not");
  return sum / total;
}

std::vector<double> differences(std::span<const double> first, std::span<const double> second,
                                double scale) {
  require_same_size(first, second, "paired differences");
  require_finite(first, "paired differences, first");
  require_finite(second, "paired differences, second");
  std::vector<double> result(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) result[i] = first[i] - scale * second[i];
  return result;
}

std::vector<double> logarithms(std::span<const double> values, std::string_view what) {
  require_finite(values, what);
  std::vector<double> logs(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] <= 0) {
      throw NumericError(
          fmt::format("{}: value {} of {} (counting from 0) is {}, expected a positive number, "
                      "which alone has a logarithm",
                      what, i, values.size(), values[i]));
    }
    logs[i] = std::log(values[i]);
  }
  return logs;
}

std::vector<double> midranks(std::span<const double> values) {
  require_ordered(values, 0, "ranks");
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first + 1;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double shared = (static_cast<double>(first) + 1 + static_cast<double>(end)) / 2;
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = shared;
    first = end;
  }
  return ranks;
}

std::vector<double> placements(std::span<const double> values, std::span<const double> others) {
  require_ordered(values, 0, "placements");
  require_ordered(others, 0, "placements among others");
  const auto order = sorted(others);
  std::vector<double> counts(values.size());
  std::ranges::transform(values, counts.begin(), [&](double value) {
    const auto [from, to] = std::ranges::equal_range(order, value);
    return static_cast<double>(from - order.begin()) + static_cast<double>(to - from) / 2;
  });
  return counts;
}

}  // namespace ordo::stats
