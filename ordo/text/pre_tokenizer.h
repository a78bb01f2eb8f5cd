// Pre-tokenizers of tokenizer.json: they cut a text into the pieces inside which the model works.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "ordo/text/config.h"
#include "ordo/text/normalized.h"
#include "ordo/text/word_scanner.h"

namespace ordo::text {

/// A text and its pieces, which leave gaps where something was removed.
struct Pieces {
  Normalized text;
  std::vector<ByteSpan> spans;
};

class PreTokenizer {
 public:
  PreTokenizer() = default;
  /// Throws InputError for a type it does not know, listing those it does.
  explicit PreTokenizer(const Config& config);

  void apply(Pieces& pieces) const;
  /// Whether the last thing it does is to spell bytes with letters (ByteLevel). `apply` leaves that
  /// out if it was told so: a model of bytes needs no letters.
  bool ends_in_byte_letters() const { return ends_in_byte_letters_; }
  void leave_out_byte_letters();
  /// If all it does is cut by one known pattern: that pattern.
  std::optional<WordPattern> only_pattern() const;

 private:
  using Step = std::function<void(Pieces&)>;
  void add(const Config& config);
  void add_step(Step step);
  void add_byte_level(const Config& config);
  void add_split(const Config& config);
  void add_metaspace(const Config& config);
  void add_word_pattern(WordPattern pattern);

  std::vector<Step> steps_;
  std::vector<WordPattern> patterns_;  // as many as steps if nothing else happens
  bool ends_in_byte_letters_ = false;
};

}  // namespace ordo::text
