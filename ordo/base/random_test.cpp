#include "ordo/base/random.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include <gtest/gtest.h>

namespace ordo {
namespace {

// Known answers published with Random123 (kat_vectors).
TEST(Random, PhiloxGivesThePublishedVectors) {
  using Block = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, BlocksOfAStreamCanBeComputedFromItsNames) {
  Random stream = Random(7).split("a");
  for (std::uint32_t block = 0; block < 3; ++block) {
    const auto words =
        philox4x32({block, 0, stream.upper_counter()[0], stream.upper_counter()[1]}, stream.key());
    for (const std::uint32_t word : words) EXPECT_EQ(stream.next32(), word);
  }
}

TEST(Random, SplitsDependOnIdentityAndNotOnWhatWasDrawn) {
  Random drawn(7);
  for (int i = 0; i < 100; ++i) drawn.next32();
  EXPECT_EQ(drawn.split(3).next64(), Random(7).split(3).next64());
  EXPECT_EQ(drawn.split("a").next64(), Random(7).split("a").next64());
}

TEST(Random, SplitsOfSplitsDoNotCollide) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t child = 0; child < 20; ++child) {
      for (std::uint64_t grandchild = 0; grandchild < 20; ++grandchild) {
        first.insert(Random(seed).split(child).split(grandchild).next64());
      }
    }
  }
  EXPECT_EQ(first.size(), 8000u);  // by chance two of 8,000 meet with probability 2e-12
}

// 256 sibling streams' top bytes against each other: chi-square of 255 degrees of freedom has mean
// 255 and deviation sqrt(510) = 22.6; five deviations leave a chance below 1e-5.
TEST(Random, FirstNumbersOfSiblingsAreUniform) {
  std::array<int, 256> counts{};
  const int draws = 256 * 200;
  for (int i = 0; i < draws; ++i) {
    ++counts[Random(1).split(static_cast<std::uint64_t>(i)).next32() >> 24];
  }
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 200.0) * (count - 200.0) / 200.0;
  EXPECT_LT(std::abs(chi_square - 255), 5 * std::sqrt(510.0));
}

TEST(Random, BelowIsUniformOverABoundThatDoesNotDivideThePowerOfTwo) {
  Random random(3);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi_square, 6 + 5 * std::sqrt(12.0));  // chi-square of 6 degrees of freedom
}

// Kolmogorov-Smirnov: sqrt(n) D exceeds 1.95 with probability 2 exp(-2 * 1.95^2) = 1e-3.
template <class Draw, class Cdf>
double kolmogorov(Draw draw, Cdf cdf) {
  std::vector<double> sample(20000);
  for (double& value : sample) value = draw();
  std::sort(sample.begin(), sample.end());
  double distance = 0;
  const auto n = static_cast<double>(sample.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double p = cdf(sample[i]);
    distance =
        std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return std::sqrt(n) * distance;
}

TEST(Random, NormalGumbelAndUniformFollowTheirDistributionFunctions) {
  Random random(11);
  EXPECT_LT(kolmogorov([&] { return random.uniform(); }, [](double x) { return x; }), 1.95);
  EXPECT_LT(kolmogorov([&] { return random.normal(); },
                       [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }),
            1.95);
  EXPECT_LT(
      kolmogorov([&] { return random.gumbel(); }, [](double x) { return std::exp(-std::exp(-x)); }),
      1.95);
}

TEST(Random, PermutationHoldsEachIndexOnce) {
  Random random(2);
  auto order = random.permutation(1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
}

}  // namespace
}  // namespace ordo
