// GPT-2:   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// Llama-3: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}
//          | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
// Qwen:    \p{N} in place of \p{N}{1,3}
//
// The alternatives are tried in this order, and a piece begins where the last one ended; so one
// look at the first character (and the second after a space) says which alternative it is.
#include "ordo/text/word_scanner.h"

#include <array>

#include "ordo/text/unicode.h"

namespace ordo::text {
namespace {

constexpr std::string_view kGpt2 =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)"
    R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr char32_t kLongS = 0x17F;  // the other letter that is an s whatever its case

enum class Class : unsigned char { letter, number, space, other };

Class class_of(PointKind kind) {
  if (is_letter(kind)) return Class::letter;
  if (is_number(kind)) return Class::number;
  return has(kind, PointFlag::white_space) ? Class::space : Class::other;
}

struct Seen {
  Class what;
  std::uint32_t length;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text), kinds_(point_kinds()) {}

  // Of the character at `at`, which is inside.
  Seen look(std::size_t at) const {
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte < 0x80) return {ascii_classes()[byte], 1};
    const DecodedPoint point = decode_point(text_, at);
    return {class_of(kinds_(point.value)), point.length};
  }

  std::size_t skip(std::size_t at, Class what) const {
    const auto& classes = ascii_classes();
    while (at < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at]);
      if (byte < 0x80) {
        if (classes[byte] != what) return at;
        ++at;
        continue;
      }
      const Seen seen = look(at);
      if (seen.what != what) return at;
      at += seen.length;
    }
    return at;
  }

  std::size_t skip_line_ends(std::size_t at) const {
    while (at < text_.size() && is_line_end(text_[at])) ++at;
    return at;
  }

  static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

  // \s+(?!\S)|\s+ of the spaces [begin, end): all of them at the end of the text, else all but the
  // last, if that leaves any.
  std::size_t spaces_end(std::size_t begin, std::size_t end) const {
    if (end == text_.size()) return end;
    const std::size_t last = previous_point(text_, end);
    return last > begin ? last : end;
  }

  // The end of 's, 't, 're, 've, 'm, 'll or 'd at `at`, where a ' is; `at` if there is none.
  std::size_t contraction_end(std::size_t at, bool any_case) const {
    const auto letter = [&](std::size_t i) -> char {
      if (at + i >= text_.size()) return '\0';
      const char c = text_[at + i];
      return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    };
    switch (letter(1)) {
      case 's':
      case 't':
      case 'm':
      case 'd':
        return at + 2;
      case 'r':
      case 'v':
        return letter(2) == 'e' ? at + 3 : at;
      case 'l':
        return letter(2) == 'l' ? at + 3 : at;
      default:
        break;
    }
    const bool long_s = any_case && at + 3 <= text_.size() &&
                        (static_cast<unsigned char>(text_[at + 1]) & 0xE0) == 0xC0 &&
                        decode_point(text_, at + 1).value == kLongS;
    return long_s ? at + 3 : at;
  }

  std::string_view text() const { return text_; }

 private:
  static const std::array<Class, 128>& ascii_classes() {
    static const std::array<Class, 128> classes = [] {
      std::array<Class, 128> all{};
      for (char32_t point = 0; point < 128; ++point) all[point] = class_of(point_kinds()(point));
      return all;
    }();
    return classes;
  }

  std::string_view text_;
  const PointKinds& kinds_;
};

std::size_t gpt2_end(const Scanner& scan, std::size_t begin) {
  const std::string_view text = scan.text();
  if (text[begin] == '\'') {
    const std::size_t end = scan.contraction_end(begin, false);
    if (end > begin) return end;
  }
  std::size_t at = begin;
  Seen seen = scan.look(at);
  if (text[begin] == ' ' && begin + 1 < text.size()) {
    const Seen second = scan.look(begin + 1);
    if (second.what != Class::space) {
      seen = second;
      at = begin + 1;
    }
  }
  const std::size_t end = scan.skip(at + seen.length, seen.what);
  return seen.what == Class::space ? scan.spaces_end(begin, end) : end;
}

// `digits`: how many go together.
std::size_t llama_end(const Scanner& scan, std::size_t begin, int digits) {
  const std::string_view text = scan.text();
  if (text[begin] == '\'') {
    const std::size_t end = scan.contraction_end(begin, true);
    if (end > begin) return end;
  }
  const Seen first = scan.look(begin);
  if (first.what == Class::letter) return scan.skip(begin + first.length, Class::letter);
  if (first.what == Class::number) {
    std::size_t at = begin + first.length;
    for (int more = 1; more < digits && at < text.size(); ++more) {
      const Seen next = scan.look(at);
      if (next.what != Class::number) break;
      at += next.length;
    }
    return at;
  }
  const std::size_t second_at = begin + first.length;
  const bool is_last = second_at >= text.size();
  const Seen second = is_last ? first : scan.look(second_at);
  // Anything but a line end may stand before letters.
  if (!is_last && second.what == Class::letter && !Scanner::is_line_end(text[begin])) {
    return scan.skip(second_at + second.length, Class::letter);
  }
  if (first.what == Class::other) {
    return scan.skip_line_ends(scan.skip(second_at, Class::other));
  }
  if (text[begin] == ' ' && !is_last && second.what == Class::other) {
    return scan.skip_line_ends(scan.skip(second_at + second.length, Class::other));
  }
  // \s*[\r\n]+ takes the spaces up to and with the last line end among them.
  const std::size_t end = scan.skip(second_at, Class::space);
  for (std::size_t at = end; at > begin; --at) {
    if (Scanner::is_line_end(text[at - 1])) return at;
  }
  return scan.spaces_end(begin, end);
}

}  // namespace

std::string_view regex_of(WordPattern pattern) {
  switch (pattern) {
    case WordPattern::gpt2:
      return kGpt2;
    case WordPattern::llama3:
      return kLlama3;
    default:
      return kQwen;
  }
}

std::optional<WordPattern> known_word_pattern(std::string_view regex) {
  for (const WordPattern pattern : {WordPattern::gpt2, WordPattern::llama3, WordPattern::qwen}) {
    if (regex == regex_of(pattern)) return pattern;
  }
  return std::nullopt;
}

std::size_t word_end(std::string_view text, std::size_t begin, WordPattern pattern) {
  const Scanner scan(text);
  if (pattern == WordPattern::gpt2) return gpt2_end(scan, begin);
  return llama_end(scan, begin, pattern == WordPattern::llama3 ? 3 : 1);
}

}  // namespace ordo::text
