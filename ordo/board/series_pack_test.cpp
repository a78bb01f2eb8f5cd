#include "ordo/board/series_pack.h"

#include <cstring>

#include <gmock/gmock.h>

#include "ordo/board/unpack_testing.h"

namespace ordo::board {
namespace {

TEST(SeriesPack, ComesBackBitByBit) {
  const std::vector<double> step = {0, 1, 2.5}, value = {1e-300, -0.0, std::nan("")};
  SeriesPacker packer;
  packer.add({{"name", "first"}}, step, value, {}, {});
  packer.add({{"name", "second"}}, step, {4, 5, 6}, {3, 4, 5}, {7, 8, 9});
  packer.add({{"name", "empty"}}, {}, {}, {}, {});
  const std::string bytes = packer.finish();
  const std::vector<Unpacked> series = unpack(bytes);
  ASSERT_EQ(series.size(), 3U);
  EXPECT_EQ(series[0].step, step);
  EXPECT_EQ(std::memcmp(series[0].value.data(), value.data(), 3 * sizeof(double)), 0);
  EXPECT_TRUE(series[0].low.empty());
  EXPECT_EQ(series[1].high, (std::vector<double>{7, 8, 9}));
  EXPECT_EQ(series[0].members.at("step"), series[1].members.at("step")) << "steps are not shared";
  EXPECT_EQ(series[2].value.size(), 0U);
}

// Offsets grow by a digit as the header does; every size of name must stay consistent.
TEST(SeriesPack, OffsetsAreRightForEveryLengthOfTheHeader) {
  for (std::size_t length = 0; length < 200; ++length) {
    SeriesPacker packer;
    packer.add({{"name", std::string(length, 'x')}}, {1, 2}, {3, 4}, {}, {});
    const std::vector<Unpacked> series = unpack(packer.finish());
    ASSERT_EQ(series[0].value, (std::vector<double>{3, 4})) << length;
    EXPECT_EQ(series[0].members.at("value").as_int() % 8, 0);
  }
}

TEST(SeriesPack, RepairsNamesThatAreNoUtf8) {
  SeriesPacker packer;
  packer.add({{"name", "a\xff"}}, {1}, {2}, {}, {});
  EXPECT_EQ(unpack(packer.finish())[0].members.at("name").as_string(), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace ordo::board
