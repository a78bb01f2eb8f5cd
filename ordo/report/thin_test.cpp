#include "ordo/report/thin.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"

namespace ordo::report {
namespace {

using testing::ElementsAre;

std::vector<double> counting(std::size_t size) {
  std::vector<double> steps(size);
  for (std::size_t step = 0; step < size; ++step) steps[step] = static_cast<double>(step);
  return steps;
}

TEST(Thin, KeepsShortSeriesWhole) {
  const std::vector<double> values = {3, 1, 2};
  EXPECT_THAT(thin(counting(3), values, 3).values, ElementsAre(3, 1, 2));
}

TEST(Thin, KeepsExactlyAsManyAsAskedInOrder) {
  Random random(1);
  for (const std::size_t size : {4U, 17U, 1000U, 1001U}) {
    std::vector<double> values(size);
    for (double& value : values) value = random.normal();
    for (const std::size_t points : {3U, 4U, 10U, 200U}) {
      const Thinned few = thin(counting(size), values, points);
      ASSERT_EQ(few.steps.size(), std::min(size, points));
      EXPECT_EQ(few.steps.front(), 0);
      EXPECT_EQ(few.steps.back(), static_cast<double>(size - 1));
      EXPECT_TRUE(std::is_sorted(few.steps.begin(), few.steps.end()));
      for (std::size_t at = 0; at < few.steps.size(); ++at) {
        EXPECT_EQ(few.values[at], values[static_cast<std::size_t>(few.steps[at])]);
      }
    }
  }
}

TEST(Thin, KeepsALoneSpike) {
  std::vector<double> values(10000, 0.0);
  values[6543] = 1;
  EXPECT_THAT(thin(counting(10000), values, 50).steps, testing::Contains(6543));
}

TEST(Thin, ChoosesTheLargestTriangle) {
  // Inner buckets {1, 2} and {3, 4}. From (0, 0) towards the mean (3.5, 1) of the second, the
  // doubled areas are |1 * 3.5 - 1 * 1| = 2.5 for (1, 1) and |2 * 1 - 3.5 * 4| = 12 for (2, 4).
  // From (2, 4) towards (5, 0): (3, 2) gives |-3 * -2 - -1 * -4| = 2, (4, 0) gives |12 - 8| = 4.
  const std::vector<double> values = {0, 1, 4, 2, 0, 0};
  EXPECT_THAT(thin(counting(6), values, 4).steps, ElementsAre(0, 2, 4, 5));
}

TEST(Thin, LeavesOutWhatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {nan, 1, INFINITY, 2, nan};
  EXPECT_THAT(thin(counting(5), values, 3).steps, ElementsAre(1, 3));
}

TEST(Thin, RefusesUnequalLengthsAndTooFewPoints) {
  EXPECT_THROW(thin(counting(3), counting(2), 3), UsageError);
  EXPECT_THROW(thin(counting(3), counting(3), 2), UsageError);
}

}  // namespace
}  // namespace ordo::report
