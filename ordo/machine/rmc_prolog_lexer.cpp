#include "ordo/machine/rmc_prolog_lexer.h"

#include <cctype>

#include <fmt/format.h>

#include "ordo/machine/integer.h"
#include "ordo/machine/lexer.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::string_view kSymbols = "+-*/\\^<>=~:.?@#&$";

bool symbol(char c) { return c != '\0' && kSymbols.find(c) != std::string_view::npos; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int digit_value(char c) {
  if (digit(c)) return c - '0';
  const int low = std::tolower(static_cast<unsigned char>(c));
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : 99;
}

}  // namespace

PrologLexer::PrologLexer(const SourceMap& sources, SourceId file)
    : text_(sources.text(file)), file_(file) {}

PrologToken PrologLexer::take(PrologTokenKind kind, std::size_t length, std::string text) {
  PrologToken token{kind,
                    std::move(text),
                    after_blank_,
                    {file_, static_cast<std::uint32_t>(at_),
                     static_cast<std::uint32_t>(std::min(at_ + length, text_.size()))}};
  at_ = token.span.end;
  return token;
}

// False when a comment is not closed; `unclosed` then says so.
bool PrologLexer::skip_blanks(PrologToken& unclosed) {
  const std::size_t start = at_;
  after_blank_ = at_ == 0;
  while (at_ < text_.size()) {
    if (blank(at(0))) {
      ++at_;
    } else if (at(0) == '%') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (at(0) == '/' && at(1) == '*') {
      const std::size_t close = text_.find("*/", at_ + 2);
      if (close == std::string_view::npos) {
        unclosed = take(PrologTokenKind::bad, 2, "this comment is not closed by '*/'");
        at_ = text_.size();
        return false;
      }
      at_ = close + 2;
    } else {
      break;
    }
  }
  after_blank_ |= at_ != start;
  return true;
}

PrologToken PrologLexer::next() {
  PrologToken unclosed;
  if (!skip_blanks(unclosed)) return unclosed;
  if (at_ >= text_.size()) return take(PrologTokenKind::end_of_text, 0, "");
  const char c = at(0);
  if (digit(c)) return read_number();
  if (c == '\'') return read_quoted();
  if (c == '"' || c == '`') {
    return take(PrologTokenKind::bad, 1, "strings are not in the subset; write an 'atom'");
  }
  if (std::string_view("([{").find(c) != std::string_view::npos)
    return take(PrologTokenKind::open, 1, std::string(1, c));
  if (std::string_view(")]}").find(c) != std::string_view::npos)
    return take(PrologTokenKind::close, 1, std::string(1, c));
  if (std::string_view("!;,|").find(c) != std::string_view::npos)
    return take(PrologTokenKind::name, 1, std::string(1, c));
  if (c == '.' && (blank(at(1)) || at(1) == '%' || at_ + 1 == text_.size()))
    return take(PrologTokenKind::full_stop, 1, ".");
  if (symbol(c)) {
    std::size_t length = 1;
    while (symbol(at(length))) ++length;
    return take(PrologTokenKind::name, length, std::string(text_.substr(at_, length)));
  }
  return read_word();
}

PrologToken PrologLexer::read_word() {
  std::size_t length = 0;
  while (at_ + length < text_.size()) {
    const auto c = static_cast<unsigned char>(at(length));
    std::uint32_t bytes = 1;
    if (c < 0x80 ? !(std::isalnum(c) || c == '_') : !is_wide_letter(text_, at_ + length, bytes))
      break;
    length += bytes;
  }
  if (length == 0) {
    const std::uint32_t bytes = decode_utf8(text_, at_).length;
    return take(PrologTokenKind::bad, bytes,
                fmt::format("stray character '{}'", text_.substr(at_, bytes)));
  }
  const std::string_view word = text_.substr(at_, length);
  const bool variable = word[0] == '_' || (word[0] >= 'A' && word[0] <= 'Z');
  return take(variable ? PrologTokenKind::variable : PrologTokenKind::name, length,
              std::string(word));
}

