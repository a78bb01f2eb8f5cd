#include "ordo/stats/permutation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/stats/multiple.h"

namespace ordo::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> normals(std::size_t size, Random& random, double shift = 0) {
  std::vector<double> values(size);
  for (double& value : values) value = random.normal() + shift;
  return values;
}

// The brute-force twin: all 2^n sign vectors, counted one by one.
double enumerated_p(const std::vector<double>& values) {
  double observed = 0, count = 0;
  for (const double value : values) observed += value;
  const unsigned arrangements = 1u << values.size();
  for (unsigned flips = 0; flips < arrangements; ++flips) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      sum += (flips >> i & 1) ? -values[i] : values[i];
    count += sum >= observed - 1e-12;
  }
  return count / arrangements;
}

// Hartigan's typical values listed: the k-th smallest mean of nonempty subsets.
double enumerated_lower_bound(const std::vector<double>& values, double error) {
  std::vector<double> means;
  const unsigned arrangements = 1u << values.size();
  for (unsigned subset = 1; subset < arrangements; ++subset) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (subset >> i & 1) sum += values[i], ++count;
    }
    means.push_back(sum / count);
  }
  std::ranges::sort(means);
  const auto allowed = static_cast<std::size_t>(error * arrangements);
  return allowed == 0 ? -kInfinity : means[allowed - 1];
}

TEST(SignFlip, EqualsFullEnumerationWithTiesAndZeros) {
  Random random(7);
  for (std::size_t size = 1; size <= 12; ++size) {
    auto values = normals(size, random, 0.4);
    for (double& value : values) value = std::round(value * 5) / 10;  // many ties and zeros
    EXPECT_EQ(sign_flip_test(values, Alternative::greater, {}, random).p_value,
              enumerated_p(values))
        << size;
  }
}

TEST(SignFlip, BoundIsTheTypicalValueOfFullEnumeration) {
  Random random(8);
  for (std::size_t size = 1; size <= 13; ++size) {
    const auto values = normals(size, random, 0.4);
    for (const double error : {0.2, 0.05, 0.01}) {
      const double bound = sign_flip_interval(values, 1 - error, Side::lower, {}, random).lower;
      const double expected = enumerated_lower_bound(values, error);
      if (std::isinf(expected)) {
        EXPECT_EQ(bound, expected) << size << " values, error " << error;
      } else {
        EXPECT_NEAR(bound, expected, 1e-13) << size << " values, error " << error;
      }
    }
  }
}

TEST(SignFlip, AllEqualDifferencesBoundThemselves) {
  Random random(9);
  const auto interval =
      sign_flip_interval(std::vector<double>(8, 0.1), 0.95, Side::both, {}, random);
  EXPECT_NEAR(interval.lower, 0.1, 1e-15);
  EXPECT_NEAR(interval.upper, 0.1, 1e-15);
}

TEST(SignFlip, MonteCarloMeetsTheExactAnswer) {
  Random random(10);
  const auto values = normals(24, random, 0.3);
  PermutationOptions drawn;
  drawn.exact_up_to = 0;
  drawn.arrangements = 40'000;
  const double exact = sign_flip_test(values, Alternative::greater, {}, random).p_value;
  const double estimate = sign_flip_test(values, Alternative::greater, drawn, random).p_value;
  EXPECT_NEAR(estimate, exact, 5 * std::sqrt(exact * (1 - exact) / 40'000) + 1.0 / 40'000);
}

// Under symmetry the exact bound misses with probability floor(e 2^n) / 2^n = 12/256 for n = 8.
TEST(SignFlip, LowerBoundMissesAsOftenAsItsArithmeticSays) {
  Random random(11);
  constexpr int kStudies = 8000;
  int misses = 0;
  for (int study = 0; study < kStudies; ++study) {
    misses += sign_flip_interval(normals(8, random), 0.95, Side::lower, {}, random).lower > 0;
  }
  const double rate = 12.0 / 256;
  EXPECT_NEAR(misses, kStudies * rate, 5 * std::sqrt(kStudies * rate * (1 - rate)));
}

TEST(Holm, BoundsHoldAllAtOnceWhereSomeNullsAreFalse) {
  Random random(12);
  constexpr int kStudies = 3000;
  const std::vector<double> truths{0, 0, 2, 0}, margins{0, 0, 0, 0.5};
  int misses = 0;
  for (int study = 0; study < kStudies; ++study) {
    std::vector<std::vector<double>> samples;
    for (const double truth : truths) samples.push_back(normals(9, random, truth));
    const auto result = holm_lower_bounds(
        margins,
        [&](std::size_t i, double alpha) {
          return sign_flip_interval(samples[i], 1 - alpha, Side::lower, {}, random).lower;
        },
        0.05);
    bool covered = true;
    for (std::size_t i = 0; i < truths.size(); ++i) covered &= result.bounds[i] <= truths[i];
    misses += !covered;
  }
  EXPECT_LE(misses, kStudies * 0.05 + 5 * std::sqrt(kStudies * 0.05 * 0.95));
  EXPECT_GT(misses, kStudies * 0.01);  // a bound that never misses would be no bound
}

TEST(Holm, GivesMarginsToTheRejectedAndTheRestOfAlphaToTheOthers) {
  const std::vector<double> centres{3, 0.1};
  const auto normal_bound = [&](std::size_t i, double alpha) {
    return centres[i] - std::sqrt(-2 * std::log(alpha));  // any bound that nests
  };
  const auto result = holm_lower_bounds(std::vector<double>{0, 0}, normal_bound, 0.05);
  EXPECT_EQ(result.rejections, 1u);
  EXPECT_EQ(result.bounds[0], 0);
  EXPECT_EQ(result.bounds[1], normal_bound(1, 0.05));
}

}  // namespace
}  // namespace ordo::stats
