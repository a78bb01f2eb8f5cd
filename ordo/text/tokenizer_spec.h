// A tokenizer as plain data: what every format is read into and tokenizer.json is written from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/text/tokenizer.h"

namespace ordo::text {

enum class ModelKind { bpe, word_piece, unigram, word_level };

struct MergeRule {
  std::uint32_t left = 0, right = 0, merged = 0;  ///< ids
};

struct ModelSpec {
  ModelKind kind = ModelKind::bpe;
  std::vector<std::string> tokens;  ///< by id; empty: nobody has this id
  std::vector<MergeRule> merges;    ///< BPE's, the first the most urgent
  std::vector<double> scores;       ///< Unigram's logarithms of probabilities, by id
  bool single_precision = false;    ///< Unigram: scores are added in float, as SentencePiece does
  std::optional<std::uint32_t> unk;
  std::string continuing_prefix;       ///< BPE's and WordPiece's "##"
  std::string end_of_word_suffix;      ///< BPE's "</w>"
  bool fuse_unk = false;               ///< unknown characters in a row are one token
  bool byte_fallback = false;          ///< an unknown character becomes its bytes' tokens, <0xE2>
  bool ignore_merges = false;          ///< a piece that is a token is one without merges
  std::int64_t max_word_length = 100;  ///< characters; a longer word is unknown to WordPiece
};

struct TokenizerSpec {
  ModelSpec model;
  std::vector<AddedToken> added_tokens;
  Json normalizer, pre_tokenizer, post_processor, decoder;  ///< as in tokenizer.json; may be null
  std::optional<Truncation> truncation;
  std::optional<Padding> padding;
  TokenRoles roles;
  std::string source = "tokenizer";  ///< names it in errors
};

// Readers. Each throws InputError naming source and field.

TokenizerSpec parse_tokenizer_json(std::string_view text, const std::string& source);
std::string write_tokenizer_json(const TokenizerSpec& spec);

/// GPT-2's pair: a JSON object of tokens, and a line a merge.
TokenizerSpec parse_gpt2(std::string_view vocab_json, std::string_view merges,
                         const std::string& source);
/// tiktoken's ranks: lines of a token in Base64 and its rank. `pattern` cuts words (empty: that of
/// Llama-3); its special tokens are in no file.
TokenizerSpec parse_tiktoken(std::string_view text, const std::string& source,
                             std::string_view pattern = {});
/// SentencePiece's model, a protocol buffer; BPE and Unigram.
TokenizerSpec parse_sentencepiece(std::string_view bytes, const std::string& source);
/// The entries "tokenizer.ggml.*" of a GGUF file.
TokenizerSpec parse_gguf_tokenizer(const JsonObject& metadata, const std::string& source);

/// What Tokenizer::load does, before the tables are made.
TokenizerSpec read_tokenizer(const std::filesystem::path& path);

/// Fills in `merged` of rules whose halves are given by name. Throws InputError naming the rule
/// whose token is missing.
class MergeResolver {
 public:
  MergeResolver(ModelSpec& model, std::string source);
  ~MergeResolver();
  void add(std::string_view left, std::string_view right, std::size_t number);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ordo::text
