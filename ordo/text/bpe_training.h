// Byte-level byte-pair encoding learned from text: begin with the 256 bytes, and again and again
// make a token of the pair that is most frequent inside words (Sennrich et al. 2016).
//
// The merges are exactly those that the trainer of Python's `tokenizers` finds on the same text: of
// pairs equally frequent the one with the smaller ids first.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {

struct BpeTrainingOptions {
  std::size_t vocab_size = 2048;  ///< with the special tokens and the 256 bytes
  std::uint64_t min_frequency = 2;
  std::vector<std::string> special_tokens = {"<|endoftext|>"};  ///< get the ids from 0 on
  /// How words are cut: none is GPT-2's regular expression, else one of your own (Llama-3's).
  std::optional<std::string> pattern;
  bool add_prefix_space = false;
};

/// Hands one text after another to the receiver.
using TextSource = std::function<void(const std::function<void(std::string_view)>& receiver)>;

/// Reads the source once. Reports progress, stops when asked. Throws UsageError for options that
/// contradict each other, InputError for text that is not UTF-8. O(distinct words) memory.
Tokenizer train_byte_level_bpe(const TextSource& source, const BpeTrainingOptions& options,
                               Context& context);
/// Of texts in memory.
Tokenizer train_byte_level_bpe(const std::vector<std::string>& texts,
                               const BpeTrainingOptions& options, Context& context);

}  // namespace ordo::text
