#include "ordo/stats/sequential.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"
#include "ordo/stats/distributions.h"

namespace ordo::stats {
namespace {

// Five equal looks at one-sided 0.025, as tabulated for Lan-DeMets boundaries (R's ldbounds,
// whose own integration is good to about 1e-4). The second value again by adaptive quadrature:
// brentq(lambda c: quad(lambda z: norm.pdf(z) * norm.sf((c - r*z) / r), -9, c1)[0] - d, 2, 5) with
// r = sqrt(.5), c1 = norm.isf(spent(.2)), d = spent(.4) - spent(.2) in SciPy 1.17.1.
TEST(Sequential, CriticalValuesAgreeWithPublishedLanDeMetsTables) {
  const std::vector<double> fractions{0.2, 0.4, 0.6, 0.8, 1.0};
  const std::vector<double> obrien{4.8769, 3.3569, 2.6803, 2.2898, 2.0310};
  const std::vector<double> pocock{2.4380, 2.4268, 2.4101, 2.3966, 2.3859};
  const auto first = group_sequential_levels(Spending::obrien_fleming, 0.025, fractions);
  const auto second = group_sequential_levels(Spending::pocock, 0.025, fractions);
  for (std::size_t i = 0; i < fractions.size(); ++i) {
    EXPECT_NEAR(first[i].critical, obrien[i], 2e-4) << i;
    EXPECT_NEAR(second[i].critical, pocock[i], 2e-4) << i;
  }
  EXPECT_NEAR(first[1].critical, 3.357011921574643, 1e-9);
  EXPECT_NEAR(first.back().spent, 0.025, 1e-15);
}

TEST(Sequential, AddedLooksNeverUseMoreThanAlpha) {
  std::vector<double> spent;
  double total = 0;
  for (int look = 0; look < 40; ++look) {
    spent.push_back(next_look_level(0.05, spent));
    total += spent.back();
  }
  EXPECT_DOUBLE_EQ(spent[0], 0.04);
  EXPECT_DOUBLE_EQ(spent[1], 0.005);
  EXPECT_LE(total, 0.05 * (1 + 1e-12));
  EXPECT_THROW(next_look_level(0.05, std::vector<double>{0.06}), UsageError);
}

// The worst anyone can do with one added look whose size is chosen after seeing z at the first
// (Proschan and Hunsberger 1995): the best chance of z2 > c is 1 - Phi(sqrt(c^2 - z^2)) for z > 0
// and 1 - Phi(c) otherwise. Integrated over the undecided z it must fit what is left of alpha.
TEST(Sequential, AddedLookOfTheWorstPossibleSizeStaysWithinAlpha) {
  for (const double alpha : {0.05, 0.025, 0.01, 0.005}) {
    const double first = next_look_level(alpha, {});
    const double second = next_look_level(alpha, std::vector<double>{first});
    const double c1 = -normal_quantile(first), c2 = -normal_quantile(second);
    constexpr int kSteps = 20'000;
    double error = first + normal_cdf(-c2) / 2;
    for (int i = 0; i < kSteps; ++i) {
      const double z = c1 * (i + 0.5) / kSteps;
      error += normal_density(z) * normal_cdf(-std::sqrt(c2 * c2 - z * z)) * c1 / kSteps;
    }
    EXPECT_LE(error, alpha) << alpha;
  }
}

}  // namespace
}  // namespace ordo::stats
