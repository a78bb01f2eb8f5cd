// Tokenizers: text to the numbers that a language model reads, and back.
//
//   text -> added tokens cut out -> normalizer -> pre-tokenizer -> model -> post-processor -> ids
//   ids  -> tokens -> decoder -> text
//
// The parts are those of Hugging Face's `tokenizer.json`, and every other format (SentencePiece's
// `tokenizer.model`, GPT-2's `vocab.json` and `merges.txt`, tiktoken's ranks, the metadata of GGUF)
// is read into them. Text is UTF-8, offsets are bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::text {

/// The number of a token: 0 to vocab_size() - 1. Signed and wide, as embeddings take it.
using TokenId = std::int64_t;

/// Bytes [begin, end) of the text given to encode.
struct ByteSpan {
  std::size_t begin = 0, end = 0;
  friend bool operator==(const ByteSpan&, const ByteSpan&) = default;
};

/// What a text became, one entry a token in each vector.
struct Encoding {
  std::vector<TokenId> ids;
  std::vector<ByteSpan> offsets;         ///< where each token came from; {0, 0} if from nowhere
  std::vector<std::uint8_t> type_ids;    ///< as the post-processor says: mostly 1 in a second text
  std::vector<std::uint8_t> is_special;  ///< 1 where the post-processor added the token
};

struct EncodeOptions {
  bool add_special_tokens = true;      ///< what the post-processor adds, such as <s> or [CLS]
  bool special_tokens_in_text = true;  ///< false: "<|end|>" in the text is text, not the token
};

struct DecodeOptions {
  bool skip_special_tokens = true;
};

/// A token that is cut out of the text before all else.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false;  ///< only where no word character touches it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< takes the white space after it along
  bool normalized = false;   ///< looked for in the normalized text
  bool special = false;      ///< left out by decode
};

/// What a folder or file says beside the tokenizer itself about which token is what.
struct TokenRoles {
  std::optional<TokenId> bos, eos, unk, pad;
  std::optional<bool> add_bos, add_eos;      ///< what tokenizer_config.json or GGUF asks for
  std::optional<std::string> chat_template;  ///< for ChatTemplate
};

/// The settings of `tokenizer.json`; encode does not apply them by itself.
struct Truncation {
  std::size_t max_length = 512;
  std::size_t stride = 0;
  bool left = false;  ///< takes from the beginning
};
struct Padding {
  std::optional<std::size_t> length;  ///< none: to the longest of a batch
  std::size_t multiple_of = 1;
  bool left = false;
  TokenId id = 0;
  std::uint8_t type_id = 0;
  std::string token = "[PAD]";
};

struct TokenizerSpec;  // ordo/text/tokenizer_spec.h: all of it as plain data

/// Immutable, cheap to copy (copies share the tables), and usable from many threads at once.
class Tokenizer {
 public:
  /// From a folder (tokenizer.json, else tokenizer.model, else vocab.json and merges.txt, else a
  /// *.tiktoken; with tokenizer_config.json, special_tokens_map.json, generation_config.json,
  /// chat_template.jinja where they are) or from one such file. Throws IoError, InputError.
  static Tokenizer load(const std::filesystem::path& path);
  /// From the text of a tokenizer.json; `source` names it in errors. Throws InputError.
  static Tokenizer from_json(std::string_view text, const std::string& source = "tokenizer.json");
  /// From the metadata of a GGUF file (models::Gguf::metadata). Throws InputError.
  static Tokenizer from_gguf(const JsonObject& metadata, const std::string& source = "<gguf>");
  explicit Tokenizer(TokenizerSpec spec);

  /// The tokens of `text`. Throws InputError if it is not UTF-8.
  std::vector<TokenId> encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// With offsets, types and which tokens were added. Throws InputError if it is not UTF-8.
  Encoding encode_with_offsets(std::string_view text, const EncodeOptions& options = {}) const;
  /// Two texts in one sequence, as the post-processor joins them; offsets are of each text.
  Encoding encode_pair(std::string_view first, std::string_view second,
                       const EncodeOptions& options = {}) const;

  /// The text of tokens; bytes that are no UTF-8 become U+FFFD. Throws UsageError for a negative
  /// id; ids that no token has are left out.
  std::string decode(std::span<const TokenId> ids, const DecodeOptions& options = {}) const;

  /// One more than the largest id. Ids in between may be unused.
  std::size_t vocab_size() const;
  std::optional<TokenId> id_of(std::string_view token) const;
  /// As the vocabulary spells it ("Ġthe", "▁the", "##ing"). Throws UsageError outside it.
  const std::string& token_of(TokenId id) const;
  /// Whether decode leaves it out.
  bool is_special(TokenId id) const;
  const std::vector<AddedToken>& added_tokens() const;
  const TokenRoles& roles() const;
  const std::optional<Truncation>& truncation() const;
  const std::optional<Padding>& padding() const;

  /// The text of a tokenizer.json that makes this tokenizer again, here and in Python.
  std::string to_json() const;
  /// Writes tokenizer.json and tokenizer_config.json (roles, chat template) into the folder.
  void save(const std::filesystem::path& folder) const;

  struct State;

 private:
  std::shared_ptr<const State> state_;
};

/// Cuts to `truncation.max_length` tokens, keeping what the post-processor added at both ends.
Encoding truncate(Encoding encoding, const Truncation& truncation);
/// Pads with `padding` to its length, else to `longest`; what is long enough stays as it is.
Encoding pad(Encoding encoding, const Padding& padding, std::size_t longest = 0);

/// Decodes tokens as they come. No piece ends within a character, and the pieces put together are
/// what decode gives for all tokens, if those spell UTF-8.
class StreamDecoder {
 public:
  explicit StreamDecoder(Tokenizer tokenizer, DecodeOptions options = {});
  /// The text that is certain now; empty while a character is incomplete.
  std::string push(TokenId id);
  /// What is left, incomplete characters as U+FFFD. The decoder then starts anew.
  std::string finish();

 private:
  Tokenizer tokenizer_;
  DecodeOptions options_;
  std::vector<TokenId> context_;  // the tokens of the last piece, and those since
  std::size_t shown_ = 0;         // how many of them are the last piece
  std::string given_;             // the text of those alone
};

}  // namespace ordo::text
