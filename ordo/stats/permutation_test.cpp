#include "ordo/stats/permutation.h"

#include <algorithm>
#include <bit>
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

TEST(SignFlip, BoundIsTheTypicalValueOfTiedAndLongTailedSamplesToo) {
  Random random(18);
  for (int round = 0; round < 40; ++round) {
    auto values = normals(9 + static_cast<std::size_t>(round % 5), random, 0.4);
    for (double& value : values) {
      value = round % 2 == 0 ? std::round(value * 2) : std::exp(4 * value);
    }
    for (const double error : {0.3, 0.025, 0.004}) {
      const double bound = sign_flip_interval(values, 1 - error, Side::lower, {}, random).lower;
      const double expected = enumerated_lower_bound(values, error);
      EXPECT_NEAR(bound, expected, 1e-12 * (1 + std::abs(expected))) << round << " " << error;
    }
  }
}

// The bound is where the p-value crosses the error, in samples too large to list.
TEST(SignFlip, BoundAgreesWithThePValueUpToThirtyDifferences) {
  Random random(19);
  for (const std::size_t size : {16, 21, 26, 30}) {
    const auto values = normals(size, random, 0.4);
    const double bound = sign_flip_interval(values, 0.99, Side::lower, {}, random).lower;
    const auto p_at = [&](double centre) {
      std::vector<double> shifted = values;
      for (double& value : shifted) value -= centre;
      return sign_flip_test(shifted, Alternative::greater, {}, random).p_value;
    };
    const double subsets = std::ldexp(1.0, static_cast<int>(size));
    const double allowed = std::floor(0.01 * subsets);
    EXPECT_LE(p_at(bound - 1e-12) * subsets, allowed) << size;
    EXPECT_GT(p_at(bound + 1e-12) * subsets, allowed) << size;
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

// Every relabelling: how its first sample's sum compares, and its difference of exchanged means.
struct Relabellings {
  std::vector<double> sums;
  std::vector<double> shifts;  // the unchanged labelling left out
};

Relabellings enumerate_relabellings(const std::vector<double>& first,
                                    const std::vector<double>& second) {
  std::vector<double> joined = first;
  joined.insert(joined.end(), second.begin(), second.end());
  Relabellings result;
  for (unsigned chosen = 0; chosen < 1u << joined.size(); ++chosen) {
    if (std::popcount(chosen) != static_cast<int>(first.size())) continue;
    double sum = 0, left = 0, came = 0, exchanged = 0;
    for (std::size_t i = 0; i < joined.size(); ++i) {
      const bool in = chosen >> i & 1, was = i < first.size();
      if (in) sum += joined[i];
      if (in && !was) came += joined[i], ++exchanged;
      if (!in && was) left += joined[i];
    }
    result.sums.push_back(sum);
    if (exchanged > 0) result.shifts.push_back((left - came) / exchanged);
  }
  std::ranges::sort(result.shifts);
  return result;
}

TEST(Relabelling, EqualsFullEnumerationWithTies) {
  Random random(13);
  for (std::size_t size = 1; size <= 8; ++size) {
    auto first = normals(size, random, 0.4), second = normals(1 + size / 2, random);
    for (double& value : first) value = std::round(value * 5) / 10;
    for (double& value : second) value = std::round(value * 5) / 10;
    const auto all = enumerate_relabellings(first, second).sums;
    double seen = 0;
    for (const double value : first) seen += value;
    const double above = static_cast<double>(
        std::ranges::count_if(all, [&](double sum) { return sum >= seen - 1e-12; }));
    const double below = static_cast<double>(
        std::ranges::count_if(all, [&](double sum) { return sum <= seen + 1e-12; }));
    const auto count = static_cast<double>(all.size());
    const auto p = [&](Alternative alternative) {
      return two_sample_permutation_test(first, second, alternative, {}, random).p_value;
    };
    EXPECT_DOUBLE_EQ(p(Alternative::greater), above / count) << size;
    EXPECT_DOUBLE_EQ(p(Alternative::less), below / count) << size;
    EXPECT_DOUBLE_EQ(p(Alternative::two_sided), std::min(1.0, 2 * std::min(above, below) / count));
  }
}

TEST(Relabelling, BoundsAreTheTypicalValuesOfFullEnumeration) {
  Random random(14);
  for (std::size_t size = 1; size <= 8; ++size) {
    const auto first = normals(size, random, 0.4), second = normals(5, random);
    const auto shifts = enumerate_relabellings(first, second).shifts;
    for (const double error : {0.2, 0.05, 0.01}) {
      const auto allowed = static_cast<std::size_t>(error * static_cast<double>(shifts.size() + 1));
      const auto lower =
          two_sample_permutation_interval(first, second, 1 - error, Side::lower, {}, random).lower;
      const auto upper =
          two_sample_permutation_interval(first, second, 1 - error, Side::upper, {}, random).upper;
      if (allowed == 0) {
        EXPECT_EQ(lower, -kInfinity);
        EXPECT_EQ(upper, kInfinity);
      } else {
        EXPECT_NEAR(lower, shifts[allowed - 1], 1e-13) << size << " values, error " << error;
        EXPECT_NEAR(upper, shifts[shifts.size() - allowed], 1e-13) << size << ", error " << error;
      }
    }
  }
}

TEST(Relabelling, MonteCarloMeetsTheExactAnswer) {
  Random random(15);
  const auto first = normals(14, random, 0.5), second = normals(10, random);
  PermutationOptions drawn;
  drawn.exact_up_to = 0;
  drawn.arrangements = 40'000;
  const double exact =
      two_sample_permutation_test(first, second, Alternative::greater, {}, random).p_value;
  const double estimate =
      two_sample_permutation_test(first, second, Alternative::greater, drawn, random).p_value;
  EXPECT_NEAR(estimate, exact, 5 * std::sqrt(exact * (1 - exact) / 40'000) + 1.0 / 40'000);
  // At the drawn bound the exact test rejects with the drawn error, up to its sampling error.
  const double bound =
      two_sample_permutation_interval(first, second, 0.9, Side::lower, drawn, random).lower;
  std::vector<double> moved = first;
  for (double& value : moved) value -= bound;
  EXPECT_NEAR(two_sample_permutation_test(moved, second, Alternative::greater, {}, random).p_value,
              0.1, 5 * std::sqrt(0.1 * 0.9 / 40'000));
}

// With equal streams, a shift just outside a bound is rejected at the bound's error and one just
// inside is not, in both directions, for samples of unequal size.
TEST(Relabelling, DrawnBoundsAgreeWithDrawnPValues) {
  Random random(17);
  const auto first = normals(25, random, 0.5), second = normals(12, random);
  const Random stream(18);
  const auto p_at = [&](double shift, Alternative alternative) {
    std::vector<double> moved = first;
    for (double& value : moved) value -= shift;
    Random copy = stream;
    return two_sample_permutation_test(moved, second, alternative, {}, copy).p_value;
  };
  Random copy = stream;
  const auto interval = two_sample_permutation_interval(first, second, 0.9, Side::both, {}, copy);
  EXPECT_LE(p_at(interval.lower - 1e-9, Alternative::greater), 0.05);
  EXPECT_GT(p_at(interval.lower + 1e-9, Alternative::greater), 0.05);
  EXPECT_LE(p_at(interval.upper + 1e-9, Alternative::less), 0.05);
  EXPECT_GT(p_at(interval.upper - 1e-9, Alternative::less), 0.05);
}

// s.permutation_test((x, y), lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
//   permutation_type='independent', alternative=a, n_resamples=np.inf).pvalue with SciPy 1.17.1
TEST(Relabelling, AgreesWithScipy) {
  Random random(16);
  const std::vector<double> x{0.8, -0.3, 1.2, 0.5, 0.9, 2.1, -0.4, 0.7, 1.6};
  const std::vector<double> y{0.1, 0.2, -0.5, 0.3};
  const auto p = [&](Alternative alternative) {
    return two_sample_permutation_test(x, y, alternative, {}, random).p_value;
  };
  EXPECT_NEAR(p(Alternative::greater), 0.05174825174825175, 1e-15);
  EXPECT_NEAR(p(Alternative::less), 0.9594405594405594, 1e-15);
  EXPECT_NEAR(p(Alternative::two_sided), 0.1034965034965035, 1e-15);
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
