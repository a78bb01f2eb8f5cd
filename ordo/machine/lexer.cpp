#include "ordo/machine/lexer.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace ordo::machine {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit(c) || c == '_' || c == '\'';
}

// Letters beyond ASCII: Latin, Greek, Cyrillic and everything above, less the blocks that hold
// punctuation, arrows and mathematical signs.
bool wide_letter(char32_t c) {
  if (c == 0xD7 || c == 0xF7) return false;
  return (c >= 0xC0 && c < 0x2000) || (c >= 0x2C00 && c < 0x2E00) || c >= 0x3040;
}

// Reads "{hex}" after \u; returns the characters used, 0 if malformed.
std::size_t read_unicode_escape(std::string_view text, std::string& out) {
  const std::size_t close = text.find('}');
  if (text.empty() || text[0] != '{' || close == std::string_view::npos || close < 2 || close > 7)
    return 0;
  std::uint32_t value = 0;
  for (const char c : text.substr(1, close - 1)) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return 0;
    const int low = std::tolower(static_cast<unsigned char>(c));
    value = value * 16 + static_cast<std::uint32_t>(digit(c) ? c - '0' : low - 'a' + 10);
  }
  if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 0;
  append_utf8(out, value);
  return close + 1;
}

}  // namespace

void SpellingTable::add(std::string_view spelling, std::uint32_t code) {
  const auto before = [](const Punctuation& a, const Punctuation& b) {
    if (a.spelling[0] != b.spelling[0]) return a.spelling[0] < b.spelling[0];
    return a.spelling.size() > b.spelling.size();
  };
  const Punctuation entry{spelling, code};
  entries_.insert(std::upper_bound(entries_.begin(), entries_.end(), entry, before), entry);
  ranges_ = {};
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    Range& range = ranges_[static_cast<unsigned char>(entries_[i].spelling[0])];
    if (range.end == 0) range.begin = i;
    range.end = i + 1;
  }
}

Lexer::Lexer(const SourceMap& sources, SourceId file, const std::vector<Punctuation>& table,
             std::span<const std::string_view> words)
    : text_(sources.text(file)), file_(file) {
  for (const Punctuation& entry : table) {
    punctuation_.add(entry.spelling, entry.code);
    percent_comments_ &= entry.spelling != "%";
  }
  for (std::uint32_t i = 0; i < words.size(); ++i) words_.add(words[i], i + 1);
}

void Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if ((c == '%' && percent_comments_) || (c == '-' && text_.substr(at_, 2) == "--")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else {
      return;
    }
  }
}

Token Lexer::finish(TokenKind kind, std::size_t end, std::uint32_t code) {
  const Token token{
      kind, code, {file_, static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(end)}};
  at_ = end;
  return token;
}

bool Lexer::name_part(std::size_t at, std::uint32_t& length) const {
  const char c = text_[at];
  length = 1;
  if (static_cast<unsigned char>(c) < 0x80) return name_byte(c);
  return is_wide_letter(text_, at, length);
}

Token Lexer::read_string(char quote, TokenKind kind) {
  std::size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
    end += text_[end] == '\\' && end + 1 < text_.size() && text_[end + 1] != '\n' ? 2 : 1;
  }
  if (end < text_.size() && text_[end] == quote) return finish(kind, end + 1);
  problem_ = kind == TokenKind::string ? "this string is not closed on its line"
                                       : "this quoted name is not closed on its line";
  return finish(TokenKind::bad, end);
}

Token Lexer::next() {
  skip_blanks();
  if (at_ >= text_.size()) return finish(TokenKind::end, at_);
  const char c = text_[at_];
  if (const Punctuation* mark = punctuation_.longest(text_.substr(at_))) {
    return finish(TokenKind::punctuation, at_ + mark->spelling.size(), mark->code);
  }
  if (c == '"') return read_string(c, TokenKind::string);
  if (c == '\'') return read_string(c, TokenKind::quoted);
  if (digit(c) || (c == '-' && at_ + 1 < text_.size() && digit(text_[at_ + 1]))) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && digit(text_[end])) ++end;
    return finish(TokenKind::integer, end);
  }
  std::uint32_t length = 1;
  if (name_part(at_, length)) {
    std::size_t end = at_;
    while (end < text_.size() && name_part(end, length)) end += length;
    if (c >= 'A' && c <= 'Z') return finish(TokenKind::upper, end);
    return finish(TokenKind::lower, end, words_.code_of(text_.substr(at_, end - at_)));
  }
  problem_ = fmt::format("stray character '{}'", text_.substr(at_, length));
  return finish(TokenKind::bad, at_ + length);
}

bool is_wide_letter(std::string_view text, std::size_t at, std::uint32_t& length) {
  const CodePoint point = decode_utf8(text, at);
  length = point.length;
  return wide_letter(point.value);
}

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

std::string unquote(std::string_view literal, Span span, Diagnostics& problems) {
  std::string out;
  const std::string_view body = literal.substr(1, literal.size() - 2);
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    const char escape = ++i < body.size() ? body[i] : '\\';
    std::size_t used = 1;
    if (escape == 'n')
      out += '\n';
    else if (escape == 't')
      out += '\t';
    else if (escape == '"' || escape == '\'' || escape == '\\')
      out += escape;
    else if (escape == 'u')
      i += used = read_unicode_escape(body.substr(i + 1), out);
    else
      used = 0;
    if (used == 0) {
      const auto at = span.begin + 1 + static_cast<std::uint32_t>(i);
      problems.error({span.source, at - 1, at + 1}, "unknown escape in a string",
                     "escapes are \\n \\t \\\" \\' \\\\ and \\u{hex}");
    }
  }
  return out;
}

}  // namespace ordo::machine
