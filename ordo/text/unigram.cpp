// Unigram (Kudo 2018): of all ways to cut a piece into tokens the one whose probabilities' product
// is greatest, found by Viterbi's algorithm over the tokens that begin at each character.
#include <algorithm>
#include <limits>

#include "ordo/base/error.h"
#include "ordo/text/byte_trie.h"
#include "ordo/text/model.h"
#include "ordo/text/unicode.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {
namespace {

// An unknown character costs this much more than the least probable token (as in SentencePiece).
constexpr double kUnknownPenalty = 10;

class Unigram : public Model {
 public:
  explicit Unigram(const ModelSpec& spec)
      : spec_(spec), index_(spec.tokens), bytes_(byte_tokens(spec)) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t id = 0; id < spec.tokens.size(); ++id) {
      least = std::min(least, spec.scores[id]);
      if (!spec.tokens[id].empty()) trie_.add(spec.tokens[id], static_cast<std::uint32_t>(id));
    }
    unknown_score_ = sum(least, -kUnknownPenalty);
  }

  void append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const override;

 private:
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;
  struct Best {
    double score = 0;
    std::uint32_t begin = kNowhere, id = TokenIndex::kNone;
  };

  // Equally good cuts differ in what rounding leaves of them.
  double sum(double a, double b) const {
    return spec_.single_precision ? static_cast<double>(static_cast<float>(a + b)) : a + b;
  }
  void find_best(std::string_view piece, std::vector<Best>& best) const;
  void append(std::string_view piece, std::uint32_t begin, std::uint32_t end,
              std::vector<ModelToken>& tokens) const;

  const ModelSpec& spec_;
  TokenIndex index_;
  ByteTrie trie_;
  std::vector<std::uint32_t> bytes_;
  double unknown_score_ = 0;
};

void Unigram::find_best(std::string_view piece, std::vector<Best>& best) const {
  const auto offer = [&best](std::size_t end, double score, std::size_t begin, std::uint32_t id) {
    if (best[end].begin == kNowhere || score > best[end].score) {
      best[end] = {score, static_cast<std::uint32_t>(begin), id};
    }
  };
  for (std::size_t begin = 0; begin < piece.size();) {
    const std::size_t length = decode_point(piece, begin).length;
    const double so_far = best[begin].score;
    bool has_character = false;
    trie_.for_each_prefix(piece.substr(begin), [&](std::size_t size, std::uint32_t id) {
      offer(begin + size, sum(so_far, spec_.scores[id]), begin, id);
      has_character = has_character || size == length;
    });
    if (!has_character) {
      if (!spec_.unk) {
        throw InputError({.source = "text"}, "the vocabulary cannot spell '" +
                                                 std::string(piece.substr(begin, length)) +
                                                 "' and has no token for the unknown");
      }
      offer(begin + length, sum(so_far, unknown_score_), begin, *spec_.unk);
    }
    begin += length;
  }
}

// Stretches of the unknown may be tokens after all, or fall back to bytes.
void Unigram::append(std::string_view piece, std::uint32_t begin, std::uint32_t end,
                     std::vector<ModelToken>& tokens) const {
  const std::string_view stretch = piece.substr(begin, end - begin);
  const std::uint32_t id = index_.find(stretch);
  if (id != TokenIndex::kNone) {
    tokens.push_back({id, begin, end});
    return;
  }
  const bool falls_back =
      spec_.byte_fallback && std::all_of(stretch.begin(), stretch.end(), [&](char byte) {
        return bytes_[static_cast<unsigned char>(byte)] != TokenIndex::kNone;
      });
  if (!falls_back) {
    tokens.push_back({*spec_.unk, begin, end});
    return;
  }
  for (const char byte : stretch) {
    tokens.push_back({bytes_[static_cast<unsigned char>(byte)], begin, end});
  }
}

void Unigram::append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const {
  if (piece.empty()) return;
  thread_local std::vector<Best> best;
  thread_local std::vector<std::uint32_t> cuts;
  best.assign(piece.size() + 1, {});
  find_best(piece, best);
  cuts.assign(1, static_cast<std::uint32_t>(piece.size()));
  bool in_unknown = false;
  for (std::uint32_t end = cuts[0]; end > 0; end = best[end].begin) {
    const bool unknown = spec_.unk && best[end].id == *spec_.unk;
    if (!(unknown && in_unknown) && end != cuts.front()) cuts.push_back(end);
    in_unknown = unknown;
  }
  cuts.push_back(0);
  for (std::size_t cut = cuts.size() - 1; cut > 0; --cut) {
    append(piece, cuts[cut], cuts[cut - 1], tokens);
  }
}

}  // namespace

std::unique_ptr<Model> make_unigram(const ModelSpec& spec) {
  return std::make_unique<Unigram>(spec);
}

}  // namespace ordo::text
