// What the parsers of terms, types and declarations share: the calculus' punctuation, and a stream
// of tokens with three of lookahead whose errors say what was expected and what came.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/machine/fmc_term.h"
#include "ordo/machine/lexer.h"

namespace ordo::machine::fmc {

enum Mark : std::uint32_t {
  kDot,
  kSemicolon,
  kArrow,
  kOpen,
  kClose,
  kLess,
  kGreater,
  kLeft,
  kRight,
  kStar,
  kCaret,
  kAssign,
  kColon,
  kEquals,
  kBar,
  kImplies,
  kFrame
};

/// The spellings of the marks, ASCII and Unicode.
const std::vector<Punctuation>& marks();

/// run, reduce, typeof, data, import, with.
bool is_keyword(std::string_view name);

/// Thrown once a problem is reported; caught where parsing goes on behind it.
struct Failed {};

class TokenStream {
 public:
  TokenStream(Terms& terms, const SourceMap& sources, SourceId file, Diagnostics& problems);

  bool at(TokenKind kind, std::size_t k = 0) const { return ahead_[k].kind == kind; }
  bool at(Mark mark, std::size_t k = 0) const {
    return ahead_[k].kind == TokenKind::punctuation && ahead_[k].code == mark;
  }
  bool keyword(std::size_t k = 0) const {
    return at(TokenKind::lower, k) && is_keyword(text(ahead_[k]));
  }
  /// A lower-case name that is no keyword.
  bool name(std::size_t k = 0) const { return at(TokenKind::lower, k) && !keyword(k); }
  bool jump_at(std::size_t k = 0) const {
    return at(TokenKind::upper, k) || at(TokenKind::integer, k) || at(TokenKind::string, k) ||
           at(kStar, k);
  }

  const Token& next() const { return ahead_[0]; }
  Span last() const { return last_; }
  std::string_view text(const Token& token) const { return sources_.text(token.span); }

  Token advance();
  bool take(Mark mark);
  void require(Mark mark, std::string_view what);
  Symbol take_name(std::string_view what);
  /// The jump at the next token; integers without leading zeros, strings with canonical escapes.
  Symbol take_jump();
  /// Reports "expected ..., found ..." and throws Failed.
  [[noreturn]] void expected(std::string_view what, std::string hint = {});

  Terms& terms() { return terms_; }
  Diagnostics& problems() { return problems_; }

 private:
  Terms& terms_;
  const SourceMap& sources_;
  Diagnostics& problems_;
  Lexer lexer_;
  std::array<Token, 3> ahead_;
  std::string lexer_problem_ = "a stray character";
  Span last_;
};

}  // namespace ordo::machine::fmc
