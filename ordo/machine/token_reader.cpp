#include "ordo/machine/token_reader.h"

#include <fmt/format.h>

namespace ordo::machine {

TokenReader::TokenReader(const SourceMap& sources, SourceId file, Diagnostics& problems,
                         const std::vector<Punctuation>& table,
                         std::span<const std::string_view> words)
    : sources_(sources), problems_(problems), lexer_(sources, file, table, words) {
  for (std::size_t k = 0; k < ahead_.size(); ++k) advance();
  last_ = {};
}

Token TokenReader::advance() {
  const Token token = ahead_[0];
  ahead_[0] = ahead_[1];
  ahead_[1] = ahead_[2];
  ahead_[2] = lexer_.next();
  if (ahead_[2].kind == TokenKind::bad) lexer_problem_ = lexer_.problem();
  last_ = token.span;
  return token;
}

void TokenReader::expected(std::string_view what, std::string hint) {
  const Token& token = ahead_[0];
  const std::string found = token.kind == TokenKind::end   ? "the end of the text"
                            : token.kind == TokenKind::bad ? lexer_problem_
                                                           : fmt::format("'{}'", text(token));
  problems_.error(token.span, fmt::format("expected {}, found {}", what, found), std::move(hint));
  throw ParseFailed{};
}

}  // namespace ordo::machine
