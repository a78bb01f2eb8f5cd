// Tokens of Prolog (ISO 13211-1, section 6.4): names in three forms, variables, integers in four
// notations, punctuation. Comments run from `%` to the line's end or between `/*` and `*/`.
#pragma once

#include <cstdint>
#include <string>

#include "ordo/machine/source.h"

namespace ordo::machine::rmc {

enum class PrologTokenKind : std::uint8_t {
  end_of_text,
  full_stop,
  name,    ///< letters, symbols, or `!` `;` `,` `|`
  quoted,  ///< 'text': never an operator's sign, a name otherwise
  variable,
  integer,
  open,   ///< ( [ {
  close,  ///< ) ] }
  bad
};

struct PrologToken {
  PrologTokenKind kind = PrologTokenKind::end_of_text;
  std::string text;         ///< the name meant, decimal digits, or the bracket; what is wrong
  bool after_blank = true;  ///< whether a blank, comment or nothing stands before
  Span span;
};

class PrologLexer {
 public:
  PrologLexer(const SourceMap& sources, SourceId file);
  PrologToken next();

 private:
  bool skip_blanks(PrologToken& unclosed);
  char at(std::size_t offset) const {
    return at_ + offset < text_.size() ? text_[at_ + offset] : '\0';
  }
  PrologToken take(PrologTokenKind kind, std::size_t length, std::string text);
  PrologToken read_number();
  PrologToken read_radix(unsigned radix);
  PrologToken read_character();
  PrologToken read_quoted();
  PrologToken read_word();
  std::string read_escape(std::size_t& offset, std::string& problem) const;

  std::string_view text_;
  SourceId file_;
  std::size_t at_ = 0;
  bool after_blank_ = true;
};

}  // namespace ordo::machine::rmc
