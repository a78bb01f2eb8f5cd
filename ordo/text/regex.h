// Regular expressions by PCRE2, compiled to machine code where that is possible. Patterns are those
// of tokenizer.json: Oniguruma's Ruby syntax, of which everything is taken that patterns of
// tokenizers use; what differs between the two is rewritten.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ordo/text/tokenizer.h"

namespace ordo::text {

class Regex {
 public:
  /// `where` names the pattern in errors. Throws InputError for what is no pattern.
  explicit Regex(std::string_view pattern, const std::string& where = "regular expression");

  /// Goes through the matches in one text, which must be UTF-8 and outlive it.
  class Matches {
   public:
    Matches(const Regex& regex, std::string_view text);
    /// The next match, or nothing. Throws LimitError where the pattern takes for ever.
    std::optional<ByteSpan> next();

   private:
    const Regex& regex_;
    std::string_view text_;
    std::size_t from_ = 0;
    std::shared_ptr<void> data_;
  };

 private:
  std::string pattern_;
  std::shared_ptr<void> code_;
};

/// The pattern in PCRE2's syntax, where classes of Unicode mean what they mean in the tables of
/// this room. Throws InputError for what PCRE2 has no words for.
std::string to_pcre_syntax(std::string_view pattern, const std::string& where);

}  // namespace ordo::text
