// Agreement with SciPy 1.17.1 and statsmodels 0.15.0 on the sample below; each line of numbers is
// preceded by the Python that printed it (import scipy.stats as s, numpy as np; x = kSample).
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"
#include "ordo/stats/multiple.h"
#include "ordo/stats/permutation.h"
#include "ordo/stats/power.h"
#include "ordo/stats/proportions.h"
#include "ordo/stats/student.h"

namespace ordo::stats {
namespace {

const std::vector<double> kSample{0.8, -0.3, 1.2, 0.5, 0.9, 2.1, -0.4, 0.7, 1.6};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kClose = 1e-10;  // both sides iterate to about 1e-12

TEST(Reference, DistributionsAgreeWithScipy) {
  // s.t.ppf(.975, 8), s.t.cdf(-1.3, 2.5), s.nct.cdf(2., 9, 1.5), s.binom.cdf(3, 12, .3)
  EXPECT_NEAR(student_t_quantile(0.975, 8), 2.306004135204166, kClose);
  EXPECT_NEAR(student_t_cdf(-1.3, 2.5), 0.15024339463535416, kClose);
  EXPECT_NEAR(noncentral_t_cdf(2.0, 9, 1.5), 0.6558759139985497, kClose);
  EXPECT_NEAR(binomial_cdf(3, 12, 0.3), 0.4925157734350003, kClose);
  // s.f.sf(3.2, 3, 11), s.chi2.ppf(.9, 4), s.beta.ppf(.2, 2, 5)
  EXPECT_NEAR(f_survival(3.2, 3, 11), 0.06615694385866457, kClose);
  EXPECT_NEAR(chi_squared_quantile(0.9, 4), 7.779440339734858, kClose);
  EXPECT_NEAR(beta_quantile(0.2, 2, 5), 0.1398806882699578, kClose);
  EXPECT_EQ(normal_quantile(1), kInfinity);
  EXPECT_THROW(normal_quantile(1.5), UsageError);
}

TEST(Reference, StudentAgreesWithScipy) {
  // s.ttest_1samp(x, 0, alternative='greater')
  const auto test = paired_t_test(kSample, Alternative::greater);
  EXPECT_NEAR(test.statistic, 2.921785959342332, kClose);
  EXPECT_NEAR(test.p_value, 0.009619291013520714, kClose);
  // s.t.interval(.95, 8, np.mean(x), s.sem(x))
  const auto interval = student_interval(kSample);
  EXPECT_NEAR(interval.lower, 0.166262500334445, kClose);
  EXPECT_NEAR(interval.upper, 1.4115152774433328, kClose);
  // s.ttest_ind(x, [.1, .2, -.5, .3], equal_var=False)
  const auto welch = welch_t_test(kSample, std::vector<double>{0.1, 0.2, -0.5, 0.3});
  EXPECT_NEAR(welch.p_value, 0.03825851764449895, kClose);
  EXPECT_NEAR(welch.degrees, 10.93533222763279, kClose);
  // the same .confidence_interval(.9); with alternative='greater' .confidence_interval(.95)
  const std::vector<double> other{0.1, 0.2, -0.5, 0.3};
  EXPECT_NEAR(welch_interval(kSample, other, 0.9).lower, 0.18110602715626645, kClose);
  EXPECT_NEAR(welch_interval(kSample, other, 0.9).upper, 1.3466717506215113, kClose);
  EXPECT_NEAR(welch_interval(kSample, other, 0.95, Side::lower).lower, 0.18110602715626645, kClose);
  EXPECT_EQ(welch_interval(kSample, other, 0.95, Side::lower).upper, kInfinity);
}

TEST(Reference, EquivalenceAgreesWithStatsmodels) {
  // DescrStatsW(x).ttost_mean(-.2, 1.3); s.t.interval(.9, 8, x.mean(), s.sem(x))
  const auto test = equivalence_test(kSample, -0.2, 1.3);
  EXPECT_NEAR(test.p_lower, 0.0031889796547948774, kClose);
  EXPECT_NEAR(test.p_upper, 0.04749399859143753, kClose);
  EXPECT_EQ(test.p_value, test.p_upper);
  EXPECT_NEAR(test.interval.lower, 0.28680666740629013, kClose);
  EXPECT_NEAR(test.interval.upper, 1.2909711103714874, kClose);
  // The interval lies within the margins exactly if the test shows it, also right at the edge.
  EXPECT_GT(equivalence_test(kSample, -0.2, test.interval.upper - 1e-9).p_value, 0.05);
  EXPECT_LT(equivalence_test(kSample, -0.2, test.interval.upper + 1e-9).p_value, 0.05);
  EXPECT_THROW(equivalence_test(kSample, 0.1, 0.1), UsageError);
}

TEST(Reference, SignFlipTestAgreesWithScipy) {
  // s.permutation_test((x,), np.mean, permutation_type='samples', alternative='greater'), and two
  Random random(1);
  EXPECT_EQ(sign_flip_test(kSample, Alternative::greater, {}, random).p_value, 0.01171875);
  EXPECT_EQ(sign_flip_test(kSample, Alternative::two_sided, {}, random).p_value, 0.0234375);
}

TEST(Reference, ProportionsAgreeWithStatsmodels) {
  // proportion_confint(7, 20, method='beta'), the same with 'wilson'
  EXPECT_NEAR(clopper_pearson(7, 20).lower, 0.15390920478454118, kClose);
  EXPECT_NEAR(clopper_pearson(7, 20).upper, 0.5921885345328282, kClose);
  EXPECT_NEAR(wilson(7, 20).lower, 0.18119182410108203, kClose);
  EXPECT_NEAR(wilson(7, 20).upper, 0.5671457233147638, kClose);
  EXPECT_EQ(clopper_pearson(0, 5).lower, 0);
  // s.binomtest(7, 20, alternative=a).proportion_ci(.95, method='wilson'), a='greater', a='less'
  EXPECT_NEAR(wilson(7, 20, 0.95, Side::lower).lower, 0.20226004005676104, kClose);
  EXPECT_EQ(wilson(7, 20, 0.95, Side::lower).upper, 1);
  EXPECT_NEAR(wilson(7, 20, 0.95, Side::upper).upper, 0.5334873111515284, kClose);
  EXPECT_EQ(wilson(7, 20, 0.95, Side::upper).lower, 0);
}

TEST(Reference, PowerAndHolmAgreeWithStatsmodels) {
  // TTestPower().power(.6, 15, .05, alternative='larger'); solve_power(.6, power=.8, ...) = 18.6
  EXPECT_NEAR(paired_t_power(0.6, 15, 0.05), 0.7137769534203431, 1e-8);
  EXPECT_EQ(paired_t_sample_size(0.6, 0.8, 0.05), 19u);
  EXPECT_EQ(further_pairs({0.6, 1, 0, 10}, 0.05), 9u);
  EXPECT_FALSE(further_pairs({0.6, 1, 0.6, 10}, 0.05).has_value());
  // multipletests([.01, .04, .03, .005], method='holm')[1]
  const auto adjusted = holm_adjust(std::vector<double>{0.01, 0.04, 0.03, 0.005});
  const std::vector<double> expected{0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15);
}

TEST(Reference, SamplesWithoutSpreadOrSizeStayDefined) {
  EXPECT_EQ(student_interval(std::vector<double>{2.0}).lower, -kInfinity);
  const std::vector<double> equal(7, 0.1);
  EXPECT_EQ(variance(equal), 0);
  EXPECT_EQ(paired_t_test(equal, Alternative::greater).p_value, 0);
  EXPECT_EQ(paired_t_test(equal, Alternative::less).p_value, 1);
  EXPECT_THROW(mean({}), UsageError);
}

TEST(Reference, NotANumberIsNamedByItsPosition) {
  const std::vector<double> bad{1, 2, std::nan("")};
  try {
    mean(bad);
    FAIL() << "a NaN was averaged";
  } catch (const NumericError& error) {
    EXPECT_NE(std::string(error.what()).find("value 2 of 3"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ordo::stats
