#include "ordo/http/target.h"

#include <limits>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/http/range.h"

namespace ordo::http {
namespace {

TEST(Target, TakesPathAndParametersApart) {
  const Target target = parse_target("/api/series?run=3&name=a%20b+c%2Bd&empty=&flag");
  EXPECT_EQ(target.path, "/api/series");
  EXPECT_EQ(target.query.required("run"), "3");
  EXPECT_EQ(target.query.required("name"), "a b c+d");
  EXPECT_EQ(target.query.required("empty"), "");
  EXPECT_EQ(target.query.required("flag"), "");
  EXPECT_EQ(target.query.find("other"), nullptr);
}

TEST(Target, RefusesWhatCouldMeanTwoThings) {
  for (const char* text : {"/%", "/%4", "/%zz", "/a%00b", "/a%0ab", "/?a=1&a=2", "/?a=%ff", "*", "",
                           "http://host/", "/a\x01", "/%c0%ae"}) {
    EXPECT_THROW(parse_target(text), UsageError) << text;
  }
}

TEST(Target, NumbersAreWholeOnesInTheirRange) {
  const Query query("n=12&big=99999999999999999999&word=1x&neg=-1&real=-2.5e3&nan=nan&inf=inf");
  EXPECT_EQ(query.integer("n", 0, 20, 5), 12);
  EXPECT_EQ(query.integer("none", 0, 20, 5), 5);
  EXPECT_THROW(query.integer("n", 0, 11, 5), UsageError);
  EXPECT_THROW(query.integer("big", 0, 11, 5), UsageError);
  EXPECT_THROW(query.integer("word", 0, 11, 5), UsageError);
  EXPECT_THROW(query.integer("neg", 0, 11, 5), UsageError);
  EXPECT_EQ(query.number("real", 0), -2500);
  EXPECT_EQ(query.number("inf", 0), std::numeric_limits<double>::infinity());
  EXPECT_THROW(query.number("nan", 0), UsageError);
  EXPECT_THROW(query.allow({"n"}), UsageError);
}

// The examples of RFC 9110, 14.1.2, for a representation of 10,000 bytes.
TEST(Range, OracleExamplesOfTheStandard) {
  const auto expect_part = [](std::string_view text, std::int64_t first, std::int64_t size) {
    const RangeAnswer answer = parse_range(text, 10'000);
    EXPECT_EQ(answer.kind, RangeKind::part) << text;
    EXPECT_EQ(answer.range.first, first) << text;
    EXPECT_EQ(answer.range.size, size) << text;
  };
  expect_part("bytes=0-499", 0, 500);
  expect_part("bytes=500-999", 500, 500);
  expect_part("bytes=-500", 9500, 500);
  expect_part("bytes=9500-", 9500, 500);
  expect_part("bytes=0-99999999999999999999", 0, 10'000);
  expect_part("bytes=-99999999999999999999", 0, 10'000);
}

TEST(Range, IgnoresWhatIsMalformedAndRefusesWhatIsBehindTheEnd) {
  for (const char* text : {"", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "lines=0-1",
                           "bytes=0-0,5-6", "bytes=+1-2", "bytes=1"}) {
    EXPECT_EQ(parse_range(text, 10).kind, RangeKind::whole) << text;
  }
  for (const char* text : {"bytes=10-", "bytes=-0", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(parse_range(text, 10).kind, RangeKind::unsatisfiable) << text;
  }
  EXPECT_EQ(parse_range("bytes=0-", 0).kind, RangeKind::unsatisfiable);
}

}  // namespace
}  // namespace ordo::http
