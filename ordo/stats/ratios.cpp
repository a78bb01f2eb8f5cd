// Fieller: with r the ratio of means and d = x - r y, whose mean is zero, Student's test does not
// reject r + s where
//
//   s^2 mean(y)^2 <= k (var(d) - 2 s cov(d, y) + s^2 var(y)),   k = t^2 / n,
//
// a quadratic in s whose roots are the bounds, if mean(y)^2 > k var(y), that is, if the test finds
// mean(y) to differ from zero; else no ratio is excluded on one side at least. Solved for s rather
// than r + s, nothing cancels when the interval is short.
#include "ordo/stats/ratios.h"

#include <cmath>
#include <vector>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"
#include "ordo/stats/student.h"

namespace ordo::stats {
namespace {

void require_pairs(std::span<const double> numerator, std::span<const double> denominator) {
  require_same_size(numerator, denominator, "a ratio");
  require_sample(numerator, 1, "a ratio's numerator");
  require_sample(denominator, 1, "a ratio's denominator");
}

Interval fieller_interval(double ratio, std::span<const double> residuals,
                          std::span<const double> denominator, double level, Side side) {
  const auto n = static_cast<double>(denominator.size());
  const double t = -student_t_quantile(tail_error(level, side), n - 1);
  const double k = t * t / n, centre = mean(denominator);
  const double leading = centre * centre - k * variance(denominator);
  if (!(leading > 0)) return {};
  const double middle = k * covariance(residuals, denominator);
  const double root = std::sqrt(middle * middle + leading * k * variance(residuals));
  const double reach = std::copysign(root, t);  // one-sided levels below 1/2
  Interval interval;
  if (side != Side::upper) interval.lower = ratio - (middle + reach) / leading;
  if (side != Side::lower) interval.upper = ratio + (reach - middle) / leading;
  return interval;
}

}  // namespace

Ratio fieller_ratio(std::span<const double> numerator, std::span<const double> denominator,
                    double level, Side side) {
  require_level(level, "a confidence level");
  require_pairs(numerator, denominator);
  const double below = mean(denominator);
  if (below == 0) {
    throw NumericError(
        "a ratio of means needs a denominator whose mean is not 0; claim a bound "
        "on the difference a - c * b instead");
  }
  Ratio result{mean(numerator) / below, {}};
  if (numerator.size() == 1) return result;
  const auto residuals = differences(numerator, denominator, result.estimate);
  result.interval = fieller_interval(result.estimate, residuals, denominator, level, side);
  return result;
}

Ratio geometric_ratio(std::span<const double> numerator, std::span<const double> denominator,
                      double level, Side side) {
  require_pairs(numerator, denominator);
  const auto logs = differences(logarithms(numerator, "a geometric ratio's numerator"),
                                logarithms(denominator, "a geometric ratio's denominator"));
  const Interval interval = student_interval(logs, level, side);
  return {std::exp(mean(logs)), {std::exp(interval.lower), std::exp(interval.upper)}};
}

BootstrapInterval bootstrap_ratio(std::span<const double> numerator,
                                  std::span<const double> denominator,
                                  const BootstrapOptions& options, Random& random) {
  require_pairs(numerator, denominator);
  const auto ratio = [&](std::span<const std::size_t> rows) {
    double above = 0, below = 0;
    for (const std::size_t row : rows) above += numerator[row], below += denominator[row];
    return above / below;
  };
  return bca_interval(numerator.size(), ratio, options, random);
}

}  // namespace ordo::stats
