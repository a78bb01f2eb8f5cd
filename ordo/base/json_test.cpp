#include "ordo/base/json.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/jsonl.h"

namespace ordo {
namespace {

std::string message_of(std::string_view text) {
  try {
    parse_json(text, "j.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Json, WritesWhatItReadInTheOrderOfTheText) {
  for (const std::string text :
       {R"({"z":1,"a":[true,false,null,-2.5,"é\n\"\\"],"m":{}})", "[]", "9007199254740993",
        R"("\u0000\u001f")", "-9223372036854775808", "1e+300", "0.1"}) {
    EXPECT_EQ(parse_json(text).dump(), text);
  }
  EXPECT_EQ(parse_json(parse_json(R"({"a":[1,{"b":[]}]})").dump(2)).dump(),
            R"({"a":[1,{"b":[]}]})");
}

TEST(Json, KeepsNonFiniteDoublesAsStrings) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(Json(-infinity).dump(), R"("-inf")");
  EXPECT_EQ(parse_json(Json(infinity).dump()).as_double(), infinity);
  EXPECT_TRUE(std::isnan(parse_json(R"("nan")").as_double()));
}

TEST(Json, RefusesWhatIsMalformedWithItsPlace) {
  EXPECT_TRUE(message_of("{\n  \"a\": tru\n}").starts_with("j.json:2:")) << message_of("{\n tru}");
  for (const char* const text : {"", "{", "[1,]", "01", "{\"a\":1,\"a\":2}", "\"\xff\"", "nan",
                                 "[1] 2", "\"\\ud800\"", "1e999"}) {
    EXPECT_THROW(parse_json(text), InputError) << text;
  }
  EXPECT_THROW(parse_json(std::string(1'000'000, '[')), InputError);
}

TEST(Json, FindsMembersOfLargeObjects) {
  JsonObject object;
  for (int member = 0; member < 1000; ++member) object[std::to_string(member)] = member;
  for (int member = 0; member < 1000; member += 3)
    EXPECT_TRUE(object.erase(std::to_string(member)));
  for (int member = 0; member < 1000; ++member) {
    const Json* const found = object.find(std::to_string(member));
    EXPECT_EQ(found != nullptr, member % 3 != 0);
    if (found != nullptr) {
      EXPECT_EQ(found->as_int(), member);
    }
  }
}

TEST(Json, TypeErrorsNameThePlaceAndBothTypes) {
  try {
    (void)Json("x").as_array("/claim");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "/claim: expected an array, found a string");
  }
  EXPECT_EQ(Json(2.0).as_int(), 2);
  EXPECT_THROW((void)Json(2.5).as_int(), InputError);
  EXPECT_THROW(Json(~0ULL), NumericError);
}

TEST(Jsonl, ReadsLinesAndNamesTheMalformedOne) {
  const TempFolder folder;
  append_jsonl(folder.path() / "x", Json::object({{"a", 1}}));
  append_jsonl(folder.path() / "x", Json("two\nlines"));
  EXPECT_EQ(read_jsonl(folder.path() / "x"),
            (std::vector<Json>{Json::object({{"a", 1}}), Json("two\nlines")}));
  std::vector<std::size_t> lines;
  visit_jsonl("1\r\n\n  \n2", "x", [&](const Json&, std::size_t line) { lines.push_back(line); });
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 4}));
  try {
    visit_jsonl("1\n[1,\n", "x.jsonl", [](const Json&, std::size_t) {});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.location().line, 2u);
    EXPECT_TRUE(std::string(error.what()).starts_with("x.jsonl:2:")) << error.what();
    EXPECT_EQ(std::string(error.what()).find("1:"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ordo
