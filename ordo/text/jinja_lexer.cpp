#include "ordo/text/jinja_lexer.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/unicode.h"

namespace ordo::text::jinja {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

std::string with_newlines(std::string_view source) {
  std::string text;
  for (std::size_t at = 0; at < source.size(); ++at) {
    if (source[at] != '\r') {
      text += source[at];
    } else {
      text += '\n';
      if (at + 1 < source.size() && source[at + 1] == '\n') ++at;
    }
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

class Lexer {
 public:
  Lexer(std::string_view source, const std::string& name)
      : source_(with_newlines(source)), name_(name) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) {
      const std::size_t tag = find_tag();
      if (tag == std::string::npos) {
        add_text(std::string_view(source_).substr(at_));
        at_ = source_.size();
        break;
      }
      text_before(tag);
      at_ = tag;
      read_tag();
    }
    add(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail_at(std::size_t place, const std::string& message) const {
    const std::string_view before = std::string_view(source_).substr(0, place);
    const std::size_t newline = before.rfind('\n');
    throw InputError(
        {.source = name_,
         .line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')),
         .column = place - (newline == std::string_view::npos ? 0 : newline + 1) + 1},
        message);
  }

  void add(TokenKind kind, std::string text) {
    // Tokens come in order, so that lines are counted once.
    for (; counted_ < at_; ++counted_) {
      if (source_[counted_] == '\n') {
        ++line_;
        line_begin_ = counted_ + 1;
      }
    }
    tokens_.push_back({kind, std::move(text), line_, at_ - std::min(at_, line_begin_) + 1});
  }

  void add_text(std::string_view text) {
    if (!text.empty()) add(TokenKind::text, std::string(text));
  }

  std::size_t find_tag() const {
    for (std::size_t at = source_.find('{', at_); at != std::string::npos;
         at = source_.find('{', at + 1)) {
      if (at + 1 < source_.size() &&
          (source_[at + 1] == '{' || source_[at + 1] == '%' || source_[at + 1] == '#')) {
        return at;
      }
    }
    return std::string::npos;
  }

  // The text up to a tag, without the white space that the tag takes.
  void text_before(std::size_t tag) {
    std::string_view text = std::string_view(source_).substr(at_, tag - at_);
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    if (sign == '-') {
      while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    } else if (sign != '+' && source_[tag + 1] != '{') {
      const std::size_t newline = text.rfind('\n');
      const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
      const bool begins_line = begin > 0 || line_starts_;
      const std::string_view tail = text.substr(begin);
      if (begins_line && std::all_of(tail.begin(), tail.end(), is_space))
        text = text.substr(0, begin);
    }
    add_text(text);
  }

  void read_tag() {
    const char kind = source_[at_ + 1];
    if (kind == '#') return read_comment();
    const std::size_t begin = at_;
    add(kind == '{' ? TokenKind::print_begin : TokenKind::block_begin, "");
    at_ += 2;
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) ++at_;
    const std::size_t first = tokens_.size();
    const std::string close = kind == '{' ? "}}" : "%}";
    while (!ends_here(close)) {
      if (at_ >= source_.size()) fail_at(begin, fmt::format("this tag has no end '{}'", close));
      read_inside();
    }
    add(kind == '{' ? TokenKind::print_end : TokenKind::block_end, "");
    const bool is_raw = kind == '%' && tokens_.size() == first + 2 &&
                        tokens_[first].text == "raw" && tokens_[first].kind == TokenKind::name;
    close_tag(kind == '%');
    if (is_raw) read_raw(begin, first - 1);
  }

  // Whether the tag ends here, perhaps with a sign. Brackets that are open keep }} from ending it.
  bool ends_here(const std::string& close) const {
    const std::string_view rest = std::string_view(source_).substr(at_);
    if (close == "}}" && depth_ > 0) return false;
    return rest.starts_with(close) || rest.starts_with("-" + close) ||
           rest.starts_with("+" + close);
  }

  // Past the end of a tag and what it takes after it.
  void close_tag(bool takes_newline) {
    const char sign = source_[at_];
    at_ += sign == '-' || sign == '+' ? 3 : 2;
    depth_ = 0;
    line_starts_ = false;
    const std::size_t begin = at_;
    if (sign == '-') {
      while (at_ < source_.size() && is_space(source_[at_])) ++at_;
    } else if (sign != '+' && takes_newline && at_ < source_.size() && source_[at_] == '\n') {
      ++at_;
    }
    line_starts_ = at_ > begin && source_[at_ - 1] == '\n';
  }

  void read_comment() {
    const std::size_t end = source_.find("#}", at_ + 2);
    if (end == std::string::npos) fail_at(at_, "this comment has no end '#}'");
    const char sign = end > at_ + 2 ? source_[end - 1] : ' ';
    at_ = sign == '-' || sign == '+' ? end - 1 : end;
    close_tag(true);
  }

  // {% raw %} text {% endraw %}: the block's tokens are taken back.
  void read_raw(std::size_t begin, std::size_t first_token) {
    tokens_.resize(first_token);
    for (std::size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 1)) {
      std::size_t at = tag + 2;
      if (at < source_.size() && (source_[at] == '-' || source_[at] == '+')) ++at;
      while (at < source_.size() && is_space(source_[at])) ++at;
      if (source_.compare(at, 6, "endraw") != 0) continue;
      at += 6;
      while (at < source_.size() && is_space(source_[at])) ++at;
      text_before(tag);
      at_ = at;
      if (!ends_here("%}")) fail_at(tag, "expected '%}' after endraw");
      return close_tag(true);
    }
    fail_at(begin, "this raw block has no endraw");
  }

  void read_inside() {
    const char c = source_[at_];
    if (is_space(c)) {
      ++at_;
    } else if (is_name_start(c)) {
      std::size_t end = at_;
      while (end < source_.size() && (is_name_start(source_[end]) || is_digit(source_[end]))) ++end;
      take(TokenKind::name, end);
    } else if (is_digit(c)) {
      read_number();
    } else if (c == '"' || c == '\'') {
      read_string();
    } else {
      read_symbol();
    }
  }

  void take(TokenKind kind, std::size_t end) {
    add(kind, source_.substr(at_, end - at_));
    at_ = end;
  }

  void read_number() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < source_.size() && (is_digit(source_[end]) || source_[end] == '_')) ++end;
    };
    const auto digit_at = [&](std::size_t at) {
      return at < source_.size() && is_digit(source_[at]);
    };
    digits();
    TokenKind kind = TokenKind::whole;
    if (end < source_.size() && source_[end] == '.' && digit_at(end + 1)) {
      kind = TokenKind::real;
      ++end;
      digits();
    }
    if (end < source_.size() && (source_[end] == 'e' || source_[end] == 'E')) {
      const std::size_t sign =
          end + 1 < source_.size() && (source_[end + 1] == '-' || source_[end + 1] == '+');
      if (digit_at(end + 1 + sign)) {
        kind = TokenKind::real;
        end += 1 + sign;
        digits();
      }
    }
    take(kind, end);
    std::erase(tokens_.back().text, '_');
  }

  void read_string() {
    const std::size_t begin = at_;
    std::string text;
    std::size_t at = at_ + 1;
    for (; at < source_.size() && source_[at] != source_[begin]; ++at) {
      if (source_[at] != '\\') {
        text += source_[at];
      } else if (++at < source_.size()) {
        at = read_escape(at, text);
      }
    }
    if (at >= source_.size()) fail_at(begin, "this string has no end");
    add(TokenKind::string, std::move(text));
    at_ = at + 1;
  }

  // As in Python; returns the escape's last character.
  std::size_t read_escape(std::size_t at, std::string& text) const {
    constexpr std::string_view kNames = "ntrbfva\\'\"", kMeanings = "\n\t\r\b\f\v\a\\'\"";
    const char c = source_[at];
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits > 0) {
      char32_t point = 0;
      for (std::size_t i = 1; i <= digits; ++i) {
        const char digit = at + i < source_.size() ? source_[at + i] : '\0';
        const std::size_t value = std::string_view("0123456789abcdef0123456789ABCDEF").find(digit);
        if (value == std::string_view::npos) fail_at(at - 1, "a malformed escape in a string");
        point = point << 4 | static_cast<char32_t>(value % 16);
      }
      if (point >= 0x110000 || (point >= 0xD800 && point < 0xE000))
        fail_at(at - 1, "no character has this number");
      append_utf8(text, point);
      return at + digits;
    }
    if (c == '\n') return at;
    const std::size_t known = kNames.find(c);
    if (known == std::string_view::npos) {
      text += '\\';
      text += c;
    } else {
      text += kMeanings[known];
    }
    return at;
  }

  void read_symbol() {
    constexpr std::string_view kSymbols[] = {"//", "**", "==", "!=", "<=", ">=", "+", "-", "*",
                                             "/",  "%",  "~",  "<",  ">",  "(",  ")", "[", "]",
                                             "{",  "}",  ".",  ",",  ":",  "|",  "="};
    const std::string_view rest = std::string_view(source_).substr(at_);
    for (const std::string_view symbol : kSymbols) {
      if (!rest.starts_with(symbol)) continue;
      if (symbol == "(" || symbol == "[" || symbol == "{") ++depth_;
      if ((symbol == ")" || symbol == "]" || symbol == "}") && depth_ > 0) --depth_;
      return take(TokenKind::symbol, at_ + symbol.size());
    }
    fail_at(at_,
            fmt::format("'{}' has no meaning here", rest.substr(0, decode_point(rest, 0).length)));
  }

  const std::string source_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t counted_ = 0, line_ = 1, line_begin_ = 0;
  int depth_ = 0;            // brackets open inside a tag
  bool line_starts_ = true;  // what comes begins a line
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, const std::string& name) {
  check_utf8(source, name);
  return Lexer(source, name).run();
}

}  // namespace ordo::text::jinja
