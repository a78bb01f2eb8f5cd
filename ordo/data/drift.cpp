#include "ordo/data/drift.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "ordo/data/groups.h"

namespace ordo::data {
namespace {

// Standard errors that count as chance, and what beyond them counts as moved.
constexpr double kErrors = 3, kMeanLimit = 0.25, kSpreadLimit = 2;
// Below, the logarithm of a spread is too skewed for standard errors to mean much.
constexpr double kFewest = 20;

std::string name_of_group(const Scaler& scaler, std::size_t group) {
  if (!scaler.names.empty()) return scaler.names[group];
  return fmt::format("{} {}", scaler.example_shape.size() == 1 ? "feature" : "channel", group);
}

// The fraction of each group's elements outside what the scaler was fitted on.
std::vector<double> outside_of(const Scaler& scaler, const Array& examples, IndexSpan which) {
  const Grouping grouping = grouping_of(scaler.example_shape);
  std::vector<double> outside(static_cast<std::size_t>(grouping.groups));
  const auto count = [&](std::size_t group, auto piece) {
    const GroupStatistics& own = scaler.fitted[group];
    outside[group] += static_cast<double>(std::count_if(piece.begin(), piece.end(), [&](auto v) {
      return static_cast<double>(v) < own.low || static_cast<double>(v) > own.high;
    }));
  };
  visit_pieces(examples, which, grouping, count);
  const double total = static_cast<double>(which.size()) * static_cast<double>(grouping.size);
  for (double& fraction : outside) fraction /= total;
  return outside;
}

// 0 / 0 is no change; a change of something constant is an infinite one.
double relative(double change, double scale) { return change == 0 ? 0 : change / scale; }

}  // namespace

Drift drift(const Scaler& scaler, const Labelled& data, IndexSpan which) {
  require_fits(scaler, data);
  const auto now = group_statistics(data.examples, which, grouping_of(scaler.example_shape));
  const std::vector<double> outside = outside_of(scaler, data.examples, which);
  // Pixels of one image are not independent, so examples are what is counted.
  const double count = static_cast<double>(which.size());
  const double mean_limit = kMeanLimit + kErrors / std::sqrt(count);
  const double spread_limit = std::log(kSpreadLimit) + kErrors / std::sqrt(2 * count);
  Drift report{
      .examples = static_cast<std::int64_t>(which.size()), .moved = {}, .groups = scaler.groups()};
  for (std::size_t group = 0; group < now.size(); ++group) {
    const GroupStatistics& then = scaler.fitted[group];
    const bool was_constant = then.deviation == 0;
    GroupDrift found{.group = static_cast<std::int64_t>(group),
                     .name = name_of_group(scaler, group),
                     .mean_shift = relative(now[group].mean - then.mean, then.deviation),
                     .spread_ratio = was_constant && now[group].deviation == 0
                                         ? 1
                                         : now[group].deviation / then.deviation,
                     .outside = outside[group]};
    const bool has_moved =
        std::abs(found.mean_shift) > mean_limit ||
        (count >= kFewest && std::abs(std::log(found.spread_ratio)) > spread_limit);
    if (has_moved) report.moved.push_back(std::move(found));
  }
  std::sort(report.moved.begin(), report.moved.end(), [](const GroupDrift& a, const GroupDrift& b) {
    return std::make_pair(-std::abs(a.mean_shift), a.group) <
           std::make_pair(-std::abs(b.mean_shift), b.group);
  });
  return report;
}

Json to_json(const Drift& drift) {
  Json::Array moved;
  for (const GroupDrift& own : drift.moved) {
    moved.push_back(Json::object({{"group", own.group},
                                  {"name", own.name},
                                  {"mean_shift", own.mean_shift},
                                  {"spread_ratio", own.spread_ratio},
                                  {"outside", own.outside}}));
  }
  return Json::object(
      {{"examples", drift.examples}, {"groups", drift.groups}, {"moved", std::move(moved)}});
}

std::string to_text(const Drift& drift) {
  if (drift.moved.empty()) {
    return fmt::format("{} examples: none of {} inputs has moved\n", drift.examples, drift.groups);
  }
  std::string text = fmt::format("{} examples: {} of {} inputs have moved\n", drift.examples,
                                 drift.moved.size(), drift.groups);
  constexpr std::size_t kShown = 10;
  for (std::size_t place = 0; place < std::min(kShown, drift.moved.size()); ++place) {
    const GroupDrift& own = drift.moved[place];
    const std::string how = std::isfinite(own.mean_shift)
                                ? fmt::format("mean {:+.2f} deviations, spread x {:.2f}",
                                              own.mean_shift, own.spread_ratio)
                                : std::string("was constant");
    text += fmt::format("  {:<24} {}, {:.1f} % outside the old range\n", own.name, how,
                        100 * own.outside);
  }
  if (drift.moved.size() > kShown) {
    text += fmt::format("  and {} more\n", drift.moved.size() - kShown);
  }
  return text;
}

}  // namespace ordo::data
