#include "ordo/stats/student.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A mean (or difference of means) with its standard error, all that a t test needs.
struct Location {
  double estimate;
  double error;
  double degrees;
};

Location paired_location(std::span<const double> values) {
  const double estimate = mean(values);
  if (values.size() == 1) return {estimate, kInfinity, 0};
  const auto n = static_cast<double>(values.size());
  return {estimate, std::sqrt(variance(values) / n), n - 1};
}

// Welch's degrees of freedom by Satterthwaite's formula.
Location welch_location(std::span<const double> first, std::span<const double> second) {
  const auto n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const double share1 = variance(first) / n, share2 = variance(second) / m;
  const double total = share1 + share2;
  const double degrees =
      total == 0 ? n + m - 2
                 : total * total / (share1 * share1 / (n - 1) + share2 * share2 / (m - 1));
  return {mean(first) - mean(second), std::sqrt(total), degrees};
}

Interval interval_of(const Location& location, double level, Side side) {
  require_level(level, "a confidence level");
  if (location.degrees == 0) return {};
  const double reach =
      location.error == 0
          ? 0
          : location.error * -student_t_quantile(tail_error(level, side), location.degrees);
  Interval interval;
  if (side != Side::upper) interval.lower = location.estimate - reach;
  if (side != Side::lower) interval.upper = location.estimate + reach;
  return interval;
}

// One value says nothing (t = 0, p = 1); a sample without spread says all (t infinite or 0).
TTest test_of(const Location& location, Alternative alternative, double null) {
  const double distance = location.estimate - null;
  TTest test{location.estimate, 0, location.degrees, 1};
  if (location.degrees == 0) return test;
  if (distance != 0) {
    test.statistic =
        location.error == 0 ? std::copysign(kInfinity, distance) : distance / location.error;
  }
  const double t = test.statistic;
  switch (alternative) {
    case Alternative::two_sided:
      test.p_value = 2 * student_t_cdf(-std::abs(t), location.degrees);
      break;
    case Alternative::greater:
      test.p_value = student_t_cdf(-t, location.degrees);
      break;
    case Alternative::less:
      test.p_value = student_t_cdf(t, location.degrees);
      break;
  }
  // Without spread, lying exactly on the null is no evidence for any alternative.
  if (location.error == 0 && distance == 0) test.p_value = 1;
  return test;
}

}  // namespace

Interval student_interval(std::span<const double> values, double level, Side side) {
  require_sample(values, 1, "Student's interval");
  return interval_of(paired_location(values), level, side);
}

TTest paired_t_test(std::span<const double> differences, Alternative alternative, double null) {
  require_sample(differences, 1, "the paired t test");
  return test_of(paired_location(differences), alternative, null);
}

TTest welch_t_test(std::span<const double> first, std::span<const double> second,
                   Alternative alternative, double null) {
  require_sample(first, 2, "Welch's test, first sample");
  require_sample(second, 2, "Welch's test, second sample");
  return test_of(welch_location(first, second), alternative, null);
}

Interval welch_interval(std::span<const double> first, std::span<const double> second, double level,
                        Side side) {
  require_sample(first, 2, "Welch's interval, first sample");
  require_sample(second, 2, "Welch's interval, second sample");
  return interval_of(welch_location(first, second), level, side);
}

Equivalence equivalence_test(std::span<const double> differences, double lower, double upper,
                             double alpha) {
  if (!(lower < upper)) {
    throw UsageError(fmt::format(
        "equivalence needs a lower margin below the upper one, got {} and {}", lower, upper));
  }
  if (!(alpha > 0 && alpha < 0.5)) {
    throw UsageError(fmt::format("equivalence needs 0 < alpha < 0.5, got {}", alpha));
  }
  Equivalence result;
  result.p_lower = paired_t_test(differences, Alternative::greater, lower).p_value;
  result.p_upper = paired_t_test(differences, Alternative::less, upper).p_value;
  result.p_value = std::max(result.p_lower, result.p_upper);
  result.interval = student_interval(differences, 1 - 2 * alpha);
  return result;
}

}  // namespace ordo::stats
