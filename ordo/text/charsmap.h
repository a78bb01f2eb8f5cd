// SentencePiece's precompiled character map: rules "these bytes become those" in a double-array
// trie.
//
//   u32 n, n bytes of trie (u32 units, little-endian), replacements ended by zero bytes
//
// A unit is (Darts-clone): bits 0-7 label, bit 8 has a leaf, bit 9 the offset is shifted by 8 more,
// bits 10-30 offset; a leaf's low 31 bits are the replacement's place.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/text/normalized.h"
#include "ordo/text/regex.h"

namespace ordo::text {

/// Which rule counts where several fit.
enum class CharsmapMatch {
  shortest_of_grapheme,  ///< as Python's `tokenizers`: a short grapheme becomes what its beginning
                         ///< says
  longest,               ///< as SentencePiece
};

class Charsmap {
 public:
  /// Throws InputError naming `where`.
  Charsmap(std::string bytes, CharsmapMatch match, const std::string& where);
  void apply(Normalized& text) const;

 private:
  struct Rule {
    std::size_t length = 0;  ///< bytes that it replaces
    std::string_view replacement;
  };
  /// The rule for the longest (or shortest) beginning of `text`, if any.
  std::optional<Rule> find(std::string_view text) const;
  std::uint32_t unit(std::size_t at) const;
  void apply_longest(Normalized& text) const;
  void apply_by_grapheme(Normalized& text) const;

  std::string bytes_;
  CharsmapMatch match_;
  std::size_t units_ = 0, replacements_ = 0;
  Regex graphemes_;
};

}  // namespace ordo::text
