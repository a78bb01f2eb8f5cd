#include "ordo/stats/regression.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::stats {
namespace {

// r = scipy.stats.linregress([1,2,3,4,5], [2.1,3.9,6.2,7.8,10.1]) (SciPy 1.17.1):
// r.slope, r.intercept, r.stderr, r.rvalue**2
TEST(Regression, AgreesWithScipy) {
  const auto line =
      fit_line(std::vector<double>{1, 2, 3, 4, 5}, std::vector<double>{2.1, 3.9, 6.2, 7.8, 10.1});
  EXPECT_NEAR(line.slope, 1.99, 1e-12);
  EXPECT_NEAR(line.intercept, 0.05000000000000071, 1e-12);
  EXPECT_NEAR(line.slope_error, 0.059721576223897795, 1e-12);
  EXPECT_NEAR(line.r_squared, 0.997305328900977, 1e-12);
}

TEST(Regression, FindsTheExponentOfAPowerLaw) {
  std::vector<double> x, y;
  for (int i = 1; i <= 8; ++i) x.push_back(i), y.push_back(3 * std::pow(i, -1.5));
  const auto line = fit_power_law(x, y);
  EXPECT_NEAR(line.slope, -1.5, 1e-13);
  EXPECT_NEAR(std::exp(line.intercept), 3, 1e-12);
  y[3] = 0;
  EXPECT_THROW(fit_power_law(x, y), NumericError);
}

TEST(Regression, PrefersTheTransformThatMadeTheData) {
  Random random(3);
  std::vector<double> x, logs, y;
  for (int i = 1; i <= 30; ++i) {
    x.push_back(i);
    logs.push_back(std::log(i));
    y.push_back(logs.back() + 0.05 * random.normal());
  }
  const auto comparison = compare_fits(logs, x, y, {.resamples = 2000}, random);
  EXPECT_GT(comparison.difference.interval.lower, 0);
  EXPECT_DOUBLE_EQ(comparison.difference.estimate, comparison.first - comparison.second);
}

}  // namespace
}  // namespace ordo::stats
