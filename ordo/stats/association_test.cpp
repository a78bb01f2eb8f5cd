// Numbers from SciPy 1.17.1 (import scipy.stats as s, numpy as np; x = kX, y = kY).
#include "ordo/stats/association.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"

namespace ordo::stats {
namespace {

const std::vector<double> kX{2.1, 3.4, 1.0, 5.6, 4.4, 3.4, 7.0, 6.1, 2.9, 4.4};
const std::vector<double> kY{1.2, 2.5, 2.5, 4.1, 3.3, 1.9, 5.2, 6.0, 3.3, 2.8};
constexpr double kClose = 1e-12;

TEST(Association, PearsonAgreesWithScipy) {
  // r = s.pearsonr(x, y); r.statistic, r.pvalue, r.confidence_interval(.95)
  const auto r = pearson(kX, kY);
  EXPECT_NEAR(r.estimate, 0.8239350061498574, kClose);
  EXPECT_NEAR(r.p_value, 0.0033793657505901452, kClose);
  EXPECT_NEAR(r.interval.lower, 0.40377609454079355, kClose);
  EXPECT_NEAR(r.interval.upper, 0.9570640756785428, kClose);
}

TEST(Association, SpearmanAgreesWithScipyAndBonettsInterval) {
  // r = s.spearmanr(x, y); np.tanh(np.arctanh(r.statistic)
  //     + np.array([-1, 1]) * s.norm.ppf(.975) * np.sqrt((1 + r.statistic**2 / 2) / 7))
  const auto rho = spearman(kX, kY);
  EXPECT_NEAR(rho.estimate, 0.8098159509202455, kClose);
  EXPECT_NEAR(rho.p_value, 0.004518107480885737, kClose);
  EXPECT_NEAR(rho.interval.lower, 0.26626549251412174, kClose);
  EXPECT_NEAR(rho.interval.upper, 0.962597855547167, kClose);
}

TEST(Association, KendallAgreesWithScipyAndFiellersInterval) {
  // r = s.kendalltau(x, y, method='asymptotic'); np.tanh(np.arctanh(r.statistic)
  //     + np.array([-1, 1]) * s.norm.ppf(.975) * np.sqrt(.437 / 6))
  const auto tau = kendall(kX, kY);
  EXPECT_NEAR(tau.estimate, 0.6744186046511628, kClose);
  EXPECT_NEAR(tau.p_value, 0.008403922215618065, kClose);
  EXPECT_NEAR(tau.interval.lower, 0.2820024032379593, kClose);
  EXPECT_NEAR(tau.interval.upper, 0.8735217995019219, kClose);
}

// psi = (p[:, None] > q) + .5 * (p[:, None] == q); a = psi.mean(); e = np.sqrt(
//   psi.mean(1).var(ddof=1) / 7 + psi.mean(0).var(ddof=1) / 8) / (a * (1 - a))
// a, 1 / (1 + np.exp(-(np.log(a / (1 - a)) + np.array([-1, 1]) * s.norm.ppf(.975) * e)))
// p: s.permutation_test((p, q), rank_sum, n_resamples=np.inf), rank_sum of s.rankdata
TEST(Association, AurocAgreesWithDelongsDefinitionAndAllRelabellings) {
  const std::vector<double> positive{0.9, 0.8, 0.7, 0.55, 0.5, 0.4, 0.65};
  const std::vector<double> negative{0.1, 0.4, 0.35, 0.5, 0.6, 0.2, 0.3, 0.45};
  const auto area = auroc(positive, negative);
  EXPECT_NEAR(area.estimate, 0.8928571428571429, kClose);
  EXPECT_NEAR(area.interval.lower, 0.6069900878522139, kClose);
  EXPECT_NEAR(area.interval.upper, 0.978243572180007, kClose);
  EXPECT_NEAR(area.p_value, 0.008391608391608392, kClose);
  const auto mirrored = auroc(negative, positive);
  EXPECT_NEAR(mirrored.interval.lower, 1 - area.interval.upper, kClose);
}

// Binormal scores one standard deviation apart have an area of Phi(1 / sqrt(2)).
TEST(Association, AurocCoversTheBinormalArea) {
  Random random(31);
  constexpr int kStudies = 1000;
  const double truth = std::erfc(-0.5) / 2;
  int misses = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<double> positive(25), negative(20);
    for (double& score : positive) score = random.normal() + 1;
    for (double& score : negative) score = random.normal();
    misses += !auroc(positive, negative).interval.contains(truth);
  }
  // Nominal 5 %; the interval is asymptotic, so a point either way is granted.
  EXPECT_NEAR(misses, kStudies * 0.05, kStudies * 0.01 + 5 * std::sqrt(kStudies * 0.05 * 0.95));
}

TEST(Association, PerfectOrdersHaveBoundsThatTheirSizeAllows) {
  const std::vector<double> low{1, 2, 3, 4}, high{5, 6, 7, 8}, tied(4, 1.0);
  EXPECT_EQ(pearson(low, high).estimate, 1);
  EXPECT_EQ(pearson(low, high).interval.lower, 1);
  EXPECT_EQ(kendall(low, high).interval.lower, -1);  // needs 5 pairs
  // All of 4 disjoint pairs agree: the lower bound b solves b^4 = 0.025.
  EXPECT_NEAR(auroc(high, low).interval.lower, std::pow(0.025, 0.25), kClose);
  EXPECT_EQ(auroc(high, low).interval.upper, 1);
  EXPECT_EQ(auroc(tied, tied).estimate, 0.5);
  EXPECT_EQ(auroc(tied, tied).interval.lower, 0);
  EXPECT_EQ(auroc(tied, tied).p_value, 1);
  EXPECT_THROW(pearson(low, tied), NumericError);
  EXPECT_THROW(spearman(low, std::vector<double>{1, 2}), UsageError);
}

}  // namespace
}  // namespace ordo::stats
