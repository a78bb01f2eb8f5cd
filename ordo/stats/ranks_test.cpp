#include "ordo/stats/ranks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kClose = 1e-12;  // sums of at most 100 terms below 1

const std::vector<double> kFirst{0.8, -0.3, 1.2, 0.5, 0.9, 2.1, -0.4, 0.7, 1.6};
const std::vector<double> kSecond{0.1, 0.2, -0.5, 0.3};

// Steps of 1/2 between -2 and 2.5: many ties and zeros.
std::vector<double> coarse(std::size_t size, Random& random) {
  std::vector<double> values(size);
  for (double& value : values) value = (static_cast<double>(random.below(10)) - 4) / 2;
  return values;
}

// The brute-force twin: W+ of every sign vector, with ranks counted from their definition.
double enumerated_signed_p(const std::vector<double>& values, Zeros zeros) {
  std::vector<double> ranks;
  double seen = 0;
  for (const double value : values) {
    if (value == 0) continue;
    double below = 0, equal = 0;
    for (const double other : values) {
      if (other == 0 && zeros == Zeros::drop) continue;
      below += std::abs(other) < std::abs(value);
      equal += std::abs(other) == std::abs(value);
    }
    ranks.push_back(below + (equal + 1) / 2);
    if (value > 0) seen += ranks.back();
  }
  double count = 0;
  for (unsigned signs = 0; signs < 1u << ranks.size(); ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) sum += (signs >> i & 1) ? ranks[i] : 0;
    count += sum >= seen;
  }
  return std::ldexp(count, -static_cast<int>(ranks.size()));
}

// U of every choice of `first`, counted pair by pair.
double enumerated_rank_sum_p(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> joined = first;
  joined.insert(joined.end(), second.begin(), second.end());
  const auto u_of = [&](unsigned chosen) {
    double u = 0;
    for (std::size_t i = 0; i < joined.size(); ++i) {
      for (std::size_t j = 0; j < joined.size(); ++j) {
        if ((chosen >> i & 1) == 0 || (chosen >> j & 1) != 0) continue;
        u += joined[i] > joined[j] ? 1 : joined[i] == joined[j] ? 0.5 : 0;
      }
    }
    return u;
  };
  const double seen = u_of((1u << first.size()) - 1);
  double count = 0, all = 0;
  for (unsigned chosen = 0; chosen < 1u << joined.size(); ++chosen) {
    if (std::popcount(chosen) != static_cast<int>(first.size())) continue;
    ++all;
    count += u_of(chosen) >= seen;
  }
  return count / all;
}

// s.wilcoxon(x, alternative=a).pvalue; s.mannwhitneyu(x, y, alternative=a, method='exact') with
// x = kFirst, y = kSecond, SciPy 1.17.1.
TEST(Ranks, ExactTestsAgreeWithScipy) {
  EXPECT_EQ(wilcoxon_test(kFirst, Alternative::greater).statistic, 42);
  EXPECT_EQ(wilcoxon_test(kFirst, Alternative::greater).p_value, 0.009765625);
  EXPECT_EQ(wilcoxon_test(kFirst, Alternative::less).p_value, 0.994140625);
  EXPECT_EQ(wilcoxon_test(kFirst).p_value, 0.01953125);
  EXPECT_EQ(mann_whitney_test(kFirst, kSecond).statistic, 30);
  EXPECT_NEAR(mann_whitney_test(kFirst, kSecond, Alternative::greater).p_value, 0.03776223776223776,
              kClose);
  EXPECT_NEAR(mann_whitney_test(kFirst, kSecond, Alternative::less).p_value, 0.9748251748251748,
              kClose);
  EXPECT_NEAR(mann_whitney_test(kFirst, kSecond).p_value, 0.07552447552447553, kClose);
}

// x = [round(3 * sin(i) + .4, 1) for i in range(60)]; y = [round(3 * cos(i), 1) for i in range(40)]
// s.wilcoxon(x, alternative=a, zero_method=z, correction=True, method='asymptotic'); and
// s.mannwhitneyu(x, y, alternative=a, method='asymptotic')
TEST(Ranks, NormalApproximationsWithTiesAndZerosAgreeWithScipy) {
  std::vector<double> x, y;
  for (int i = 0; i < 60; ++i) x.push_back(std::round(10 * (3 * std::sin(i) + 0.4)) / 10);
  for (int i = 0; i < 40; ++i) y.push_back(std::round(10 * (3 * std::cos(i))) / 10);
  EXPECT_FALSE(wilcoxon_test(x).exact);
  EXPECT_NEAR(wilcoxon_test(x, Alternative::greater).p_value, 0.027323974652618124, kClose);
  EXPECT_NEAR(wilcoxon_test(x, Alternative::less).p_value, 0.9731479453975517, kClose);
  EXPECT_NEAR(wilcoxon_test(x).p_value, 0.05464794930523625, kClose);
  EXPECT_NEAR(wilcoxon_test(x, Alternative::greater, Zeros::pratt).p_value, 0.028718567378108097,
              kClose);
  EXPECT_NEAR(mann_whitney_test(x, y, Alternative::greater).p_value, 0.13761946513683276, kClose);
  EXPECT_NEAR(mann_whitney_test(x, y, Alternative::less).p_value, 0.8639231612782312, kClose);
  EXPECT_NEAR(mann_whitney_test(x, y).p_value, 0.2752389302736655, kClose);
}

