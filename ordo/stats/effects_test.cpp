#include "ordo/stats/effects.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"

namespace ordo::stats {
namespace {

const std::vector<double> kFirst{0.8, -0.3, 1.2, 0.5, 0.9, 2.1, -0.4, 0.7, 1.6};
const std::vector<double> kSecond{0.1, 0.2, -0.5, 0.3};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// NumPy 2, SciPy 1.17.1; x = kFirst, y = kSecond:
// sp = np.sqrt((8 * x.var(ddof=1) + 3 * y.var(ddof=1)) / 11); d = (x.mean() - y.mean()) / sp
// d * gamma(5.5) / np.sqrt(5.5) / gamma(5); x.mean() / x.std(ddof=1)
TEST(Effects, StandardizedDifferencesAgreeWithTheirDefinitions) {
  EXPECT_NEAR(cohen_d(kFirst, kSecond), 1.0671514543625795, 1e-14);
  EXPECT_NEAR(hedges_g(kFirst, kSecond), 0.9924079637144002, 1e-14);
  EXPECT_NEAR(cohen_dz(kFirst), 0.9739286531141107, 1e-14);
  // statsmodels' effectsize_smd: 0.9926990, by the approximation 1 - 3 / (4 m - 1) of the same.
  EXPECT_NEAR(hedges_g(kFirst, kSecond), 0.9926990273140275, 1e-3);
}

// At 4 + 4 values d is 15 % too large on average: J(6) = 0.869.
TEST(Effects, HedgesGIsUnbiasedInSmallSamples) {
  Random random(51);
  constexpr int kStudies = 40'000;
  double sum = 0, squares = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> first(4), second(4);
    for (double& value : first) value = random.normal() + 1;
    for (double& value : second) value = random.normal();
    const double g = hedges_g(first, second);
    sum += g, squares += g * g;
  }
  const double average = sum / kStudies;
  const double error = std::sqrt((squares / kStudies - average * average) / kStudies);
  EXPECT_NEAR(average, 1, 5 * error);
}

// u = s.mannwhitneyu(x, y).statistic; 2 * u / 36 - 1, u / 36
TEST(Effects, OrdinalEffectsAgreeWithScipysU) {
  EXPECT_NEAR(cliffs_delta(kFirst, kSecond), 0.6666666666666667, 1e-15);
  EXPECT_NEAR(common_language(kFirst, kSecond), 0.8333333333333334, 1e-15);
  EXPECT_EQ(common_language(std::vector<double>{1, 1}, std::vector<double>{1, 0}), 0.75);
}

TEST(Effects, SamplesWithoutSpreadHaveNoneOrInfiniteEffects) {
  const std::vector<double> ones(3, 1.0), twos(3, 2.0);
  EXPECT_EQ(cohen_d(ones, ones), 0);
  EXPECT_EQ(cohen_d(ones, twos), -kInfinity);
  EXPECT_EQ(cohen_dz(ones), kInfinity);
  EXPECT_THROW(cohen_d(std::vector<double>{1}, twos), UsageError);
}

}  // namespace
}  // namespace ordo::stats
