// Patterns in Oniguruma's syntax, and the hand-written scanners beside the patterns they stand for.
#include "ordo/text/regex.h"

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/text/unicode.h"
#include "ordo/text/word_scanner.h"

namespace ordo::text {
namespace {

std::vector<std::string> matches(const std::string& pattern, std::string_view text) {
  const Regex regex(pattern);
  Regex::Matches all(regex, text);
  std::vector<std::string> found;
  while (const auto match = all.next()) {
    found.emplace_back(text.substr(match->begin, match->end - match->begin));
  }
  return found;
}

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Regex, ClassesAreThoseOfUnicodeAndOfRuby) {
  EXPECT_THAT(matches(R"(\p{L}+)", "aß中 1Ⅷé"), ElementsAre("aß中", "é"));
  EXPECT_THAT(matches(R"(\h+)", "0aF g \t9"), ElementsAre("0aF", "9"));
  EXPECT_THAT(matches(R"(\s)", "a\u3000b\u180Ec\x1C"), ElementsAre("\u3000"));
  EXPECT_THAT(matches(R"(\w+)", "käse_1 x\u0301!"), ElementsAre("käse_1", "x\u0301"));
  EXPECT_THAT(matches(R"([^\s\p{L}])", "a 1é!"), ElementsAre("1", "!"));
  EXPECT_THAT(matches(R"([^\P{L}\p{Lu}]+)", "aBcD"), ElementsAre("a", "c"));
  EXPECT_THAT(matches(R"(\p{^L}+)", "ab12c"), ElementsAre("12"));
  EXPECT_THAT(matches(R"(^b$)", "a\nb\nc"), ElementsAre("b"));
  EXPECT_THAT(matches(R"(\p{Han}+)", "a中文b"), ElementsAre("中文"));
  EXPECT_THAT(matches(R"([\u00AD\u200b-\u200D]+|\u4E2D)", "a\u00AD\u200Cb中文"),
              ElementsAre("\u00AD\u200C", "中"));
}

// Assigned in Unicode 16: PCRE2 may be older.
TEST(Regex, KnowsLettersThatAreYoungerThanPcre2) {
  EXPECT_THAT(matches(R"(\p{L}+)", "a\u1C89\uA7DAb"), ElementsAre("a\u1C89\uA7DAb"));
  EXPECT_THAT(matches(R"([^\p{L}]+)", "a\u1C89b!"), ElementsAre("!"));
  EXPECT_THAT(matches(R"(\p{Lu})", "\u1C89\u1C8A"), ElementsAre("\u1C89"));
  EXPECT_THAT(matches(R"(\d+)", "1\U00010D40"), ElementsAre("1\U00010D40"));
}

TEST(Regex, EmptyMatchesGoOnCharacterByCharacter) {
  EXPECT_THAT(matches("x*", "aäx"), ElementsAre("", "", "x", ""));
}

TEST(Regex, RefusesWhatItCannotDoAndSaysSo) {
  EXPECT_THAT([] { Regex("(a", "file: /pattern"); },
              testing::ThrowsMessage<InputError>(
                  testing::AllOf(HasSubstr("file: /pattern"), HasSubstr("(a"))));
  EXPECT_THAT([] { Regex("[a&&b]"); }, testing::ThrowsMessage<InputError>(HasSubstr("&&")));
  EXPECT_THAT([] { Regex("[a[b]]"); }, testing::ThrowsMessage<InputError>(HasSubstr("class")));
  EXPECT_THROW(Regex("a\\"), InputError);
  EXPECT_THROW(Regex("\\p{L"), InputError);
  EXPECT_THROW(Regex("\\u00A"), InputError);
  EXPECT_THROW(Regex("\\p{Nonsense}"), InputError);
}

TEST(Regex, GivesUpOnPatternsThatTakeForEver) {
  const Regex regex("(a+)+$");
  const std::string text(40, 'a');
  EXPECT_THROW(Regex::Matches(regex, text + "b").next(), LimitError);
}

// The twin: the regular expression itself, on texts that mix all classes.
TEST(WordScanner, CutsAsTheRegularExpressionDoes) {
  const std::vector<std::string> pieces = {
      "a",  "Z",      "é",      "中",     "1",  "٣",      "½",      " ",  " ",     "\n",
      "\r", "\t",     "\u00A0", "\u3000", "'",  "'s",     "'S",     "'ſ", "'ll",   "'Re",
      "'v", "'VE",    "!",      "€",      "😀", "\u0301", "\u200B", "_",  "<|x|>", "\u1C89",
      ".",  "\u0085", "\u2028", "'d",     "'M", "0",      "Ǆ"};
  for (const WordPattern pattern : {WordPattern::gpt2, WordPattern::llama3, WordPattern::qwen}) {
    EXPECT_EQ(known_word_pattern(regex_of(pattern)), pattern);
    const std::string regex(regex_of(pattern));
    const Regex compiled(regex);
    std::uint32_t state = 7;
    for (int round = 0; round < 4000; ++round) {
      std::string text;
      const int length = 1 + round % 24;
      for (int i = 0; i < length; ++i) {
        state = state * 1664525 + 1013904223;
        text += pieces[(state >> 16) % pieces.size()];
      }
      std::vector<std::string_view> expected, found;
      Regex::Matches all(compiled, text);
      while (const auto match = all.next()) {
        expected.push_back(std::string_view(text).substr(match->begin, match->end - match->begin));
      }
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = word_end(text, at, pattern);
        found.push_back(std::string_view(text).substr(at, end - at));
        at = end;
      }
      ASSERT_EQ(found, expected) << text;
    }
  }
}

// Alone and between letters, every code point falls into the class that the regular expression
// sees.
TEST(WordScanner, KnowsEveryCodePoint) {
  const Regex compiled{std::string(regex_of(WordPattern::gpt2))};
  for (char32_t point = 0x80; point < 0x110000; point += point < 0x30000 ? 1 : 61) {
    if (point >= 0xD800 && point < 0xE000) continue;
    const std::string text = "a" + to_utf8(point);
    Regex::Matches all(compiled, text);
    ASSERT_EQ(word_end(text, 0, WordPattern::gpt2), all.next()->end)
        << static_cast<std::uint32_t>(point);
  }
}

}  // namespace
}  // namespace ordo::text
