// Added tokens: strings that are tokens wherever they stand, cut out before anything else happens.
#pragma once

#include <vector>

#include "ordo/text/byte_trie.h"
#include "ordo/text/normalizer.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {

/// A stretch of a text that is one added token, or none.
struct AddedStretch {
  ByteSpan span;
  const AddedToken* token = nullptr;
};

class AddedVocabulary {
 public:
  /// Of the tokens with these ids; those that are looked for in normalized text are normalized too.
  AddedVocabulary(const std::vector<AddedToken>& tokens, const Normalizer& normalizer);

  bool has_raw() const { return !raw_.empty(); }
  bool has_normalized() const { return !normalized_.empty(); }

  /// The stretches of a text, those between tokens included. `normalized`: which tokens are looked
  /// for.
  std::vector<AddedStretch> cut(std::string_view text, bool normalized, bool special_too) const;

 private:
  const std::vector<AddedToken>& tokens_;
  ByteTrie raw_, normalized_;
};

}  // namespace ordo::text
