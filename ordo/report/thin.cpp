#include "ordo/report/thin.h"

#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::report {
namespace {

Thinned finite_points(std::span<const double> steps, std::span<const double> values) {
  Thinned all;
  all.steps.reserve(steps.size());
  all.values.reserve(steps.size());
  for (std::size_t point = 0; point < steps.size(); ++point) {
    if (!std::isfinite(steps[point]) || !std::isfinite(values[point])) continue;
    all.steps.push_back(steps[point]);
    all.values.push_back(values[point]);
  }
  return all;
}

double mean(const std::vector<double>& numbers, std::size_t begin, std::size_t end) {
  double sum = 0;
  for (std::size_t at = begin; at < end; ++at) sum += numbers[at];
  return sum / static_cast<double>(end - begin);
}

}  // namespace

Thinned thin(std::span<const double> steps, std::span<const double> values, std::size_t points) {
  if (steps.size() != values.size()) {
    throw UsageError(fmt::format("thin: {} steps, but {} values", steps.size(), values.size()));
  }
  if (points < 3) throw UsageError(fmt::format("thin: {} points asked for, at least 3", points));
  Thinned all = finite_points(steps, values);
  const std::size_t size = all.steps.size();
  if (size <= points) return all;

  // The inner points, [1, size - 1), fall into points - 2 buckets; bucket b begins at edge(b).
  const auto edge = [&](std::size_t bucket) { return 1 + bucket * (size - 2) / (points - 2); };
  Thinned kept{{all.steps.front()}, {all.values.front()}};
  for (std::size_t bucket = 0; bucket < points - 2; ++bucket) {
    const std::size_t next_begin = edge(bucket + 1);
    const std::size_t next_end = bucket + 3 < points ? edge(bucket + 2) : size;
    const double next_step = mean(all.steps, next_begin, next_end);
    const double next_value = mean(all.values, next_begin, next_end);
    const double last_step = kept.steps.back();
    const double last_value = kept.values.back();
    std::size_t best = edge(bucket);
    double best_area = -1;
    for (std::size_t point = edge(bucket); point < next_begin; ++point) {
      const double area = std::abs((last_step - next_step) * (all.values[point] - last_value) -
                                   (last_step - all.steps[point]) * (next_value - last_value));
      if (area > best_area) {
        best_area = area;
        best = point;
      }
    }
    kept.steps.push_back(all.steps[best]);
    kept.values.push_back(all.values[best]);
  }
  kept.steps.push_back(all.steps.back());
  kept.values.push_back(all.values.back());
  return kept;
}

}  // namespace ordo::report
