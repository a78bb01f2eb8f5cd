#include "ordo/stats/bootstrap.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

TEST(Bootstrap, BcaCoversASkewedMeanWithinReason) {
  Random random(4);
  constexpr int kStudies = 600;
  int misses = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> values(30);
    for (double& value : values) value = -std::log(1 - random.uniform());  // exponential, mean 1
    const auto result = bca_interval(
        values, [](std::span<const double> sample) { return mean(sample); }, {.resamples = 500},
        random);
    misses += !result.interval.contains(1);
  }
  // Nominal 5 %; at n = 30 BCa's known undercoverage for the exponential is about 2 points more.
  const double rate = 0.07;
  EXPECT_NEAR(misses, kStudies * rate, 5 * std::sqrt(kStudies * rate * (1 - rate)));
}

TEST(Bootstrap, EqualValuesAndSingleValuesAreMarkedDegenerate) {
  Random random(5);
  const Statistic statistic = [](std::span<const double> sample) { return mean(sample); };
  const auto equal = bca_interval(std::vector<double>(6, 2.5), statistic, {}, random);
  EXPECT_TRUE(equal.degenerate);
  EXPECT_EQ(equal.interval.lower, 2.5);
  EXPECT_EQ(equal.interval.upper, 2.5);
  const auto single = bca_interval(std::vector<double>{1.0}, statistic, {}, random);
  EXPECT_TRUE(std::isinf(single.interval.lower) && std::isinf(single.interval.upper));
}

}  // namespace
}  // namespace ordo::stats
