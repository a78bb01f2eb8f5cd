// The part of a tokenizer that turns a piece of text into tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ordo/text/tokenizer_spec.h"

namespace ordo::text {

/// A token of a piece: its id and the bytes of the piece it stands for.
struct ModelToken {
  std::uint32_t id;
  std::uint32_t begin, end;
};

/// SentencePiece's mark of a space.
inline constexpr std::string_view kSpaceMark = "\u2581";

/// What the pieces are: text, or the bytes that a byte-level vocabulary spells with letters.
enum class PieceForm { text, bytes };

class Model {
 public:
  virtual ~Model() = default;
  /// Appends the tokens of `piece`. Throws InputError for what the vocabulary cannot spell if it
  /// has no token for the unknown.
  virtual void append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const = 0;
  /// Whether a piece gives the same tokens when it is cut before each kSpaceMark that follows
  /// something else. Words are shorter, and come again.
  virtual bool can_cut_at_marks() const { return false; }
};

/// The spec must outlive the model.
std::unique_ptr<Model> make_bpe(const ModelSpec& spec, PieceForm form);
std::unique_ptr<Model> make_unigram(const ModelSpec& spec);
std::unique_ptr<Model> make_word_piece(const ModelSpec& spec);
std::unique_ptr<Model> make_word_level(const ModelSpec& spec);
std::unique_ptr<Model> make_model(const ModelSpec& spec, PieceForm form);

/// The ids of "<0x00>" to "<0xFF>"; TokenIndex::kNone where there is none.
std::vector<std::uint32_t> byte_tokens(const ModelSpec& spec);

}  // namespace ordo::text
