#include "ordo/data/scaler.h"

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

Indices all_of(const Labelled& data) {
  Indices indices(static_cast<std::size_t>(data.size()));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

Labelled random_bytes(Shape shape, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(count_of(shape)));
  for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(random.below(256));
  Labelled data{.source = "bytes", .labels = std::vector<std::int64_t>(values.size())};
  data.labels.resize(static_cast<std::size_t>(shape[0]));
  data.examples = Array::of(std::move(values), std::move(shape));
  data.classes = {"0"};
  data.range = ValueRange{0, 255};
  return data;
}

Labelled random_table(std::int64_t rows, std::int64_t columns, double mean, double deviation) {
  Random random(11);
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  for (float& value : values) value = static_cast<float>(mean + deviation * random.normal());
  Labelled data{.source = "table"};
  data.labels.resize(static_cast<std::size_t>(rows));
  data.classes = {"0"};
  data.examples = Array::of(std::move(values), {rows, columns});
  for (std::int64_t column = 0; column < columns; ++column) {
    data.features.push_back("f" + std::to_string(column));
  }
  return data;
}

std::vector<float> gathered(const Scaler& scaler, const Labelled& data, const Indices& which) {
  std::vector<float> out(which.size() * static_cast<std::size_t>(data.example_count()));
  gather(scaler, data, which, out);
  return out;
}

TEST(Scaler, StandardGivesEachChannelMeanZeroAndDeviationOne) {
  const Labelled data = random_bytes({50, 3, 4, 5}, 1);
  const Indices some = {4, 9, 17, 30, 31, 49};
  const Scaler scaler = fit_scaler(data, some, Scaling::standard);
  ASSERT_EQ(scaler.groups(), 3);
  const std::vector<float> scaled = gathered(scaler, data, some);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    double sum = 0, squares = 0;
    for (std::size_t example = 0; example < some.size(); ++example) {
      for (std::size_t pixel = 0; pixel < 20; ++pixel) {
        const double value = scaled[example * 60 + channel * 20 + pixel];
        sum += value;
        squares += value * value;
      }
    }
    // 120 values below 2 with float rounding of shift (2^-17) and factor (2^-24 relative).
    EXPECT_NEAR(sum / 120, 0, 1e-6);
    EXPECT_NEAR(squares / 120, 1, 1e-6);
  }
}

TEST(Scaler, TablesAreScaledByColumnAndGreyImagesAsAWhole) {
  EXPECT_EQ(fit_scaler(random_table(20, 7, 0, 1), Indices{1, 2, 3}, Scaling::standard).groups(), 7);
  EXPECT_EQ(fit_scaler(random_bytes({5, 6, 6}, 2), Indices{1, 2}, Scaling::standard).groups(), 1);
}

TEST(Scaler, BytesAndFloatsHaveTheSameStatistics) {
  const Labelled bytes = random_bytes({40, 3, 4, 4}, 3);
  Labelled floats = bytes;
  const auto values = bytes.examples.as<std::uint8_t>();
  floats.examples = Array::of(std::vector<float>(values.begin(), values.end()), {40, 3, 4, 4});
  const Scaler a = fit_scaler(bytes, all_of(bytes), Scaling::standard);
  const Scaler b = fit_scaler(floats, all_of(floats), Scaling::standard);
  for (std::size_t group = 0; group < 3; ++group) {
    EXPECT_EQ(a.fitted[group].mean, b.fitted[group].mean);
    // Two ways to add 640 squares below 2^16: 640 roundings of 2^-53 relative.
    EXPECT_NEAR(a.fitted[group].deviation, b.fitted[group].deviation, 1e-13 * 256);
    EXPECT_EQ(a.fitted[group].low, b.fitted[group].low);
    EXPECT_EQ(a.fitted[group].high, b.fitted[group].high);
  }
  EXPECT_EQ(gathered(a, bytes, {7, 3}), gathered(a, floats, {7, 3}));
}

