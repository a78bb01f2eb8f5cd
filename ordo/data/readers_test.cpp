#include "ordo/data/readers.h"

#include <functional>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/npy.h"

namespace ordo::data {
namespace {

std::vector<double> elements(const Labelled& data) { return data.examples.to_doubles(); }

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

// ---- CSV ----

TEST(LabelledCsv, TakesTheLabelColumnAndLeavesOthersOut) {
  const std::string text =
      "id,width,kind,height\nq1,1.5,cat,2\nq2,-3,\"a, dog\",+4e1\nq3,0,cat,0\n";
  const Labelled data = parse_labelled_csv(text, "t.csv", {.label = "kind", .drop = {"id"}});
  EXPECT_EQ(data.features, (std::vector<std::string>{"width", "height"}));
  EXPECT_EQ(data.examples.shape(), (Shape{3, 2}));
  EXPECT_EQ(data.examples.dtype(), Dtype::float32);
  EXPECT_EQ(elements(data), (std::vector<double>{1.5, 2, -3, 40, 0, 0}));
  EXPECT_EQ(data.classes, (std::vector<std::string>{"a, dog", "cat"}));
  EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 0, 1}));
}

TEST(LabelledCsv, HasBytesWhereEveryNumberIsOne) {
  EXPECT_EQ(parse_labelled_csv("a,label\n255,0\n0,1\n", "t").examples.dtype(), Dtype::uint8);
  EXPECT_EQ(parse_labelled_csv("a,label\n256,0\n0,1\n", "t").examples.dtype(), Dtype::float32);
}

TEST(LabelledCsv, ReadsTabsAndMarksAndWindowsLines) {
  const Labelled data =
      parse_labelled_csv("\xEF\xBB\xBFx\tlabel\r\n7\tb\r\n\r\n8\ta\r\n", "t.tsv.gz");
  EXPECT_EQ(elements(data), (std::vector<double>{7, 8}));
  EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 0}));
}

TEST(LabelledCsv, OrdersClassesAsNumbersWhereAllAreIntegers) {
  const auto classes = [](const std::string& labels) {
    std::string text = "x,label\n";
    for (const char c : labels) text += c == ' ' ? std::string("\n0,") : std::string(1, c);
    return parse_labelled_csv(text + "\n", "t").classes;
  };
  EXPECT_EQ(classes(" 10 9 10.0 -1"), (std::vector<std::string>{"-1", "9", "10"}));
  EXPECT_EQ(classes(" 10 9 x"), (std::vector<std::string>{"10", "9", "x"}));
}

TEST(LabelledCsv, SaysFileLineAndColumnOfWhatIsWrong) {
  const auto message = [](const std::string& text, const LoadOptions& options = {}) {
    return refusal([&] { parse_labelled_csv(text, "t.csv", options); });
  };
  const std::string advice =
      "; fill in what is missing, code categories as numbers, or leave the column out by --drop";
  EXPECT_EQ(message("a,b,label\n1,2,0\n3,x,1\n"),
            "t.csv:3:3: b: expected a finite number, found 'x'" + advice);
  EXPECT_EQ(message("a,b,label\n1,2,0\n\n3,,1\n"),
            "t.csv:4:3: b: expected a finite number, found an empty field" + advice);
  EXPECT_EQ(message("a,b,label\n1,\"2\n\",0\n"),
            "t.csv:2:4: b: expected a finite number, found '2\n'" + advice);
  EXPECT_EQ(message("a,label\n1e39,0\n"),
            "t.csv:2:1: a: expected a finite number, found '1e39'" + advice);
  EXPECT_EQ(message("a,label\nnan,0\n"),
            "t.csv:2:1: a: expected a finite number, found 'nan'" + advice);
  EXPECT_EQ(message("a,label\n1,\n"), "t.csv:2:3: label: expected a class, found an empty field");
  EXPECT_EQ(message("a,label\n1,3\n1,3.5\n"),
            "t.csv:3:3: label: expected a class, found the number 3.5; classes are integers or "
            "words");
  EXPECT_EQ(message("a,lable\n1,0\n"),
            "t.csv:1: there is no column 'label', the column of classes; choose it by --label; did "
            "you mean 'lable'?");
  EXPECT_EQ(message("a,label\n1,0\n", {.drop = {"b"}}),
            "t.csv:1: there is no column 'b', to leave out; there are a, label");
  EXPECT_EQ(message("a,label,a\n1,0,1\n"), "t.csv:1:9: two columns are named 'a'");
  EXPECT_EQ(message("label\n1\n"), "t.csv:1: expected columns of features beside the class");
  EXPECT_EQ(message("a,label\n1\n"), "t.csv:2:1: expected 2 fields, found 1");
  EXPECT_EQ(message("a,label\n1,x\n2,z\n", {.classes = {"x", "y"}}),
            "t.csv:3:3: label: the class 'z' is new; the 2 known ones are x, y");
  EXPECT_EQ(message(""), "t.csv: expected a header line");
}

TEST(LabelledCsv, WithoutRowsHasNoExamples) {
  const Labelled data = parse_labelled_csv("a,b,label\n", "t");
  EXPECT_EQ(data.examples.shape(), (Shape{0, 2}));
  EXPECT_EQ(data.size(), 0);
  EXPECT_TRUE(data.classes.empty());
}

// ---- NPZ ----

