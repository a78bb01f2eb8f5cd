// What the parsers of terms, types and declarations share: the calculus' punctuation, keywords,
// names and jumps.
#pragma once

#include <string_view>
#include <vector>

#include "ordo/machine/fmc_term.h"
#include "ordo/machine/token_reader.h"

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

class TokenStream : public TokenReader {
 public:
  TokenStream(Terms& terms, const SourceMap& sources, SourceId file, Diagnostics& problems);

  /// A lower-case name that is no keyword.
  bool name(std::size_t k = 0) const { return at(TokenKind::lower, k) && !reserved_at(k); }
  bool jump_at(std::size_t k = 0) const {
    return at(TokenKind::upper, k) || at(TokenKind::integer, k) || at(TokenKind::string, k) ||
           at(kStar, k);
  }

  Symbol take_name(std::string_view what);
  /// The jump at the next token; integers without leading zeros, strings with canonical escapes.
  Symbol take_jump();

  Terms& terms() { return terms_; }

 private:
  Terms& terms_;
};

}  // namespace ordo::machine::fmc
