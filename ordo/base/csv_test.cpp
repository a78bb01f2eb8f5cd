#include "ordo/base/csv.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "ordo/base/archive.h"
#include "ordo/base/file.h"
#include "ordo/base/random.h"

namespace ordo {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(std::string_view text, CsvOptions options = {.header = CsvHeader::absent}) {
  Rows rows;
  visit_csv(text, "t.csv", options,
            [&](const CsvRow& row) { rows.emplace_back(row.fields.begin(), row.fields.end()); });
  return rows;
}

std::string message_of(std::string_view text, const CsvOptions& options = {}) {
  try {
    parse_csv(text, "t.csv", options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Csv, SplitsFieldsAsRfc4180Says) {
  const Rows wanted = {{"a", "b,c", "d\"e"}, {"", "f\r\ng", ""}};
  EXPECT_EQ(rows_of("a,\"b,c\",\"d\"\"e\"\r\n,\"f\r\ng\",\r\n"), wanted);
  EXPECT_EQ(rows_of("\xEF\xBB\xBF"
                    "a,\"b,c\",\"d\"\"e\"\n\n,\"f\r\ng\",\"\""),
            wanted);
  EXPECT_EQ(rows_of("a;b,c;\"\"\"\"\n", {.delimiter = ';', .header = CsvHeader::absent}),
            (Rows{{"a", "b,c", "\""}}));
  EXPECT_TRUE(rows_of("").empty());
  EXPECT_EQ(rows_of("a,b\r"), (Rows{{"a", "b"}}));
}

TEST(Csv, InfersTheNarrowestTypeOverTheWholeFile) {
  const CsvTable table = parse_csv("i,n,t,e,mixed\n1,1,1,,007\n-2,2.5,x,3,1e400x\n+3,,é,4,8\n");
  EXPECT_EQ(std::get<0>(table.at("i").values), (std::vector<std::int64_t>{1, -2, 3}));
  const std::vector<double> numbers = table.numbers("n");
  EXPECT_EQ(numbers[0], 1);
  EXPECT_EQ(numbers[1], 2.5);
  EXPECT_TRUE(std::isnan(numbers[2]));
  EXPECT_EQ(table.texts("t")[0], "1");
  EXPECT_EQ(table.texts("t")[2], "é");
  EXPECT_TRUE(std::isnan(table.numbers("e")[0]));
  // What was read as the integer 7 keeps its zeros when the column turns out to be text.
  EXPECT_EQ(table.texts("mixed")[0], "007");
}

TEST(Csv, KeepsDeclaredTypes) {
  const CsvTable table =
      parse_csv("zip,x\n01234,1\n", "t.csv",
                {.types = {{"zip", ColumnType::text}, {"x", ColumnType::number}}});
  EXPECT_EQ(table.texts("zip")[0], "01234");
  EXPECT_EQ(table.at("x").type(), ColumnType::number);
}

TEST(Csv, ErrorsNameLineColumnAndColumnName) {
  EXPECT_EQ(message_of("a,b\n1,2\n3\n"), "t.csv:3:1: expected 2 fields, found 1");
  EXPECT_EQ(message_of("a,b\n\"1\n\",2\n3,4,5\n"), "t.csv:4:5: expected 2 fields, found 3");
  EXPECT_EQ(message_of("a,b\n1,x\n", {.types = {{"b", ColumnType::integer}}}),
            "t.csv:2:3: b: expected an integer, found 'x'");
  EXPECT_EQ(message_of("a\n\"x\n"), "t.csv:2:1: this quoted field never ends");
  EXPECT_TRUE(message_of("a,b\n1,x\"y\n").starts_with("t.csv:2:4: a quote inside"));
  EXPECT_TRUE(message_of("a\n\"x\"y\n").starts_with("t.csv:2:4: expected a delimiter"));
  EXPECT_EQ(message_of("a,a\n"), "t.csv:1: two columns are named 'a'");
  EXPECT_EQ(message_of("a\n", {.types = {{"b", ColumnType::text}}}),
            "t.csv:1: the column 'b' is missing");
  EXPECT_THROW(parse_csv("alpha\n1\n").at("alhpa"), InputError);
  EXPECT_THROW(parse_csv("alpha\nx\n").numbers("alpha"), InputError);
  EXPECT_THROW(parse_csv("a", "x", {.delimiter = '"'}), UsageError);
}

TEST(Csv, ReadsNumbersAsStrtodDoes) {
  Random random(7);
  std::string text = "x\n";
  std::vector<double> wanted;
  for (int row = 0; row < 20'000; ++row) {
    char buffer[64];
    const double value = std::ldexp(random.uniform() - 0.5, row % 200 - 100);
    std::snprintf(buffer, sizeof buffer, row % 2 != 0 ? "%.*g" : "%.*f", row % 18, value);
    text += std::string(buffer) + "\n";
    wanted.push_back(std::strtod(buffer, nullptr));
  }
  EXPECT_EQ(parse_csv(text, "t", {.types = {{"x", ColumnType::number}}}).numbers("x"), wanted);
}

TEST(Csv, ReadsBackWhatItWrote) {
  const CsvTable table(
      "t",
      {{"a \"name\"", std::vector<std::string>{"", "x,y", "line\nbreak", "\"", "\r"}},
       {"n", std::vector<double>{0.1, 1e300, -0.5, 5e-324, 3}},
       {"i", std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 0, 1, 2, 3}}});
  for (const char delimiter : {',', ';', '\t'}) {
    const CsvTable back =
        parse_csv(to_csv(table, {.delimiter = delimiter}), "t", {.delimiter = delimiter});
    for (const CsvColumn& column : table.columns()) {
      EXPECT_EQ(back.at(column.name).values, column.values) << column.name;
    }
  }
  const CsvTable lonely("t", {{"a", std::vector<std::string>{"", "x"}}});
  EXPECT_EQ(parse_csv(to_csv(lonely)).texts("a").size(), 2u);
}

TEST(Csv, ReadsGzippedFiles) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "t.csv.gz", gzip("a\n1\n"));
  EXPECT_EQ(read_csv(folder.path() / "t.csv.gz").integers("a")[0], 1);
}

TEST(Csv, ReadsTheBundledDigits) {
  const CsvTable digits = read_csv(std::string(ORDO_SOURCE_DIR) + "/data/digits.csv");
  ASSERT_EQ(digits.rows(), 1797u);
  ASSERT_EQ(digits.columns().size(), 65u);
  // Counts of the test set in the UCI description: 178, 182, 177, 183, 181, 182, 181, 179, 174,
  // 180.
  std::vector<int> counts(10);
  for (const std::int64_t label : digits.integers("label")) ++counts[static_cast<size_t>(label)];
  EXPECT_EQ(counts, (std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}));
}

}  // namespace
}  // namespace ordo
