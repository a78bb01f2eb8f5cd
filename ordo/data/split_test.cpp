#include "ordo/data/split.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/data/apportion.h"
#include "ordo/data/sampling.h"

namespace ordo::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// n examples of two bytes; the classes take turns unevenly.
Labelled some(std::int64_t n, std::int64_t classes = 3) {
  std::vector<std::uint8_t> elements;
  Labelled data{.source = "some"};
  for (std::int64_t example = 0; example < n; ++example) {
    elements.push_back(static_cast<std::uint8_t>(example % 251));
    elements.push_back(static_cast<std::uint8_t>(example / 251 % 251));
    data.labels.push_back(example * example % 7 % classes);
  }
  data.examples = Array::of(std::move(elements), {n, 2});
  for (std::int64_t label = 0; label < classes; ++label) {
    data.classes.push_back(std::to_string(label));
  }
  return data;
}

std::set<std::int64_t> set_of(IndexSpan indices) { return {indices.begin(), indices.end()}; }

// Every example of `expected` is in exactly one part.
void expect_partition(const Split& split, const std::vector<std::int64_t>& expected) {
  Indices all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  all.insert(all.end(), split.test.begin(), split.test.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, expected);
}

std::vector<std::int64_t> range(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(end - begin));
  std::iota(values.begin(), values.end(), begin);
  return values;
}

TEST(WarmStart, Oracle05Splits) {
  Labelled data = some(60000);
  data.own_training = 50000;
  const Split split = make_split(data, {.scheme = "within-train", .test = 1.0 / 3});
  EXPECT_EQ(split.train.size(), 33333U);
  EXPECT_EQ(split.test.size(), 16667U);
  expect_partition(split, range(0, 50000));

  const auto phases = two_phases(split.train);
  ASSERT_EQ(phases.size(), 2U);
  EXPECT_EQ(phases[0].size(), 16666U);
  EXPECT_EQ(phases[1].size() - phases[0].size(), 16667U);

  const auto pieces = chunks(split.train, 1000);
  const auto rounds = online_rounds(split.train, 1000);
  ASSERT_EQ(pieces.size(), 34U);
  ASSERT_EQ(rounds.size(), 34U);
  EXPECT_EQ(pieces.back().size(), 333U);
  std::set<std::int64_t> seen;
  for (std::size_t round = 0; round < rounds.size(); ++round) {
    const auto own = set_of(rounds[round]);
    EXPECT_TRUE(std::includes(own.begin(), own.end(), seen.begin(), seen.end())) << round;
    seen.insert(pieces[round].begin(), pieces[round].end());
    EXPECT_EQ(own, seen) << round;
  }
  EXPECT_EQ(seen, set_of(split.train));
}

TEST(Split, FractionsAreRoundedUpAndThePartsAreDisjoint) {
  const Split split = make_split(some(1797), {.test = 0.2, .validation = 0.1, .seed = 4});
  EXPECT_EQ(split.test.size(), 360U);        // ceil(359.4)
  EXPECT_EQ(split.validation.size(), 180U);  // ceil(179.7)
  expect_partition(split, range(0, 1797));
  EXPECT_EQ(make_split(some(10), {.test = 0.3}).test.size(), 3U) << "0.3 * 10 is above 3";
}

TEST(Split, IsAFunctionOfTheSeed) {
  const Labelled data = some(500);
  const Split first = make_split(data, {.seed = 1}), again = make_split(data, {.seed = 1});
  EXPECT_EQ(first.train, again.train);
  EXPECT_EQ(first.test, again.test);
  EXPECT_NE(first.train, make_split(data, {.seed = 2}).train);
}

TEST(Split, StratifiedGivesEachClassItsFractionToWithinOne) {
  const Labelled data = some(1000, 3);
  const Split split = make_split(data, {.test = 0.15, .validation = 0.2, .stratified = true});
  EXPECT_EQ(split.test.size(), 150U);
  EXPECT_EQ(split.validation.size(), 200U);
  expect_partition(split, range(0, 1000));
  const auto all = class_counts(data.labels, range(0, 1000), 3);
  const auto test = class_counts(data.labels, split.test, 3);
  const auto validation = class_counts(data.labels, split.validation, 3);
  for (std::size_t label = 0; label < 3; ++label) {
    EXPECT_NEAR(static_cast<double>(test[label]), 0.15 * static_cast<double>(all[label]), 1);
    // Validation is divided among what testing left, itself within one of its share.
    EXPECT_NEAR(static_cast<double>(validation[label]), 0.2 * static_cast<double>(all[label]), 1.5);
  }
}

TEST(Split, SourceKeepsTheSourcesTestSet) {
  Labelled data = some(100);
  EXPECT_THROW(make_split(data, {.scheme = "source"}), UsageError);
  data.own_training = 80;
  const Split split = make_split(data, {.scheme = "source", .test = 0.5, .validation = 0.1});
  EXPECT_EQ(split.test, range(80, 100));
  EXPECT_EQ(split.validation.size(), 8U);
  EXPECT_EQ(split.train.size(), 72U);
  expect_partition(split, range(0, 100));
}

