#include "ordo/machine/fmc_tokens.h"

#include <algorithm>

#include <fmt/format.h>

namespace ordo::machine::fmc {

const std::vector<Punctuation>& marks() {
  static const std::vector<Punctuation> table{
      {".", kDot},   {";", kSemicolon}, {"->", kArrow},  {"→", kArrow},   {"[", kOpen},
      {"]", kClose}, {"<", kLess},      {"⟨", kLess},    {">", kGreater}, {"⟩", kGreater},
      {"(", kLeft},  {")", kRight},     {"*", kStar},    {"⋆", kStar},    {"★", kStar},
      {"^", kCaret}, {":=", kAssign},   {"≔", kAssign},  {":", kColon},   {"=", kEquals},
      {"|", kBar},   {"=>", kImplies},  {"⇒", kImplies}, {"..", kFrame}};
  return table;
}

bool is_keyword(std::string_view name) {
  static constexpr std::string_view kKeywords[] = {"run",  "reduce", "typeof",
                                                   "data", "import", "with"};
  return std::find(std::begin(kKeywords), std::end(kKeywords), name) != std::end(kKeywords);
}

TokenStream::TokenStream(Terms& terms, const SourceMap& sources, SourceId file,
                         Diagnostics& problems)
    : terms_(terms), sources_(sources), problems_(problems), lexer_(sources, file, marks()) {
  for (Token& token : ahead_) {
    token = lexer_.next();
    if (token.kind == TokenKind::bad) lexer_problem_ = lexer_.problem();
  }
}

Token TokenStream::advance() {
  const Token token = ahead_[0];
  ahead_[0] = ahead_[1];
  ahead_[1] = ahead_[2];
  ahead_[2] = lexer_.next();
  if (ahead_[2].kind == TokenKind::bad) lexer_problem_ = lexer_.problem();
  last_ = token.span;
  return token;
}

bool TokenStream::take(Mark mark) {
  if (!at(mark)) return false;
  advance();
  return true;
}

void TokenStream::require(Mark mark, std::string_view what) {
  if (!take(mark)) expected(what);
}

Symbol TokenStream::take_name(std::string_view what) {
  if (!name()) expected(what);
  return terms_.intern(text(advance()));
}

Symbol TokenStream::take_jump() {
  const Token token = advance();
  if (token.kind == TokenKind::punctuation) return kSkip;
  if (token.kind == TokenKind::string)
    return terms_.intern(quote(unquote(text(token), token.span, problems_)));
  if (token.kind == TokenKind::integer) {  // canonical: no leading zeros, no -0
    std::string_view digits = text(token);
    const bool negative = digits[0] == '-';
    digits.remove_prefix(negative ? 1 : 0);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return terms_.intern((negative && digits != "0" ? "-" : "") + std::string(digits));
  }
  return terms_.intern(text(token));
}

void TokenStream::expected(std::string_view what, std::string hint) {
  const Token& token = ahead_[0];
  const std::string found = token.kind == TokenKind::end   ? "the end of the text"
                            : token.kind == TokenKind::bad ? lexer_problem_
                                                           : fmt::format("'{}'", text(token));
  problems_.error(token.span, fmt::format("expected {}, found {}", what, found), std::move(hint));
  throw Failed{};
}

}  // namespace ordo::machine::fmc
