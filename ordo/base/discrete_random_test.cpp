#include "ordo/base/discrete_random.h"

#include <cmath>
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo {
namespace {

// Chi-square of a sample against weights on the integers; cells under five expected are pooled.
// Returns its distance from the mean in standard deviations.
double chi_square_deviations(const std::function<std::int64_t()>& draw,
                             const std::function<double(std::int64_t)>& weight, int reach) {
  const int draws = 50000;
  std::map<std::int64_t, int> counts;
  for (int i = 0; i < draws; ++i) ++counts[draw()];
  double total = 0;
  for (int x = -reach; x <= reach; ++x) total += weight(x);
  double chi_square = 0, rest_expected = draws, rest_count = draws;
  int cells = 0;
  for (int x = -reach; x <= reach; ++x) {
    const double expected = draws * weight(x) / total;
    if (expected < 5) continue;
    chi_square += (counts[x] - expected) * (counts[x] - expected) / expected;
    rest_expected -= expected;
    rest_count -= counts[x];
    ++cells;
  }
  if (rest_expected >= 5) {
    chi_square += (rest_count - rest_expected) * (rest_count - rest_expected) / rest_expected;
    ++cells;
  }
  return std::abs(chi_square - (cells - 1)) / std::sqrt(2.0 * (cells - 1));
}

TEST(DiscreteRandom, BernoulliExpHasProbabilityExpOfMinusGamma) {
  Random random(1);
  for (const Rational gamma : {Rational{0, 1}, Rational{1, 3}, Rational{1, 1}, Rational{7, 3}}) {
    const double p =
        std::exp(-static_cast<double>(gamma.numerator) / static_cast<double>(gamma.denominator));
    int hits = 0;
    const int draws = 40000;
    for (int i = 0; i < draws; ++i) hits += bernoulli_exp(random, gamma) ? 1 : 0;
    EXPECT_NEAR(hits, draws * p, 5 * std::sqrt(draws * p * (1 - p)) + 1e-9);
  }
}

TEST(DiscreteRandom, LaplaceFollowsItsExactWeights) {
  Random random(2);
  for (const Rational scale : {Rational{1, 2}, Rational{3, 1}, Rational{7, 3}}) {
    const double b = static_cast<double>(scale.numerator) / static_cast<double>(scale.denominator);
    EXPECT_LT(
        chi_square_deviations(
            [&] { return discrete_laplace(random, scale); },
            [&](std::int64_t x) { return std::exp(-std::abs(static_cast<double>(x)) / b); }, 200),
        5.0);
  }
}

TEST(DiscreteRandom, GaussianFollowsItsExactWeights) {
  Random random(3);
  for (const Rational variance :
       {Rational{1, 4}, Rational{1, 1}, Rational{10, 3}, Rational{50, 1}}) {
    const double v =
        static_cast<double>(variance.numerator) / static_cast<double>(variance.denominator);
    EXPECT_LT(
        chi_square_deviations(
            [&] { return discrete_gaussian(random, variance); },
            [&](std::int64_t x) { return std::exp(-static_cast<double>(x * x) / (2 * v)); }, 100),
        5.0);
  }
}

TEST(DiscreteRandom, TakesTheLargestParametersAndRefusesLargerOnes) {
  Random random(4);
  const Rational largest{std::uint64_t{1} << 30, 1};
  double square = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto x = static_cast<double>(discrete_gaussian(random, largest));
    square += x * x / 2000;
  }
  // The mean square of n normals has relative deviation sqrt(2 / n) = 0.032.
  EXPECT_NEAR(square / 0x1p30, 1, 5 * std::sqrt(2.0 / 2000));
  EXPECT_THROW(discrete_gaussian(random, {(std::uint64_t{1} << 30) + 1, 1}), UsageError);
  EXPECT_THROW(discrete_laplace(random, {0, 1}), UsageError);
}

}  // namespace
}  // namespace ordo