PrologToken PrologLexer::read_number() {
  if (at(0) == '0') {
    if (at(1) == '\'') return read_character();
    const unsigned radix = at(1) == 'x' ? 16 : at(1) == 'o' ? 8 : at(1) == 'b' ? 2 : 0;
    if (radix != 0 && digit_value(at(2)) < static_cast<int>(radix)) return read_radix(radix);
  }
  std::size_t length = 1;
  while (digit(at(length))) ++length;
  if (at(length) == '.' && digit(at(length + 1))) {
    while (digit(at(length + 1))) ++length;
    return take(PrologTokenKind::bad, length + 1, "the subset has integers, no floating point");
  }
  const std::string digits = Integer::parse(text_.substr(at_, length))->to_string();
  return take(PrologTokenKind::integer, length, digits);
}

PrologToken PrologLexer::read_radix(unsigned radix) {
  Integer value = 0;
  std::size_t length = 2;
  for (; digit_value(at(length)) < static_cast<int>(radix); ++length)
    value = value * Integer(radix) + Integer(digit_value(at(length)));
  return take(PrologTokenKind::integer, length, value.to_string());
}

// 0'c is c's code point; 0'\n knows escapes and 0''' is the quote.
PrologToken PrologLexer::read_character() {
  std::size_t offset = 2;
  std::string text, problem;
  if (at(2) == '\\') {
    text = read_escape(offset = 3, problem);
  } else if (at(2) == '\'' && at(3) == '\'') {
    text = "'";
    offset = 4;
  } else if (at_ + 2 < text_.size() && at(2) != '\'') {
    const std::uint32_t bytes = decode_utf8(text_, at_ + 2).length;
    text = text_.substr(at_ + 2, bytes);
    offset += bytes;
  } else {
    problem = "expected a character after 0'";
  }
  if (problem.empty() && text.empty()) problem = "expected a character after 0'";
  if (!problem.empty()) return take(PrologTokenKind::bad, offset, problem);
  return take(PrologTokenKind::integer, offset, std::to_string(decode_utf8(text, 0).value));
}

// The text of the escape whose letter is at `offset`, which moves behind it; "" for a line break.
std::string PrologLexer::read_escape(std::size_t& offset, std::string& problem) const {
  constexpr std::string_view kLetters = "abfnrtv\\'\"`", kMeant = "\a\b\f\n\r\t\v\\'\"`";
  const char letter = at(offset);
  if (letter == 'x') {
    std::size_t end = offset + 1;
    std::uint32_t value = 0;
    while (digit_value(at(end)) < 16 && value <= 0x10FFFF)
      value = value * 16 + static_cast<std::uint32_t>(digit_value(at(end++)));
    const bool scalar = value <= 0x10FFFF && (value < 0xD800 || value >= 0xE000);
    if (end == offset + 1 || at(end) != '\\' || !scalar) {
      problem = "expected \\x, hexadecimal digits of a character, and \\";
      return "";
    }
    offset = end + 1;
    std::string text;
    append_utf8(text, value);
    return text;
  }
  const std::size_t index = letter == '\0' ? std::string_view::npos : kLetters.find(letter);
  if (letter == '\n') {
    ++offset;
    return "";
  }
  if (index == std::string_view::npos) {
    problem = "unknown escape; known are \\n \\t \\\\ \\' \\\" and \\xHEX\\";
    return "";
  }
  ++offset;
  return std::string(1, kMeant[index]);
}

PrologToken PrologLexer::read_quoted() {
  std::string text, problem;
  std::size_t offset = 1;
  while (true) {
    if (at_ + offset >= text_.size() || at(offset) == '\n') {
      return take(PrologTokenKind::bad, offset, "this quoted atom is not closed on its line");
    }
    if (at(offset) == '\'') {
      if (at(offset + 1) != '\'') break;
      text += '\'';
      offset += 2;
    } else if (at(offset) == '\\') {
      std::string first;
      text += read_escape(++offset, first);
      if (!first.empty() && problem.empty()) problem = first;
      if (!first.empty()) ++offset;
    } else {
      text += at(offset++);
    }
  }
  if (!problem.empty()) return take(PrologTokenKind::bad, offset + 1, problem);
  return take(PrologTokenKind::quoted, offset + 1, std::move(text));
}

}  // namespace ordo::machine::rmc
