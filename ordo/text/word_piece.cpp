// WordPiece (Schuster & Nakajima 2012): from the left the longest token that fits, those inside a
// word with a prefix ("##"); a word with a stretch that no token spells is unknown as a whole. And
// WordLevel: a piece is a token or unknown.
#include "ordo/base/error.h"
#include "ordo/text/model.h"
#include "ordo/text/unicode.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {
namespace {

std::uint32_t unknown_of(const ModelSpec& spec, std::string_view piece) {
  if (spec.unk) return *spec.unk;
  throw InputError({.source = "text"}, "the vocabulary cannot spell '" + std::string(piece) +
                                           "' and has no token for the unknown");
}

class WordPiece : public Model {
 public:
  explicit WordPiece(const ModelSpec& spec) : spec_(spec), index_(spec.tokens) {}

  void append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const override {
    if (piece.empty()) return;
    const std::size_t before = tokens.size();
    const bool fits = static_cast<std::int64_t>(count_points(piece)) <= spec_.max_word_length;
    if (!fits || !cut(piece, tokens)) {
      tokens.resize(before);
      tokens.push_back({unknown_of(spec_, piece), 0, static_cast<std::uint32_t>(piece.size())});
    }
  }

 private:
  // False if no token fits somewhere.
  bool cut(std::string_view piece, std::vector<ModelToken>& tokens) const {
    thread_local std::string spelled;
    for (std::size_t begin = 0; begin < piece.size();) {
      spelled = begin > 0 ? spec_.continuing_prefix : "";
      const std::size_t prefix = spelled.size();
      std::size_t end = std::min(piece.size(), begin + index_.longest());
      while (end < piece.size() && (piece[end] & 0xC0) == 0x80) --end;  // not inside a character
      spelled += piece.substr(begin, end > begin ? end - begin : 0);
      std::uint32_t id = TokenIndex::kNone;
      while (end > begin) {
        id = index_.find(std::string_view(spelled).substr(0, prefix + end - begin));
        if (id != TokenIndex::kNone) break;
        end = previous_point(piece, end);
      }
      if (end <= begin) return false;
      tokens.push_back({id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
      begin = end;
    }
    return true;
  }

  const ModelSpec& spec_;
  TokenIndex index_;
};

class WordLevel : public Model {
 public:
  explicit WordLevel(const ModelSpec& spec) : spec_(spec), index_(spec.tokens) {}

  void append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const override {
    if (piece.empty()) return;
    std::uint32_t id = index_.find(piece);
    if (id == TokenIndex::kNone) id = unknown_of(spec_, piece);
    tokens.push_back({id, 0, static_cast<std::uint32_t>(piece.size())});
  }

 private:
  const ModelSpec& spec_;
  TokenIndex index_;
};

}  // namespace

std::unique_ptr<Model> make_word_piece(const ModelSpec& spec) {
  return std::make_unique<WordPiece>(spec);
}

std::unique_ptr<Model> make_word_level(const ModelSpec& spec) {
  return std::make_unique<WordLevel>(spec);
}

std::unique_ptr<Model> make_model(const ModelSpec& spec, PieceForm form) {
  switch (spec.kind) {
    case ModelKind::bpe:
      return make_bpe(spec, form);
    case ModelKind::unigram:
      return make_unigram(spec);
    case ModelKind::word_piece:
      return make_word_piece(spec);
    default:
      return make_word_level(spec);
  }
}

}  // namespace ordo::text
