// SentencePiece's vocabulary, which comes in two files: its own model, and GGUF.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ordo/text/tokenizer_spec.h"

namespace ordo::text {

enum class PieceType : std::uint8_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

struct PieceList {
  std::vector<std::string> pieces;
  std::vector<float> scores;
  std::vector<PieceType> types;
  bool is_bpe = false;  ///< else Unigram
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  std::string charsmap;  ///< may be empty
};

/// Normalizer, model, decoder and added tokens; the roles and the post-processor are the caller's.
TokenizerSpec spec_of_pieces(PieceList list, const std::string& source);

/// The template that puts the token of the beginning before a text and that of the end after it.
Json bos_eos_template(const TokenizerSpec& spec, std::optional<TokenId> bos,
                      std::optional<TokenId> eos);

}  // namespace ordo::text
