#include "ordo/lm/stop_filter.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/random.h"

namespace ordo::lm {
namespace {

TEST(StopFilter, HoldsBackWhatMayBeginAStop) {
  StopFilter filter({"<end>", "\n\n"});
  EXPECT_EQ(filter.push("one <"), "one ");
  EXPECT_EQ(filter.push("en"), "");
  EXPECT_EQ(filter.push("ough>\n"), "<enough>");
  EXPECT_EQ(filter.push("two <end"), "\ntwo ");
  EXPECT_FALSE(filter.stopped());
  EXPECT_EQ(filter.push(">three"), "");
  EXPECT_TRUE(filter.stopped());
  EXPECT_EQ(filter.push("four"), "");
  EXPECT_EQ(filter.finish(), "");
}

TEST(StopFilter, GivesOutWhatWaitedInVain) {
  StopFilter filter({"<end>"});
  EXPECT_EQ(filter.push("one <e"), "one ");
  EXPECT_EQ(filter.finish(), "<e");
  StopFilter without({});
  EXPECT_EQ(without.push("one"), "one");
}

// Brute force: after each piece, all text so far is searched anew.
std::string cut_at_first_stop(const std::vector<std::string>& pieces,
                              const std::vector<std::string>& stops) {
  std::string text;
  for (const std::string& piece : pieces) {
    text += piece;
    std::size_t first = std::string::npos;
    for (const std::string& stop : stops) first = std::min(first, text.find(stop));
    if (first != std::string::npos) return text.substr(0, first);
  }
  return text;
}

std::string draw(Random& random, std::uint64_t longest) {
  std::string text(1 + random.below(longest), ' ');
  for (char& letter : text) letter = random.below(2) == 0 ? 'a' : 'b';
  return text;
}

TEST(StopFilter, GivesWhatASearchOfAllTextGivesAndNeverTooMuch) {
  Random random(5);
  int stopped = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> stops, pieces;
    for (std::uint64_t count = random.below(4); count > 0; --count) {
      stops.push_back(draw(random, 6));
    }
    for (int piece = 0; piece < 8; ++piece) pieces.push_back(draw(random, 3));
    const std::string expected = cut_at_first_stop(pieces, stops);
    StopFilter filter(stops);
    std::string shown, read;
    for (const std::string& piece : pieces) {
      if (filter.stopped()) break;
      read += piece;
      shown += filter.push(piece);
      ASSERT_TRUE(expected.starts_with(shown)) << shown << " of " << expected;
      if (filter.stopped()) break;
      // All is shown but what some stop begins with.
      const std::string held = read.substr(shown.size());
      ASSERT_TRUE(held.empty() || std::ranges::any_of(stops, [&](const std::string& stop) {
                    return stop.starts_with(held);
                  }));
    }
    stopped += filter.stopped() ? 1 : 0;
    EXPECT_EQ(shown + filter.finish(), expected);
  }
  EXPECT_GT(stopped, 500);
  EXPECT_LT(stopped, 2500);
}

}  // namespace
}  // namespace ordo::lm
