#include "ordo/base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace ordo {
namespace {

// The definition: bits of a code point dealt out to bytes, for every code point.
std::string encoded(unsigned c) {
  const auto tail = [c](unsigned shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, TakesEveryCodePointButSurrogatesAndNothingBeyondTheLast) {
  for (unsigned c = 0; c < 0x120000; ++c) {
    const std::string text = encoded(c);
    const bool is_character = c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF);
    ASSERT_EQ(utf8_length(text), is_character ? text.size() : 0u) << c;
    ASSERT_EQ(utf8_length(text + "x"), is_character ? text.size() : 0u) << c;
    if (text.size() > 1) ASSERT_EQ(utf8_length(text.substr(0, text.size() - 1)), 0u) << c;
  }
}

TEST(Utf8, RefusesOverlongFormsAndBytesThatBeginNothing) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\x80",
                           "\xBF", "\xF5\x80\x80\x80", "\xFF", "\xC3x", "\xE2\x82x"}) {
    EXPECT_EQ(utf8_length(text), 0u) << text;
  }
}

}  // namespace
}  // namespace ordo