const Array kX = Array::of(std::vector<float>{1, 2, 3, 4}, {2, 2});
const Array kY = Array::of(std::vector<std::int64_t>{5, 3});

TEST(LabelledNpz, FindsItsArraysByTheirUsualNames) {
  for (const auto& [x, y] : std::vector<std::pair<std::string, std::string>>{
           {"x", "y"}, {"X", "y"}, {"images", "labels"}, {"data", "target"}}) {
    const Labelled data = parse_labelled_npz(to_npz({{y, kY}, {x, kX}, {"other", kX}}), "t.npz");
    EXPECT_EQ(elements(data), (std::vector<double>{1, 2, 3, 4}));
    EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 0}));
    EXPECT_EQ(data.own_training, 0);
  }
}

TEST(LabelledNpz, KeepsItsOwnTestSet) {
  const Array one = Array::of(std::vector<float>{9, 8}, {1, 2});
  const Array label_of_one = Array::of(std::vector<std::int64_t>{5});
  const Labelled data = parse_labelled_npz(
      to_npz({{"x_test", one}, {"x_train", kX}, {"y_train", kY}, {"y_test", label_of_one}}), "t");
  EXPECT_EQ(data.own_training, 2);
  EXPECT_EQ(elements(data), (std::vector<double>{1, 2, 3, 4, 9, 8}));
  EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 0, 1}));
}

TEST(LabelledNpz, NamesTheArraysFoundWhereItsOwnAreMissing) {
  EXPECT_EQ(refusal([] { parse_labelled_npz(to_npz({{"x", kX}, {"z", kY}}), "t.npz"); }),
            "t.npz: expected arrays x and y, or x_train, y_train, x_test and y_test; found x, z");
  EXPECT_EQ(refusal([] {
              parse_labelled_npz(
                  to_npz({{"x_train", kX}, {"y_train", kY}, {"x_test", kY}, {"y_test", kY}}),
                  "t.npz");
            }),
            "t.npz: float32 of shape [2, 2] and int64 of shape [2] do not follow each other");
  EXPECT_EQ(refusal([] {
              const Array three = Array::of(std::vector<std::int64_t>{5, 3, 5});
              const Array one = Array::of(std::vector<std::int64_t>{3});
              parse_labelled_npz(
                  to_npz({{"x_train", kX}, {"y_train", three}, {"x_test", kX}, {"y_test", one}}),
                  "t.npz");
            }),
            "t.npz: examples [2, 2] and labels [3] of the training set differ in number");
}

// ---- images ----

std::string digits_json(const std::string& level, std::size_t count) {
  std::string text = "{ \"data\": [";
  for (std::size_t place = 0; place < count; ++place) text += (place > 0 ? "," : "") + level;
  return text + "] }\n";
}

TEST(DigitsJson, TurnsEveryRoundedLevelIntoItsByte) {
  for (int level = 0; level < 256; ++level) {
    char rounded[16];
    std::snprintf(rounded, sizeof rounded, "%.3f", level / 255.0);
    const Array image = parse_digits_json(digits_json(rounded, 784));
    EXPECT_EQ(image.shape(), (Shape{1, 28, 28}));
    EXPECT_EQ(image.as<std::uint8_t>()[783], level);
  }
}

TEST(DigitsJson, SaysWhereItIsMalformed) {
  const auto message = [](const std::string& text) {
    return refusal([&] { parse_digits_json(text, "3.json"); });
  };
  const std::string level = "expected a grey level k / 255 to three decimals, from 0 to 1";
  EXPECT_EQ(message("{\"data\":\n [0, 1.5]}"), "3.json:2:6: " + level);
  EXPECT_EQ(message("{\"data\": [0, 0.002]}"), "3.json:1:14: " + level);
  EXPECT_EQ(message("{\"data\": [0, x]}"), "3.json:1:14: " + level);
  EXPECT_EQ(message("{\"date\": []}"), "3.json:1:2: expected \"data\"");
  EXPECT_EQ(message("{\"data\": [0 0]}"), "3.json:1:13: expected ']'");
  EXPECT_EQ(message("{\"data\": []} x"), "3.json:1:14: expected the end of the file");
  EXPECT_EQ(message(digits_json("0", 785)),
            "3.json: 785 grey levels are no whole images of 28 x 28");
}

TEST(Cifar, TakesLabelsAndPixelsApart) {
  std::string bytes;
  for (int image = 0; image < 2; ++image) {
    bytes += static_cast<char>(7 + image);
    for (int pixel = 0; pixel < 3072; ++pixel) bytes += static_cast<char>(image + pixel % 200);
  }
  const auto [images, labels] = parse_cifar(bytes, "b", Cifar::ten);
  EXPECT_EQ(images.shape(), (Shape{2, 3, 32, 32}));
  EXPECT_EQ(labels.to_doubles(), (std::vector<double>{7, 8}));
  EXPECT_EQ(images.as<std::uint8_t>()[3072 + 1024], 1 + 1024 % 200) << "image 1, green, pixel 0";

  std::string fine(1 + 3073, '\0');
  fine[1] = 42;
  EXPECT_EQ(parse_cifar(fine, "b", Cifar::hundred).second.to_doubles(), std::vector<double>{42});
  EXPECT_EQ(refusal([&] { parse_cifar(bytes + "x", "b.bin", Cifar::ten); }),
            "b.bin: 6147 bytes are no whole records of 3073");
}

}  // namespace
}  // namespace ordo::data
