#include "ordo/data/labelled.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::data {
namespace {

const Array kLabels = Array::of(std::vector<std::uint8_t>{7, 3, 7});

TEST(Label, KeepsBytesAndFloatsInPlace) {
  const Array bytes = Array::of(std::vector<std::uint8_t>(12), {3, 2, 2});
  const Labelled data = label(bytes, kLabels, "x");
  EXPECT_EQ(data.examples.bytes().data(), bytes.bytes().data());
  EXPECT_EQ(data.examples.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 0, 1}));
  EXPECT_EQ(data.classes, (std::vector<std::string>{"3", "7"}));
  const Array floats = Array::of(std::vector<float>(3));
  EXPECT_EQ(label(floats, kLabels, "x").examples.bytes().data(), floats.bytes().data());
  EXPECT_EQ(label(floats, kLabels, "x").example_shape(), (Shape{1}));
}

TEST(Label, MakesBytesOfExactIntegersAndFloatsOfTheRest) {
  const auto type = [](Array examples) { return label(examples, kLabels, "x").examples.dtype(); };
  EXPECT_EQ(type(Array::of(std::vector<std::int64_t>{0, 16, 255})), Dtype::uint8);
  EXPECT_EQ(type(Array::of(std::vector<std::int64_t>{0, 16, 256})), Dtype::float32);
  EXPECT_EQ(type(Array::of(std::vector<std::int64_t>{0, -1, 2})), Dtype::float32);
  EXPECT_EQ(type(Array::of(std::vector<double>{0, 0.5, 2})), Dtype::float32);
}

TEST(Label, TurnsChannelsFirst) {
  // Element value = 100 c + 10 h + w.
  std::vector<std::uint8_t> last;
  for (int h = 0; h < 2; ++h) {
    for (int w = 0; w < 5; ++w) {
      for (int c = 0; c < 3; ++c) last.push_back(static_cast<std::uint8_t>(100 * c + 10 * h + w));
    }
  }
  const Labelled data =
      label(Array::of(last, {1, 2, 5, 3}), Array::of(std::vector<std::int64_t>{0}, {1, 1}), "x");
  EXPECT_EQ(data.examples.shape(), (Shape{1, 3, 2, 5}));
  std::vector<std::uint8_t> expected;
  for (int c = 0; c < 3; ++c) {
    for (int h = 0; h < 2; ++h) {
      for (int w = 0; w < 5; ++w)
        expected.push_back(static_cast<std::uint8_t>(100 * c + 10 * h + w));
    }
  }
  EXPECT_EQ(std::vector<std::uint8_t>(data.examples.as<std::uint8_t>().begin(),
                                      data.examples.as<std::uint8_t>().end()),
            expected);
}

std::string refusal(const Array& examples, const Array& labels, const LoadOptions& options = {}) {
  try {
    label(examples, labels, "file", options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

TEST(Label, SaysWhatDoesNotFit) {
  const Array ok = Array::of(std::vector<float>(6), {3, 2});
  EXPECT_EQ(refusal(ok, Array::of(std::vector<float>{0, 1, 0.5F})),
            "file: label 2: expected an integer, found 0.5");
  EXPECT_EQ(refusal(ok, Array::of(std::vector<float>{0, 1})),
            "file: expected a label for each of 3 examples, shape [3]; found [2]");
  EXPECT_EQ(refusal(Array::of(std::vector<float>{0, 1, 2, 3, NAN, 5}, {3, 2}), kLabels),
            "file: example 2, element 0 is nan; expected finite numbers");
  EXPECT_EQ(refusal(ok, kLabels, {.classes = {"7", "8"}}),
            "file: label 1: the class '3' is new; the 2 known ones are 7, 8");
  EXPECT_EQ(refusal(Array::of(std::vector<float>{1}, {}), kLabels),
            "file: expected examples shaped [n, features...], found a number");
}

TEST(Label, KeepsThePlacesOfKnownClasses) {
  const Labelled data =
      label(Array::of(std::vector<float>(3)), kLabels, "x", {.classes = {"9", "7", "5", "3"}});
  EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 3, 1}));
  EXPECT_EQ(data.classes.size(), 4U);
}

TEST(HashOf, SeesValuesShapesAndClassNames) {
  const auto hash = [](std::vector<float> values, Shape shape, std::vector<std::int64_t> labels) {
    return hash_of(
        label(Array::of(std::move(values), std::move(shape)), Array::of(std::move(labels)), "x"));
  };
  const std::string base = hash({1, 2, 3, 4}, {2, 2}, {0, 1});
  EXPECT_EQ(hash({1, 2, 3, 4}, {2, 2}, {0, 1}), base);
  EXPECT_NE(hash({1, 2, 3, 5}, {2, 2}, {0, 1}), base);
  EXPECT_NE(hash({1, 2, 3, 4.5}, {2, 2}, {0, 1}), base);
  EXPECT_NE(hash({1, 2, 3, 4}, {2, 2, 1}, {0, 1}), base);
  EXPECT_NE(hash({1, 2, 3, 4}, {2, 2}, {0, 2}), base);
  EXPECT_NE(hash({1, 2, 3, 4}, {2, 2}, {0, 0}), base);
}

}  // namespace
}  // namespace ordo::data