TEST(Scaler, UnitAndCentredMapTheRange) {
  Labelled data;
  data.source = "grey";
  data.examples = Array::of(std::vector<std::uint8_t>{0, 8, 16, 4}, {2, 1, 2});
  data.labels = {0, 0};
  data.classes = {"0"};
  data.range = ValueRange{0, 16};
  const Indices both = {0, 1};
  EXPECT_EQ(gathered(fit_scaler(data, both, Scaling::unit), data, both),
            (std::vector<float>{0, 0.5F, 1, 0.25F}));
  EXPECT_EQ(gathered(fit_scaler(data, both, Scaling::centred), data, both),
            (std::vector<float>{-1, 0, 1, -0.5F}));
  EXPECT_EQ(gathered(fit_scaler(data, both, Scaling::none), data, both),
            (std::vector<float>{0, 8, 16, 4}));
  data.range.reset();
  EXPECT_EQ(gathered(fit_scaler(data, Indices{0}, Scaling::unit), data, Indices{0}),
            (std::vector<float>{0, 1}))
      << "without a declared range, what was fitted on";
}

TEST(Scaler, AColumnWithoutSpreadIsOnlyShifted) {
  Labelled data = random_table(3, 1, 0, 1);
  data.examples = Array::of(std::vector<float>{0.1F, 0.1F, 0.1F}, {3, 1});
  const Scaler scaler = fit_scaler(data, all_of(data), Scaling::standard);
  EXPECT_EQ(scaler.factor, std::vector<float>{1});
  EXPECT_EQ(gathered(scaler, data, {0}), std::vector<float>{0});
}

TEST(Scaler, ComesBackFromJsonBitByBit) {
  const Labelled data = random_table(30, 4, 3, 0.1);
  const Scaler scaler = fit_scaler(data, all_of(data), Scaling::standard);
  const Scaler back = scaler_from_json(parse_json(to_json(scaler).dump(2)), "model.json");
  EXPECT_EQ(back.shift, scaler.shift);
  EXPECT_EQ(back.factor, scaler.factor);
  EXPECT_EQ(back.names, scaler.names);
  EXPECT_EQ(to_json(back).dump(), to_json(scaler).dump());
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

TEST(Scaler, RefusesMalformedRecordsByPlace) {
  const Labelled data = random_table(30, 2, 3, 0.1);
  const std::string good = to_json(fit_scaler(data, all_of(data), Scaling::standard)).dump();
  const auto read = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return refusal([&] { scaler_from_json(parse_json(text), "model.json"); });
  };
  EXPECT_THAT(read("\"ordo_scaler\":1", "\"ordo_scaler\":7"), HasSubstr("/ordo_scaler: version 7"));
  EXPECT_THAT(read("standard", "standrad"),
              HasSubstr("/scaling: there is no input scaling 'standrad'"));
  EXPECT_THAT(read("\"shift\":[", "\"shift\":[1,"),
              HasSubstr("/shift: expected 2 numbers, found 3"));
  EXPECT_THAT(read("\"factor\":[", "\"factor\":[\"nan\","), HasSubstr("/factor: expected finite"));
  EXPECT_THAT(read("[2]", "[-2]"), HasSubstr("/example_shape"));
  EXPECT_THAT(read("\"names\":[", "\"names\":[\"x\","), HasSubstr("expected 2 names, found 3"));
}

TEST(Scaler, RefusesDataOfAnotherShapeOrOtherColumns) {
  const Labelled data = random_table(30, 2, 3, 0.1);
  const Scaler scaler = fit_scaler(data, all_of(data), Scaling::standard);
  EXPECT_NO_THROW(require_fits(scaler, data));
  EXPECT_THAT(refusal([&] { require_fits(scaler, random_table(30, 3, 0, 1)); }),
              HasSubstr("examples are shaped [3], those the input scaling was fitted on [2]"));
  Labelled swapped = data;
  std::swap(swapped.features[0], swapped.features[1]);
  EXPECT_THAT(refusal([&] { require_fits(scaler, swapped); }),
              HasSubstr("f1: expected the column 'f0' here"));
}

}  // namespace
}  // namespace ordo::data
