// Numbers from NumPy 2 and SciPy 1.17.1 (import scipy.stats as s, numpy as np; x = kSample).
#include "ordo/stats/estimates.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::stats {
namespace {

const std::vector<double> kSample{0.8, -0.3, 1.2, 0.5, 0.9, 2.1, -0.4, 0.7, 1.6};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kClose = 1e-15;

TEST(Estimates, QuantilesAgreeWithNumpy) {
  // [np.quantile(x, p) for p in (0, .1, .25, .5, .9, 1)]
  const std::vector<double> at{0, 0.1, 0.25, 0.5, 0.9, 1};
  const std::vector<double> expected{-0.4, -0.32, 0.5, 0.8, 1.7, 2.1};
  for (std::size_t i = 0; i < at.size(); ++i) {
    EXPECT_NEAR(quantile(kSample, at[i]), expected[i], 2 * kClose) << at[i];
  }
  EXPECT_EQ(median(std::vector<double>{1, 4, 2, 3}), 2.5);
  EXPECT_THROW(quantile(kSample, 1.1), UsageError);
}

TEST(Estimates, TrimmedAndWeightedMeansAgreeWithScipy) {
  // s.trim_mean(x, .2), s.trim_mean(x, .25), np.average(x, weights=np.arange(1, 10))
  EXPECT_NEAR(trimmed_mean(kSample, 0.2), 0.7714285714285715, kClose);
  EXPECT_NEAR(trimmed_mean(kSample, 0.25), 0.82, kClose);
  EXPECT_DOUBLE_EQ(trimmed_mean(kSample, 0), mean(kSample));
  EXPECT_NEAR(weighted_mean(kSample, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9}),
              0.8911111111111112, kClose);
  EXPECT_THROW(trimmed_mean(kSample, 0.5), UsageError);
  EXPECT_THROW(weighted_mean(kSample, std::vector<double>(9, 0.0)), UsageError);
  EXPECT_THROW(weighted_mean(std::vector<double>{1, 2}, std::vector<double>{1, -1}), UsageError);
}

TEST(Estimates, SpreadsSurviveALargeOffset) {
  // np.std(x, ddof=1), np.cov(x, np.arange(9))[0, 1]
  const std::vector<double> order{0, 1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_NEAR(standard_deviation(kSample), 0.8100068586815244, kClose);
  EXPECT_NEAR(covariance(kSample, order), 0.575, kClose);
  // A billion, and eighths so that nothing rounds: variance 0.125^2 * 7.5 of 0 .. 8 eighths.
  std::vector<double> far;
  for (const double value : order) far.push_back(1e9 + value / 8);
  EXPECT_DOUBLE_EQ(variance(far), 7.5 / 64);
  EXPECT_DOUBLE_EQ(covariance(far, order), 7.5 / 8);
}

TEST(Estimates, MeanDoesNotLoseSmallNumbersAmongLarge) {
  EXPECT_EQ(mean(std::vector<double>{1e16, 1, -1e16, 1}), 0.5);
}

TEST(Estimates, MidranksAgreeWithScipy) {
  // s.rankdata([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]); s.rankdata([np.inf, 2, -np.inf, np.inf])
  EXPECT_EQ(midranks(std::vector<double>{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5}),
            (std::vector<double>{4.5, 1.5, 6, 1.5, 8, 11, 3, 10, 8, 4.5, 8}));
  EXPECT_EQ(midranks(std::vector<double>{kInfinity, 2, -kInfinity, kInfinity}),
            (std::vector<double>{3.5, 2, 1, 3.5}));
}

TEST(Estimates, PlacementsCountPairsOneByOne) {
  const std::vector<double> values{3, 1, 4, 1, 5, -kInfinity}, others{1, 2, 1, 5, kInfinity};
  const auto counts = placements(values, others);
  for (std::size_t i = 0; i < values.size(); ++i) {
    double below = 0;
    for (const double other : others) {
      below += other < values[i] ? 1 : other == values[i] ? 0.5 : 0;
    }
    EXPECT_EQ(counts[i], below) << i;
  }
}

}  // namespace
}  // namespace ordo::stats
