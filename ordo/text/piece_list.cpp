#include "ordo/text/piece_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/base64.h"
#include "ordo/text/unicode.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {
namespace {

constexpr std::string_view kSpace = "\u2581";  // SentencePiece's mark of a space

Json replace(const char* kind, std::string_view what, std::string_view by) {
  return Json::object(
      {{"type", "Replace"}, {"pattern", Json::object({{kind, what}})}, {"content", by}});
}

bool is_spelled(PieceType type) {
  return type == PieceType::normal || type == PieceType::user_defined;
}

// SentencePiece joins the neighbours whose joint piece has the highest score. As rules: for each
// piece all the ways to halve it, the best pieces first.
void find_merges(const PieceList& list, ModelSpec& model) {
  const TokenIndex index(model.tokens);
  std::vector<std::uint32_t> order;
  for (std::uint32_t id = 0; id < model.tokens.size(); ++id) {
    if (list.types[id] == PieceType::normal && !model.tokens[id].empty()) order.push_back(id);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return list.scores[a] > list.scores[b];
  });
  for (const std::uint32_t id : order) {
    const std::string_view piece = model.tokens[id];
    const std::size_t first = model.merges.size();
    for (std::size_t cut = decode_point(piece, 0).length; cut < piece.size();
         cut += decode_point(piece, cut).length) {
      const std::uint32_t left = index.find(piece.substr(0, cut)),
                          right = index.find(piece.substr(cut));
      if (left == TokenIndex::kNone || right == TokenIndex::kNone) continue;
      if (!is_spelled(list.types[left]) || !is_spelled(list.types[right])) continue;
      model.merges.push_back({left, right, id});
    }
    std::sort(model.merges.begin() + static_cast<std::ptrdiff_t>(first), model.merges.end(),
              [](const MergeRule& a, const MergeRule& b) {
                return std::pair(a.left, a.right) < std::pair(b.left, b.right);
              });
  }
}

// Words can be looked at one by one if no piece spans two.
bool spans_words(const PieceList& list) {
  return std::any_of(list.pieces.begin(), list.pieces.end(), [](const std::string& piece) {
    return piece.find(kSpace, 1) != std::string::npos;
  });
}

void set_normalizer(const PieceList& list, bool by_word, TokenizerSpec& spec) {
  Json steps = Json::array();
  if (!list.charsmap.empty()) {
    steps.push_back(Json::object({{"type", "Precompiled"},
                                  {"precompiled_charsmap", encode_base64(list.charsmap)},
                                  {"longest_match", true}}));
  }
  if (list.remove_extra_whitespaces) {
    steps.push_back(replace("Regex", "\\A +| +\\z", ""));
    steps.push_back(replace("Regex", " {2,}", " "));
  }
  if (list.add_dummy_prefix) {
    steps.push_back(Json::object({{"type", "Prepend"}, {"prepend", kSpace}}));
  }
  steps.push_back(replace("String", " ", kSpace));
  if (by_word) {
    spec.pre_tokenizer = Json::object({{"type", "Split"},
                                       {"pattern", Json::object({{"String", kSpace}})},
                                       {"behavior", "MergedWithNext"},
                                       {"invert", false}});
  }
  spec.normalizer = Json::object({{"type", "Sequence"}, {"normalizers", std::move(steps)}});
}

void set_decoder(const PieceList& list, TokenizerSpec& spec) {
  Json steps =
      Json::array({replace("String", kSpace, " "), Json::object({{"type", "ByteFallback"}}),
                   Json::object({{"type", "Fuse"}})});
  if (list.add_dummy_prefix) {
    steps.push_back(Json::object({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}));
  }
  spec.decoder = Json::object({{"type", "Sequence"}, {"decoders", std::move(steps)}});
}

}  // namespace

TokenizerSpec spec_of_pieces(PieceList list, const std::string& source) {
  TokenizerSpec spec;
  spec.source = source;
  ModelSpec& model = spec.model;
  model.kind = list.is_bpe ? ModelKind::bpe : ModelKind::unigram;
  model.byte_fallback = list.byte_fallback;
  model.fuse_unk = true;
  for (std::size_t id = 0; id < list.pieces.size(); ++id) {
    const std::string where = fmt::format("{}: piece {}", source, id);
    check_utf8(list.pieces[id], where);
    const float score = list.scores[id];
    if (!(score > -1e30F && score < 1e30F)) {
      throw InputError({.source = where}, "expected a finite score");
    }
    const PieceType type = list.types[id];
    if (type == PieceType::unused) list.pieces[id].clear();
    if (type == PieceType::unknown && !model.unk) model.unk = static_cast<std::uint32_t>(id);
    if (type == PieceType::unknown || type == PieceType::control ||
        type == PieceType::user_defined) {
      spec.added_tokens.push_back({.id = static_cast<TokenId>(id),
                                   .content = list.pieces[id],
                                   .special = type != PieceType::user_defined});
    }
  }
  const bool by_word = !list.is_bpe && !spans_words(list);
  set_normalizer(list, by_word, spec);
  set_decoder(list, spec);
  model.tokens = list.pieces;
  if (list.is_bpe) {
    find_merges(list, model);
  } else {
    model.scores.assign(list.scores.begin(), list.scores.end());
    model.single_precision = true;
  }
  if (model.unk) spec.roles.unk = *model.unk;
  return spec;
}

Json bos_eos_template(const TokenizerSpec& spec, std::optional<TokenId> bos,
                      std::optional<TokenId> eos) {
  if (!bos && !eos) return {};
  Json declared = Json::object();
  const auto special = [&](TokenId id, int type) {
    const std::string& name = spec.model.tokens[static_cast<std::size_t>(id)];
    declared[name] =
        Json::object({{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}});
    return Json::object({{"SpecialToken", Json::object({{"id", name}, {"type_id", type}})}});
  };
  const auto append = [&](Json& pieces, const char* text, int type) {
    if (bos) pieces.push_back(special(*bos, type));
    pieces.push_back(Json::object({{"Sequence", Json::object({{"id", text}, {"type_id", type}})}}));
    if (eos) pieces.push_back(special(*eos, type));
  };
  Json single = Json::array(), pair = Json::array();
  append(single, "A", 0);
  append(pair, "A", 0);
  append(pair, "B", 1);
  return Json::object({{"type", "TemplateProcessing"},
                       {"single", std::move(single)},
                       {"pair", std::move(pair)},
                       {"special_tokens", std::move(declared)}});
}

}  // namespace ordo::text
