// Code points and normal forms. With ORDO_SLOW_TESTS set and a Python with `tokenizers`, the
// committed tables are made anew and compared.
#include "ordo/text/unicode.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/text/normal_forms.h"

namespace ordo::text {
namespace {

TEST(Unicode, EveryCodePointSurvivesUtf8) {
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    const std::string text = to_utf8(point);
    const DecodedPoint decoded = decode_point(text, 0);
    ASSERT_EQ(decoded.value, point);
    ASSERT_EQ(decoded.length, text.size());
    ASSERT_NO_THROW(check_utf8(text, "text"));
    ASSERT_EQ(previous_point("a" + text, text.size() + 1), 1U);
  }
}

// Examples of The Unicode Standard, table 3-8 and the text beside it: maximal subparts.
TEST(Unicode, RepairsEachMaximalSubpartByOneReplacement) {
  const std::string r = "\uFFFD";
  EXPECT_EQ(repair_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
                        "A"),
            r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("\xF4\x91\x92\x93\xFF"
                        "A\x80\xBF"
                        "B"),
            r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(repair_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                        "A"),
            r + r + r + r + "A");
  EXPECT_EQ(repair_utf8("käse"), "käse");
}

TEST(Unicode, RefusesWhatIsNotUtf8AndSaysWhere) {
  EXPECT_THAT([] { check_utf8("ab\xFF", "prompt"); },
              testing::ThrowsMessage<InputError>(testing::AllOf(
                  testing::HasSubstr("prompt"), testing::HasSubstr("0xFF at byte 2"))));
}

TEST(Unicode, CategoriesOfKnownPoints) {
  EXPECT_EQ(category_of(point_kinds()(U'a')), Category::ll);
  EXPECT_EQ(category_of(point_kinds()(U'Ǆ')), Category::lu);
  EXPECT_EQ(category_of(point_kinds()(U'ǅ')), Category::lt);
  EXPECT_EQ(category_of(point_kinds()(U'中')), Category::lo);
  EXPECT_EQ(category_of(point_kinds()(U'Ⅷ')), Category::nl);
  EXPECT_EQ(category_of(point_kinds()(U'\u2028')), Category::zl);
  EXPECT_EQ(category_of(point_kinds()(0x10FFFF)), Category::cn);
  EXPECT_EQ(category_of(point_kinds()(0xE000)), Category::co);
  EXPECT_TRUE(has(U'\u3000', PointFlag::white_space));
  EXPECT_FALSE(has(U'\u200B', PointFlag::white_space));
}

TEST(Unicode, LowerCaseMayBeSeveralLetters) {
  EXPECT_EQ(lower_case(U'A'), U"a");
  EXPECT_EQ(lower_case(U'İ'), U"i\u0307");
  EXPECT_EQ(lower_case(U'ß'), U"ß");
  EXPECT_EQ(lower_case(U'\u212A'), U"k");
}

// Identities of UAX #15 on strings that mix marks, Hangul and compatibility characters.
TEST(NormalForms, AreStableAndAgreeWithEachOther) {
  const std::vector<std::string> pieces = {"a",      "\u0301", "\u0323", "\u0307", "é", "ệ",
                                           "각",     "\u1100", "\u1161", "\u11A8", "ﬁ", "Å",
                                           "\u0344", "ﷺ",      "\u0F73", "𝅗𝅥",     "½"};
  std::uint32_t state = 1;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 8; ++i) {
      state = state * 1664525 + 1013904223;
      text += pieces[(state >> 16) % pieces.size()];
    }
    const std::string nfd = to_normal_form(text, NormalForm::nfd);
    const std::string nfc = to_normal_form(text, NormalForm::nfc);
    const std::string nfkd = to_normal_form(text, NormalForm::nfkd);
    const std::string nfkc = to_normal_form(text, NormalForm::nfkc);
    EXPECT_EQ(to_normal_form(nfd, NormalForm::nfd), nfd);
    EXPECT_EQ(to_normal_form(nfc, NormalForm::nfc), nfc);
    EXPECT_EQ(to_normal_form(nfc, NormalForm::nfd), nfd);
    EXPECT_EQ(to_normal_form(nfd, NormalForm::nfc), nfc);
    EXPECT_EQ(to_normal_form(nfc, NormalForm::nfkc), nfkc);
    EXPECT_EQ(to_normal_form(nfkc, NormalForm::nfkd), nfkd);
  }
}

// The Unicode Standard, 3.12: 한 is U+1112 U+1161 U+11AB.
TEST(NormalForms, HangulIsArithmetic) {
  EXPECT_EQ(to_normal_form("한", NormalForm::nfd), "\u1112\u1161\u11AB");
  EXPECT_EQ(to_normal_form("\u1112\u1161\u11AB", NormalForm::nfc), "한");
  EXPECT_EQ(to_normal_form("\u1112\u1161", NormalForm::nfc), "하");
}

TEST(Unicode, TablesAreThoseOfThePackageInstalledHere) {
  if (std::getenv("ORDO_SLOW_TESTS") == nullptr) GTEST_SKIP() << "takes 20 s; set ORDO_SLOW_TESTS";
  const auto interpreter = python_with("tokenizers");
  if (!interpreter) GTEST_SKIP() << "no Python with tokenizers; set ORDO_PYTHON";
  if (!python("import tokenizers; assert tokenizers.__version__ == '0.23.3'")) {
    GTEST_SKIP() << "the tables are those of tokenizers 0.23.3";
  }
  const TempFolder folder;
  const std::string command =
      *interpreter + " " + ORDO_SOURCE_DIR "/ordo/text/unicode_tables.py " + folder.path().string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const char* const name : {"unicode_points.inc", "normal_forms.inc"}) {
    EXPECT_EQ(read_file(folder.path() / name),
              read_file(std::filesystem::path(ORDO_SOURCE_DIR "/ordo/text") / name))
        << name;
  }
}

}  // namespace
}  // namespace ordo::text
