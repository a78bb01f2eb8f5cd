#include "ordo/store/series.h"

#include <bit>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"

namespace ordo::store {
namespace {

std::vector<std::uint64_t> bits(const std::vector<double>& values) {
  std::vector<std::uint64_t> out;
  for (const double value : values) out.push_back(std::bit_cast<std::uint64_t>(value));
  return out;
}

std::vector<double> round_trip(const std::vector<double>& values) {
  const std::string packed = pack_column(values);
  std::string_view bytes = packed;
  auto out = unpack_column(bytes, values.size());
  EXPECT_TRUE(bytes.empty());
  return out;
}

TEST(SeriesColumn, ComesBackBitByBitWhateverTheValues) {
  Random random(1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t size : {0U, 1U, 2U, 3U, 15U, 16U, 17U, 100U, 1023U, 1024U}) {
    std::vector<double> noise, regular, rounded, special, any_bits;
    for (std::size_t i = 0; i < size; ++i) {
      noise.push_back(random.normal());
      regular.push_back(5 + 10 * static_cast<double>(i));
      rounded.push_back(std::round(random.uniform() * 100) / 100);
      special.push_back(i % 3 == 0 ? nan : i % 3 == 1 ? -0.0 : -INFINITY);
      any_bits.push_back(std::bit_cast<double>(random.next64()));
    }
    for (const auto& values : {noise, regular, rounded, special, any_bits}) {
      EXPECT_EQ(bits(round_trip(values)), bits(values)) << size;
    }
  }
}

TEST(SeriesColumn, TakesSeventeenBytesForRegularSteps) {
  std::vector<double> steps(kBlockSize);
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = 100.0 * static_cast<double>(i);
  EXPECT_EQ(pack_column(steps).size(), 17U);
}

TEST(SeriesColumn, RefusesDamagedBytesWithAnInputError) {
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(std::floor(std::sqrt(i)));
  const std::string packed = pack_column(values);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    std::string_view cut = std::string_view(packed).substr(0, size);
    EXPECT_THROW(unpack_column(cut, values.size()), InputError);
  }
  std::string_view unknown = "\x07";
  EXPECT_THROW(unpack_column(unknown, 1), InputError);
}

// Keeps blocks as the database would.
struct Blocks {
  std::map<std::pair<int, std::uint64_t>, Buckets> kept;
  SeriesTail::WriteBlock writer() {
    return [this](int level, std::uint64_t number, const Buckets& block) {
      kept[{level, number}] =
          unpack_block(pack_block(block), block.size(), level);  // through the packing
    };
  }
  SeriesTail::ReadBlock reader() {
    return [this](int level, std::uint64_t number) { return kept.at({level, number}); };
  }
  Buckets level(int level) const {
    Buckets all;
    for (const auto& [place, block] : kept) {
      if (place.first == level) all.append(block, 0, block.size());
    }
    return all;
  }
};

void expect_brute_force(const Blocks& blocks, const std::vector<double>& steps,
                        const std::vector<double>& values) {
  EXPECT_EQ(bits(blocks.level(0).step), bits(steps));
  EXPECT_EQ(bits(blocks.level(0).mean), bits(values));
  std::size_t width = 1;
  for (int level = 1; (width *= kFanOut) <= values.size(); ++level) {
    const Buckets buckets = blocks.level(level);
    ASSERT_EQ(buckets.size(), values.size() / width) << "level " << level;
    for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
      double sum = 0, count = 0, low = INFINITY, high = -INFINITY;
      for (std::size_t i = bucket * width; i < (bucket + 1) * width; ++i) {
        if (std::isnan(values[i])) continue;
        sum += values[i];
        ++count;
        low = std::min(low, values[i]);
        high = std::max(high, values[i]);
      }
      EXPECT_EQ(buckets.step[bucket], steps[bucket * width]);
      EXPECT_EQ(buckets.count[bucket], count);
      if (count == 0) {
        EXPECT_TRUE(std::isnan(buckets.low[bucket]) && std::isnan(buckets.mean[bucket]));
        continue;
      }
      EXPECT_EQ(buckets.low[bucket], low);
      EXPECT_EQ(buckets.high[bucket], high);
      // Two orders of adding `width` values below 10: width * 10 * 2^-52 apart at most in the sum.
      EXPECT_NEAR(buckets.mean[bucket], sum / count, 1e-14 * static_cast<double>(width));
    }
  }
}

TEST(SeriesTail, PyramidEqualsBruteForceHoweverThePointsComeAndAfterReopening) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    Random random(seed);
    const std::size_t total = 1 + random.below(seed == 4 ? 80'000 : 5'000);
    std::vector<double> steps(total), values(total);
    for (std::size_t i = 0; i < total; ++i) {
      steps[i] = static_cast<double>(i / 3);
      const bool missing = random.bernoulli(0.01) || (i > 100 && i < 200);
      values[i] = missing ? std::numeric_limits<double>::quiet_NaN() : random.normal();
    }
    Blocks blocks;
    SeriesTail tail;
    for (std::size_t at = 0; at < total;) {
      const std::size_t taken = std::min<std::size_t>(total - at, 1 + random.below(3000));
      tail.append(std::span(steps).subspan(at, taken), std::span(values).subspan(at, taken),
                  blocks.writer());
      at += taken;
      if (random.bernoulli(0.3)) tail = SeriesTail(at, blocks.reader());
    }
    EXPECT_EQ(tail.count(), total);
    expect_brute_force(blocks, steps, values);
  }
}

}  // namespace
}  // namespace ordo::store