TEST(Ranks, ExactTestsEqualEnumerationWithTiesAndZeros) {
  Random random(21);
  for (std::size_t size = 1; size <= 10; ++size) {
    const auto values = coarse(size, random);
    for (const Zeros zeros : {Zeros::drop, Zeros::pratt}) {
      EXPECT_EQ(wilcoxon_test(values, Alternative::greater, zeros).p_value,
                enumerated_signed_p(values, zeros))
          << size;
    }
    const auto other = coarse(1 + size / 2, random);
    if (size + other.size() > 12) continue;
    EXPECT_NEAR(mann_whitney_test(values, other, Alternative::greater).p_value,
                enumerated_rank_sum_p(values, other), kClose)
        << size;
  }
}

TEST(Ranks, LargestExactSizesMeetTheNormalApproximation) {
  std::vector<double> values(50), first(25), second(25);
  for (std::size_t i = 0; i < 50; ++i) values[i] = (i % 3 == 0 ? -1.0 : 1.0) * (1.0 + double(i));
  for (std::size_t i = 0; i < 25; ++i) first[i] = 2.2 * double(i), second[i] = 1.5 * double(i);
  const auto signed_ranks = wilcoxon_test(values, Alternative::greater);
  const auto rank_sums = mann_whitney_test(first, second, Alternative::greater);
  EXPECT_TRUE(signed_ranks.exact && rank_sums.exact);
  // The Edgeworth term that the approximation leaves out is below 0.1 / n.
  const double mean = 50 * 51 / 4.0, spread = std::sqrt(50 * 51 * 101 / 24.0);
  EXPECT_NEAR(signed_ranks.p_value,
              std::erfc((signed_ranks.statistic - 0.5 - mean) / spread / std::sqrt(2)) / 2, 0.002);
  const double u_mean = 312.5, u_spread = std::sqrt(25 * 25 * 51 / 12.0);
  EXPECT_NEAR(rank_sums.p_value,
              std::erfc((rank_sums.statistic - 0.5 - u_mean) / u_spread / std::sqrt(2)) / 2, 0.002);
}

TEST(Ranks, InfinitiesRankBeyondAllNumbers) {
  const std::vector<double> never{0.5, kInfinity, -0.25, kInfinity, 2};
  const std::vector<double> far{0.5, 1e9, -0.25, 1e9, 2};
  EXPECT_EQ(wilcoxon_test(never).p_value, wilcoxon_test(far).p_value);
  EXPECT_EQ(mann_whitney_test(never, kSecond).p_value, mann_whitney_test(far, kSecond).p_value);
  EXPECT_THROW(wilcoxon_test(std::vector<double>{1, std::nan("")}), NumericError);
  EXPECT_THROW(mann_whitney_test({}, kSecond), UsageError);
  EXPECT_THROW(hodges_lehmann(never), NumericError);
}

TEST(Ranks, NothingButZerosSaysNothing) {
  const std::vector<double> zeros(4, 0.0), many(60, 0.0);
  EXPECT_EQ(wilcoxon_test(zeros, Alternative::greater).p_value, 1);
  EXPECT_EQ(wilcoxon_test(many, Alternative::less, Zeros::pratt).p_value, 1);
  EXPECT_EQ(mann_whitney_test(many, many).p_value, 1);
}

// A bound is where the test of the moved sample crosses the error: just outside it still rejects.
TEST(Ranks, IntervalsInvertTheTests) {
  Random random(22);
  for (const std::size_t size : {4u, 7u, 12u, 30u, 50u}) {
    std::vector<double> first(size), second(size / 2 + 1);
    for (double& value : first) value = random.normal() + 0.5;
    for (double& value : second) value = random.normal();
    const auto moved = [&](double shift) {
      std::vector<double> values = first;
      for (double& value : values) value -= shift;
      return values;
    };
    for (const double error : {0.1, 0.03}) {
      const auto one = hodges_lehmann(first, 1 - error, Side::lower).interval.lower;
      const auto two = hodges_lehmann_shift(first, second, 1 - error, Side::lower).interval.lower;
      const auto p_one = [&](double shift) {
        return wilcoxon_test(moved(shift), Alternative::greater).p_value;
      };
      const auto p_two = [&](double shift) {
        return mann_whitney_test(moved(shift), second, Alternative::greater).p_value;
      };
      if (std::isfinite(one)) {
        EXPECT_LE(p_one(one - 1e-9), error) << size;
        EXPECT_GT(p_one(one + 1e-9), error) << size;
      } else {
        EXPECT_GT(p_one(-100), error) << size;
      }
      // Beyond 50 values the test and the interval use the same normal approximation.
      if (std::isfinite(two)) {
        EXPECT_LE(p_two(two - 1e-9), error) << size;
        EXPECT_GT(p_two(two + 1e-9), error) << size;
      } else {
        EXPECT_GT(p_two(-100), error) << size;
      }
    }
  }
}

TEST(Ranks, HodgesLehmannIsTheMedianOfContrasts) {
  // np.median([(a + b) / 2 for i, a in enumerate(x) for b in x[i:]]); of [a - b for a in x for b in
  // y]: by hand from x = 1, 2, 4, 9: 1 1.5 2 2.5 3 4 5 5.5 6.5 9; less 0 and 3: -2 -1 1 1 2 4 6 9
  const std::vector<double> x{1, 2, 4, 9};
  EXPECT_EQ(hodges_lehmann(x).estimate, 3.5);
  EXPECT_EQ(hodges_lehmann_shift(x, std::vector<double>{0, 3}).estimate, 1.5);
  const auto both = hodges_lehmann(kFirst, 0.95);
  std::vector<double> mirrored = kFirst;
  for (double& value : mirrored) value = -value;
  EXPECT_EQ(hodges_lehmann(mirrored, 0.95).interval.upper, -both.interval.lower);
}

}  // namespace
}  // namespace ordo::stats
