// Tokens of the machines' languages: identifiers, integers, strings, and tables of punctuation and
// of reserved words that each language hands in. Spaces and comments (from `--`, or from `%` where
// that is no punctuation, to the line's end) lie between tokens. The text must be well-formed UTF-8
// (SourceMap sees to that).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/machine/source.h"

namespace ordo::machine {

enum class TokenKind : std::uint8_t {
  end,
  lower,
  upper,
  integer,
  string,
  quoted,
  punctuation,
  bad
};

/// Names begin with a letter or `_`; an upper-case ASCII letter makes them `upper`, all others
/// (also Greek and accented letters) `lower`; then come letters, digits, `_` and `'`. Between
/// double quotes stand strings, between single ones `quoted` names.
struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t code = 0;  ///< of punctuation: the entry's code; of reserved words: from 1 on
  Span span;
};

/// One spelling of a punctuation; several may share a code (`->` and `→`).
struct Punctuation {
  std::string_view spelling;
  std::uint32_t code;
};

/// Spellings by their first byte, the longest first.
class SpellingTable {
 public:
  void add(std::string_view spelling, std::uint32_t code);
  /// The longest spelling that `text` begins with, or nullptr.
  const Punctuation* longest(std::string_view text) const {
    const auto& [begin, end] = ranges_[static_cast<unsigned char>(text[0])];
    for (std::uint32_t i = begin; i < end; ++i) {
      if (text.starts_with(entries_[i].spelling)) return &entries_[i];
    }
    return nullptr;
  }
  /// The code of the spelling that `text` is, or 0.
  std::uint32_t code_of(std::string_view text) const {
    const auto& [begin, end] = ranges_[static_cast<unsigned char>(text[0])];
    for (std::uint32_t i = begin; i < end; ++i) {
      if (text == entries_[i].spelling) return entries_[i].code;
    }
    return 0;
  }

 private:
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };
  std::vector<Punctuation> entries_;
  std::array<Range, 256> ranges_{};
};

/// Reads tokens one by one: a file of 100 MB needs no list of them.
class Lexer {
 public:
  /// What the tables spell must outlive the lexer; the longest punctuation that fits wins. A
  /// `lower` token that is one of the `words` has its place among them, from 1, as its code.
  Lexer(const SourceMap& sources, SourceId file, const std::vector<Punctuation>& table,
        std::span<const std::string_view> words = {});

  /// The next token; `end` again and again at the end. A `bad` token is one stray character or an
  /// unclosed string; `problem()` tells which.
  Token next();
  const std::string& problem() const { return problem_; }

 private:
  void skip_blanks();
  Token finish(TokenKind kind, std::size_t end, std::uint32_t code = 0);
  Token read_string(char quote, TokenKind kind);
  bool name_part(std::size_t at, std::uint32_t& length) const;

  std::string_view text_;
  SourceId file_;
  SpellingTable punctuation_, words_;
  bool percent_comments_ = true;
  std::size_t at_ = 0;
  std::string problem_;
};

/// Whether a letter beyond ASCII stands at `at`, and its length in bytes.
bool is_wide_letter(std::string_view text, std::size_t at, std::uint32_t& length);
/// Appends a code point, which must not be a surrogate.
void append_utf8(std::string& out, std::uint32_t code_point);

/// The text that a string or quoted token means. Unknown escapes are reported into `problems`.
std::string unquote(std::string_view literal, Span span, Diagnostics& problems);

}  // namespace ordo::machine
