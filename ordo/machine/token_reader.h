// What parsers share: tokens with three of lookahead, and errors that say what was expected and
// what came.
#pragma once

#include <array>
#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ordo/machine/lexer.h"

namespace ordo::machine {

/// Thrown once a problem is reported; caught where parsing goes on behind it.
struct ParseFailed {};

/// A punctuation's code, as each language enumerates its own.
template <class T>
concept TokenMark = std::is_enum_v<T> && !std::same_as<T, TokenKind>;

class TokenReader {
 public:
  /// The tables are those of Lexer; `problems` must outlive the reader.
  TokenReader(const SourceMap& sources, SourceId file, Diagnostics& problems,
              const std::vector<Punctuation>& table, std::span<const std::string_view> words = {});

  const Token& next(std::size_t k = 0) const { return ahead_[k]; }
  bool at(TokenKind kind, std::size_t k = 0) const { return ahead_[k].kind == kind; }
  template <TokenMark Mark>
  bool at(Mark mark, std::size_t k = 0) const {
    return ahead_[k].kind == TokenKind::punctuation && ahead_[k].code == mark;
  }
  bool reserved_at(std::size_t k = 0) const {
    return ahead_[k].kind == TokenKind::lower && ahead_[k].code != 0;
  }
  /// Whether a reserved word comes, spelled so.
  bool word(std::string_view spelling) const { return reserved_at() && text() == spelling; }
  std::string_view text(const Token& token) const { return sources_.text(token.span); }
  std::string_view text() const { return text(ahead_[0]); }
  /// Of the token that was taken last.
  Span last() const { return last_; }

  Token advance();
  template <TokenMark Mark>
  bool take(Mark mark) {
    if (!at(mark)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view spelling) {
    if (!word(spelling)) return false;
    advance();
    return true;
  }
  template <TokenMark Mark>
  void require(Mark mark, std::string_view what, std::string hint = {}) {
    if (!take(mark)) expected(what, std::move(hint));
  }
  /// Reports "expected ..., found ..." and throws ParseFailed.
  [[noreturn]] void expected(std::string_view what, std::string hint = {});

  Diagnostics& problems() { return problems_; }

 protected:
  /// Of a token that another begins with: the second one comes next.
  void split_next(std::uint32_t bytes) { ahead_[0].span.begin += bytes; }

 private:
  const SourceMap& sources_;
  Diagnostics& problems_;
  Lexer lexer_;
  std::array<Token, 3> ahead_;
  std::string lexer_problem_;
  Span last_;
};

}  // namespace ordo::machine
