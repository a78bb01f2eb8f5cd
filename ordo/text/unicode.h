// Code points: UTF-8 taken apart and put together, and what is known about each. The tables
// (unicode_tables.py) hold what the libraries say with which tokenizers were made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ordo::text {

/// General categories, in the order of unicode_tables.py.
enum class Category : std::uint8_t {
  cn,
  cc,
  cf,
  co,
  cs,
  ll,
  lm,
  lo,
  lt,
  lu,
  mc,
  me,
  mn,
  nd,
  nl,
  no,
  pc,
  pd,
  pe,
  pf,
  pi,
  po,
  ps,
  sc,
  sk,
  sm,
  so,
  zl,
  zp,
  zs,
};

/// What parts of tokenizers ask about a code point, in the order of unicode_tables.py.
enum class PointFlag : std::uint16_t {
  regex_word = 1 << 0,    ///< \w of the regular expressions inside tokenizer.json
  word = 1 << 1,          ///< a word to Whitespace and to added tokens that are single words
  punctuation = 1 << 2,   ///< to Punctuation and BERT
  numeric = 1 << 3,       ///< to Digits
  white_space = 1 << 4,   ///< Unicode's White_Space
  bert_removed = 1 << 5,  ///< what BERT's cleaning removes
  bert_accent = 1 << 6,   ///< nonspacing marks that BERT strips
  accent = 1 << 7,        ///< marks that StripAccents strips
  bert_han = 1 << 8,      ///< ideographs around which BERT puts spaces
};

/// Category in the low 5 bits, flags above.
using PointKind = std::uint16_t;

struct DecodedPoint {
  char32_t value;
  std::uint32_t length;  ///< bytes
};

/// The code point at `position` of well-formed UTF-8.
inline DecodedPoint decode_point(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[position + i]));
  };
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (first < 0xF0) return {(first & 0xF) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
  return {(first & 7) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
}

/// Where the code point begins that ends before `position` (not 0) of well-formed UTF-8.
std::size_t previous_point(std::string_view text, std::size_t position);

void append_utf8(std::string& text, char32_t point);
std::string to_utf8(char32_t point);
std::size_t count_points(std::string_view text);

/// Throws InputError naming `what` and the byte where well-formed UTF-8 ends.
void check_utf8(std::string_view text, const std::string& what);
/// Each part that is no UTF-8 becomes U+FFFD (maximal subparts, as Unicode recommends).
std::string repair_utf8(std::string_view bytes);
/// All kinds in one table: kinds()(point).
class PointKinds {
 public:
  PointKinds();
  PointKind operator()(char32_t point) const {
    return kinds_[blocks_[pages_[point >> 8] + (point & 0xFF)]];
  }

 private:
  std::uint32_t pages_[0x1100];
  std::string blocks_storage_;
  const unsigned char* blocks_ = nullptr;
  const PointKind* kinds_ = nullptr;
};
const PointKinds& point_kinds();

inline Category category_of(PointKind kind) { return static_cast<Category>(kind & 31); }
inline bool has(PointKind kind, PointFlag flag) {
  return (kind >> 5 & static_cast<unsigned>(flag)) != 0;
}
inline bool has(char32_t point, PointFlag flag) { return has(point_kinds()(point), flag); }
inline bool is_letter(PointKind kind) {
  return static_cast<unsigned>((kind & 31) - static_cast<int>(Category::ll)) <=
         static_cast<unsigned>(Category::lu) - static_cast<unsigned>(Category::ll);
}
inline bool is_number(PointKind kind) {
  return static_cast<unsigned>((kind & 31) - static_cast<int>(Category::nd)) <=
         static_cast<unsigned>(Category::no) - static_cast<unsigned>(Category::nd);
}

/// The lower-case letters of a code point (up to 3); itself if it has none.
std::u32string lower_case(char32_t point);

}  // namespace ordo::text
