#include "ordo/stats/ratios.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::stats {
namespace {

const std::vector<double> kAbove{88, 92, 79, 101, 95, 84, 90, 97};
const std::vector<double> kBelow{100, 104, 95, 110, 101, 99, 96, 108};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kClose = 1e-12;

// The definition solved by root finding, SciPy 1.17.1 (x = kAbove, y = kBelow as arrays):
// t = lambda r: (x - r * y).mean() / s.sem(x - r * y); q = s.t.ppf(.975, 7)
// brentq(lambda r: t(r) - q, .5, c, xtol=1e-15), brentq(lambda r: t(r) + q, c, 1.5, xtol=1e-15)
// with c = x.mean() / y.mean(); q = s.t.ppf(.95, 7) for the one-sided bound
TEST(Ratios, FiellerIsWhereStudentsTestTurns) {
  const auto ratio = fieller_ratio(kAbove, kBelow);
  EXPECT_NEAR(ratio.estimate, 0.8929889298892989, kClose);
  EXPECT_NEAR(ratio.interval.lower, 0.8605693825581003, kClose);
  EXPECT_NEAR(ratio.interval.upper, 0.9244402189076371, kClose);
  const auto lower = fieller_ratio(kAbove, kBelow, 0.95, Side::lower).interval;
  EXPECT_NEAR(lower.lower, 0.867101148019627, kClose);
  EXPECT_EQ(lower.upper, kInfinity);
}

// l = np.log(x / y); np.exp(l.mean()), np.exp(s.t.interval(.95, 7, l.mean(), s.sem(l)))
TEST(Ratios, GeometricRatioAgreesWithScipy) {
  const auto ratio = geometric_ratio(kAbove, kBelow);
  EXPECT_NEAR(ratio.estimate, 0.8916191018191774, kClose);
  EXPECT_NEAR(ratio.interval.lower, 0.8590768698372313, kClose);
  EXPECT_NEAR(ratio.interval.upper, 0.925394048706563, kClose);
  EXPECT_EQ(geometric_ratio(kAbove, kBelow, 0.95, Side::upper).interval.lower, 0);
  EXPECT_THROW(geometric_ratio(kAbove, std::vector<double>(8, 0.0)), NumericError);
}

TEST(Ratios, BootstrapLiesNearFieller) {
  Random random(41);
  const auto ratio = bootstrap_ratio(kAbove, kBelow, {}, random);
  EXPECT_NEAR(ratio.estimate, 0.8929889298892989, kClose);
  // Half of a Student interval on 7 degrees is 1.2 times the normal one; resampling divides by n
  // instead of n - 1 besides.
  const double half = (0.9244402189076371 - 0.8605693825581003) / 2;
  EXPECT_NEAR(ratio.interval.lower, ratio.estimate - half, 0.35 * half);
  EXPECT_NEAR(ratio.interval.upper, ratio.estimate + half, 0.35 * half);
}

TEST(Ratios, DenominatorsNearZeroBoundNothing) {
  const std::vector<double> above{1, 2, 3}, near_zero{-1, 2, -0.5}, zero{-1, 1, 0};
  EXPECT_EQ(fieller_ratio(above, near_zero).interval.lower, -kInfinity);
  EXPECT_EQ(fieller_ratio(above, near_zero).interval.upper, kInfinity);
  EXPECT_THROW(fieller_ratio(above, zero), NumericError);
  EXPECT_EQ(fieller_ratio(std::vector<double>{1}, std::vector<double>{2}).interval.upper,
            kInfinity);
}

TEST(Ratios, ProportionalPairsHaveAnExactRatio) {
  std::vector<double> doubled = kBelow;
  for (double& value : doubled) value *= 2;
  const auto interval = fieller_ratio(doubled, kBelow).interval;
  EXPECT_EQ(interval.lower, 2);
  EXPECT_EQ(interval.upper, 2);
}

}  // namespace
}  // namespace ordo::stats