TEST(Split, AutoTakesTheSourcesTestSetWhereItHasOne) {
  Labelled data = some(100);
  const Split random = make_split(data, {});
  EXPECT_EQ(random.test.size(), 20U);
  EXPECT_EQ(random.test, make_split(data, {.scheme = "random"}).test);
  data.own_training = 80;
  EXPECT_EQ(make_split(data, {}).test, range(80, 100));
}

TEST(Split, RefusesToLeaveNothingToTrainOn) {
  EXPECT_THROW(make_split(some(10), {.test = 1}), UsageError);
  EXPECT_THROW(make_split(some(10), {.test = 0.5, .validation = 0.5}), UsageError);
  EXPECT_THROW(make_split(some(0), {}), UsageError);
}

class FixedSplit : public testing::Test {
 protected:
  // The message of the error that `fixed_split` ends with.
  template <class Kind>
  std::string refusal(const Labelled& data, const SplitOptions& options) const {
    try {
      fixed_split(data, options, file_);
    } catch (const Kind& error) {
      return error.what();
    }
    return "none";
  }

  TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "split.json";
  SplitOptions options_ = {.test = 0.25, .validation = 0.1, .seed = 9};
};

TEST_F(FixedSplit, IsRecordedAtFirstUseAndComesBack) {
  const Labelled data = some(300);
  const Split first = fixed_split(data, options_, file_);
  const std::string record = read_file(file_);
  EXPECT_LT(record.size(), 1000U) << "a seed and hashes, no indices";
  const Split again = fixed_split(data, options_, file_);
  EXPECT_EQ(again.train, first.train);
  EXPECT_EQ(again.validation, first.validation);
  EXPECT_EQ(again.test, first.test);
  EXPECT_EQ(read_file(file_), record);
}

TEST_F(FixedSplit, RefusesDataThatChanged) {
  fixed_split(some(300), options_, file_);
  Labelled other = some(300);
  other.labels[7] = (other.labels[7] + 1) % 3;
  EXPECT_THAT(refusal<InputError>(other, options_), HasSubstr("its examples 0 to 299 differ"));
  EXPECT_THAT(refusal<InputError>(some(299), options_), HasSubstr("expected at least 300"));
  other = some(300);
  std::vector<std::uint8_t> elements(other.examples.as<std::uint8_t>().begin(),
                                     other.examples.as<std::uint8_t>().end());
  elements[599] ^= 1U;
  other.examples = Array::of(std::move(elements), {300, 2});
  EXPECT_THAT(refusal<InputError>(other, options_), HasSubstr("differ"));
}

TEST_F(FixedSplit, RefusesOtherOptionsAndAnEditedRecord) {
  const Labelled data = some(300);
  fixed_split(data, options_, file_);
  SplitOptions other = options_;
  other.seed = 10;
  EXPECT_THAT(refusal<UsageError>(data, other), HasSubstr("stays as it was first made"));
  std::string record = read_file(file_);
  record.replace(record.find("\"split-seed\": 9"), 15, "\"split-seed\": 8");
  write_file_atomic(file_, record);
  EXPECT_THAT(refusal<InputError>(data, other), HasSubstr("divided otherwise than recorded"));
  write_file_atomic(file_, "{\"ordo_split\": 2}");
  EXPECT_THAT(refusal<InputError>(data, options_), HasSubstr("version 2"));
}

TEST_F(FixedSplit, GrowsWithItsDataWithoutMovingAnExample) {
  const Split first = fixed_split(some(300), options_, file_);
  const Split second = fixed_split(some(420), options_, file_);
  ASSERT_EQ(second.rounds.size(), 2U);
  const auto beginning = [](const Indices& indices, std::size_t size) {
    return Indices(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(size));
  };
  EXPECT_EQ(beginning(second.train, first.train.size()), first.train);
  EXPECT_EQ(beginning(second.test, first.test.size()), first.test);
  EXPECT_EQ(second.test.size(), first.test.size() + 30);
  expect_partition(second, range(0, 420));
  const Split again = fixed_split(some(420), options_, file_);
  EXPECT_EQ(again.train, second.train);
  EXPECT_THAT(refusal<InputError>(some(400), options_), HasSubstr("expected at least 420"));
}

TEST_F(FixedSplit, TakesTheSameValuesInAnotherType) {
  const Labelled bytes = some(200);
  Labelled floats = bytes;
  const auto elements = bytes.examples.as<std::uint8_t>();
  floats.examples = Array::of(std::vector<float>(elements.begin(), elements.end()), {200, 2});
  EXPECT_EQ(hash_of(bytes), hash_of(floats));
  fixed_split(bytes, options_, file_);
  EXPECT_NO_THROW(fixed_split(floats, options_, file_));
}

}  // namespace
}  // namespace ordo::data
