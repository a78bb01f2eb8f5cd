// What a Tokenizer's copies share.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "ordo/text/added_vocabulary.h"
#include "ordo/text/decoder.h"
#include "ordo/text/model.h"
#include "ordo/text/normalizer.h"
#include "ordo/text/post_processor.h"
#include "ordo/text/pre_tokenizer.h"
#include "ordo/text/tokenizer_spec.h"
#include "ordo/text/vocabulary.h"
#include "ordo/text/word_cache.h"

namespace ordo::text {

struct Tokenizer::State {
  explicit State(TokenizerSpec from);

  /// At the added tokens that are looked for in the text as it is.
  std::vector<AddedStretch> cut(std::string_view text, const EncodeOptions& options) const;
  void append_ids(std::string_view text, std::size_t begin, const EncodeOptions& options,
                  std::vector<TokenId>& ids) const;
  void append_pieces(Normalized text, std::vector<TokenId>& ids) const;
  void append_piece(std::string_view piece, WordCache& cache, std::vector<TokenId>& ids) const;
  Encoding encode_part(std::string_view text, const EncodeOptions& options,
                       std::uint8_t type) const;
  Pieces cut_into_pieces(Normalized text) const;

  TokenizerSpec spec;
  TokenIndex index;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  PostProcessor post_processor;
  Decoder decoder;
  std::unique_ptr<Model> model;
  std::unique_ptr<AddedVocabulary> added;
  std::vector<bool> special;       // by id
  std::vector<std::string> by_id;  // added tokens' contents over the model's tokens
  std::unordered_map<std::string, TokenId> added_ids;
  mutable CachePool caches;
};

}  // namespace ordo::text
