#include "ordo/claims/measure.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordo::claims {
namespace {

using testing::HasSubstr;

const std::vector<double> kSteps = {0, 10, 20, 40};
const std::vector<double> kAcc = {0.5, 0.9, 0.97, 0.95};
const std::vector<double> kPower = {1, 1000, 8000, 64000};  // step^3, but for the first
const JsonObject kResults = {{"accuracy", 0.94}, {"solved", true}, {"note", "text"}};

CellView cell() {
  return {.series = {{"acc", kSteps, kAcc}, {"cube", kSteps, kPower}},
          .results = &kResults,
          .seconds = 8.0};
}

double value(const std::string& text) { return evaluate(parse_measure(text), cell()); }

std::string error(const std::string& text) {
  try {
    value(text);
  } catch (const Error& caught) {
    return caught.what();
  }
  return "no error";
}

TEST(Measure, TakesSeriesAndResultsThatAreCalledLikeFunctions) {
  EXPECT_EQ(parse_measure("final(best)").series(), std::vector<std::string>{"best"});
  EXPECT_EQ(parse_measure("best + 1").results(), std::vector<std::string>{"best"});
}

TEST(Measure, TakesOneNumberOutOfASeries) {
  EXPECT_EQ(value("final(acc)"), 0.95);
  EXPECT_DOUBLE_EQ(value("last(acc, 2)"), 0.96);
  EXPECT_EQ(value("best(acc)"), 0.97);
  EXPECT_EQ(value("best(acc, min)"), 0.5);
  EXPECT_EQ(value("max(acc)"), 0.97);
  EXPECT_EQ(value("min(acc)"), 0.5);
  EXPECT_DOUBLE_EQ(value("mean(acc)"), 3.32 / 4);
  EXPECT_EQ(value("count(acc)"), 4);
  // Trapezoids by hand: 10 * 0.7 + 10 * 0.935 + 20 * 0.96 over a range of 40.
  EXPECT_DOUBLE_EQ(value("auc(acc)"), (7 + 9.35 + 19.2) / 40);
  EXPECT_DOUBLE_EQ(value("value_at(acc, 15)"), 0.935);
}

TEST(Measure, NeverReachedIsInfiniteAndNotMissing) {
  EXPECT_EQ(value("first_step(acc >= 0.97)"), 20);
  EXPECT_EQ(value("first_step(acc > 0.97)"), std::numeric_limits<double>::infinity());
}

TEST(Measure, FitsLinesAndPowerLaws) {
  // x = 10, 20, 40 and y = x^3 (the step 0 has no logarithm, so a series that avoids it).
  const std::vector<double> steps = {10, 20, 40}, cubes = {1000, 8000, 64000};
  const CellView view{.series = {{"cube", steps, cubes}, {"twice", steps, steps}}};
  EXPECT_NEAR(evaluate(parse_measure("loglog_slope(step, cube)"), view), 3, 1e-12);
  EXPECT_NEAR(evaluate(parse_measure("slope(twice, step)"), view), 1, 1e-14);
  EXPECT_NEAR(evaluate(parse_measure("r2(step, twice)"), view), 1, 1e-14);
}

TEST(Measure, KnowsResultsBuiltInsAndArithmetic) {
  EXPECT_EQ(value("accuracy"), 0.94);
  EXPECT_EQ(value("solved"), 1);
  EXPECT_EQ(value("seconds / count(acc)"), 2);
  EXPECT_EQ(value("-2^2 + 3 * (4 - 1) / abs(-9)"), -3);
  EXPECT_EQ(value("2^-1^2"), 0.5);
  EXPECT_DOUBLE_EQ(value("log(exp(2)) - sqrt(4) + max(1, final(acc), 3) - min(2, 1)"), 2);
}

TEST(Measure, PrintsToTextThatReadsBackToTheSameNumber) {
  for (const char* text : {"1 - (2 - 3)", "-(1 + 2)^2", "(2^3)^2", "2 / (3 * 4)", "best(acc, min)",
                           "first_step(acc >= 0.9) * \"accuracy\"", "--seconds", "2^-(1 - 3)"}) {
    EXPECT_EQ(value(to_string(parse_measure(text).root())), value(text)) << text;
  }
}

TEST(Measure, NamesWhatItNeeds) {
  const Measure measure = parse_measure("best(acc, min) + slope(step, loss) + f1 * seconds + f1");
  EXPECT_EQ(measure.series(), (std::vector<std::string>{"acc", "loss"}));
  EXPECT_EQ(measure.results(), std::vector<std::string>{"f1"});
}

TEST(Measure, SaysWhatTheRunDidReport) {
  EXPECT_THAT(error("final(ac)"), HasSubstr("did you mean 'acc'? series: acc, cube"));
  EXPECT_THAT(error("acuracy"), HasSubstr("did you mean 'accuracy'? results: accuracy"));
  EXPECT_THAT(error("acc"), HasSubstr("write final(acc)"));
  EXPECT_THAT(error("final(accuracy)"), HasSubstr("is a result"));
  EXPECT_THAT(error("note"), HasSubstr("a string, not a number"));
  EXPECT_THAT(error("peak_memory"), HasSubstr("not recorded"));
  EXPECT_THAT(error("1 / (seconds - 8)"), HasSubstr("division by zero"));
  EXPECT_THAT(error("last(acc, 5)"), HasSubstr("4 points"));
  EXPECT_THAT(error("value_at(acc, 41)"), HasSubstr("0 to 40"));
  EXPECT_THAT(error("loglog_slope(step, cube)"), HasSubstr("positive"));
}

TEST(Measure, PointsAtSyntaxErrors) {
  EXPECT_THAT(error("finel(acc)"), HasSubstr("did you mean 'final'?"));
  EXPECT_THAT(error("1 + )"), HasSubstr("expected a number, a name or '(', found ')'\n"
                                        "  1 + )\n"
                                        "      ^"));
  EXPECT_THAT(error("last(acc)"), HasSubstr("write last(acc, 3)"));
  EXPECT_THAT(error("last(acc, 0)"), HasSubstr("at least 1"));
  EXPECT_THAT(error("first_step(acc)"), HasSubstr("expected <, <=, > or >="));
  EXPECT_THAT(error("3x"), HasSubstr("neither a number nor a name"));
  EXPECT_THAT(error("final(\"acc)"), HasSubstr("never closed"));
  EXPECT_THAT(error("final(acc) 2"), HasSubstr("expected an operator or the end"));
}

TEST(Measure, BoundsDepthAndLength) {
  EXPECT_THAT(error(std::string(100'000, '(')), HasSubstr("nested deeper than 100"));
  EXPECT_THAT(error(std::string(100'000, '-') + "1"), HasSubstr("nested deeper than 100"));
  std::string sum = "1";
  for (int i = 0; i < 10'000; ++i) sum += "+1";
  EXPECT_THAT(error(sum), HasSubstr("longer than 2000"));
}

}  // namespace
}  // namespace ordo::claims
