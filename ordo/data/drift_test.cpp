#include "ordo/data/drift.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/random.h"

namespace ordo::data {
namespace {

using testing::HasSubstr;

// `columns` columns of normal numbers; column 1 has another mean and spread.
Labelled table(std::int64_t rows, std::int64_t columns, std::uint64_t seed, double mean = 0,
               double spread = 1) {
  Random random(seed);
  Labelled data{.source = "table"};
  std::vector<float> values;
  for (std::int64_t place = 0; place < rows * columns; ++place) {
    const double value = random.normal();
    values.push_back(static_cast<float>(place % columns == 1 ? mean + spread * value : value));
  }
  data.examples = Array::of(std::move(values), {rows, columns});
  data.labels.resize(static_cast<std::size_t>(rows));
  data.classes = {"0"};
  for (std::int64_t column = 0; column < columns; ++column) {
    data.features.push_back("f" + std::to_string(column));
  }
  return data;
}

Indices all_of(const Labelled& data) {
  Indices indices(static_cast<std::size_t>(data.size()));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

Drift drift_of(const Labelled& old_data, const Labelled& new_data) {
  const Scaler scaler = fit_scaler(old_data, all_of(old_data), Scaling::standard);
  return drift(scaler, new_data, all_of(new_data));
}

TEST(Drift, FindsTheColumnThatMoved) {
  const Drift mean = drift_of(table(2000, 4, 1), table(500, 4, 2, 1.0));
  ASSERT_EQ(mean.moved.size(), 1U);
  EXPECT_EQ(mean.moved[0].name, "f1");
  // The mean of 500 about 1 in units of a deviation estimated from 2000: five standard errors.
  EXPECT_NEAR(mean.moved[0].mean_shift, 1, 5 * (1 / std::sqrt(500.0) + 2 / std::sqrt(2000.0)));
  const Drift spread = drift_of(table(2000, 4, 1), table(500, 4, 2, 0, 3));
  ASSERT_EQ(spread.moved.size(), 1U);
  EXPECT_NEAR(spread.moved[0].spread_ratio, 3, 3 * 5 * (1 / std::sqrt(1000.0) + 1 / 60.0));
  EXPECT_GT(spread.moved[0].outside, 0.1);
  EXPECT_THAT(to_text(spread), HasSubstr("1 of 4 inputs have moved"));
}

TEST(Drift, IsSilentForNewDataFromTheSamePlace) {
  for (std::uint64_t seed = 2; seed < 22; ++seed) {
    for (const std::int64_t rows : {1, 5, 19, 20, 50, 500}) {
      EXPECT_TRUE(drift_of(table(2000, 10, 1), table(rows, 10, seed)).moved.empty())
          << rows << " rows, seed " << seed;
    }
  }
}

TEST(Drift, CallsAnyChangeOfAConstantColumnInfinite) {
  const Labelled before = table(100, 2, 1, 3, 0);
  EXPECT_TRUE(drift_of(before, table(50, 2, 2, 3, 0)).moved.empty());
  const Drift found = drift_of(before, table(50, 2, 2, 4, 0));
  ASSERT_EQ(found.moved.size(), 1U);
  EXPECT_EQ(found.moved[0].mean_shift, std::numeric_limits<double>::infinity());
  EXPECT_EQ(found.moved[0].outside, 1);
}

TEST(Drift, NamesWhatHasNoName) {
  Labelled before = table(100, 2, 1, 3, 0), after = table(50, 2, 2, 4, 0);
  before.features.clear();
  after.features.clear();
  EXPECT_EQ(drift_of(before, after).moved.at(0).name, "feature 1");
}

TEST(Drift, RefusesDataThatTheScalingDoesNotFit) {
  EXPECT_THROW(drift_of(table(20, 3, 1), table(20, 4, 1)), InputError);
}

}  // namespace
}  // namespace ordo::data
