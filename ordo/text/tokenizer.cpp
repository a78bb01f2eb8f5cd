#include "ordo/text/tokenizer.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/text/tokenizer_state.h"

namespace ordo::text {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 31;  // places are 32 bits inside a piece

// Bytes can be taken as they are where letters only stand for bytes: nothing else looks at them.
bool can_work_on_bytes(const ModelSpec& model, const PreTokenizer& pre_tokenizer) {
  return model.kind == ModelKind::bpe && pre_tokenizer.ends_in_byte_letters() &&
         model.continuing_prefix.empty() && model.end_of_word_suffix.empty() &&
         !model.byte_fallback;
}

// Before each mark that follows something else.
void cut_at_marks(Pieces& pieces) {
  const std::string& text = pieces.text.text();
  std::vector<ByteSpan> spans;
  for (const ByteSpan& span : pieces.spans) {
    std::size_t begin = span.begin, after_mark = std::string::npos;
    for (std::size_t at = text.find(kSpaceMark, begin); at < span.end;
         at = text.find(kSpaceMark, at + kSpaceMark.size())) {
      if (at > begin && at != after_mark) {
        spans.push_back({begin, at});
        begin = at;
      }
      after_mark = at + kSpaceMark.size();
    }
    spans.push_back({begin, span.end});
  }
  pieces.spans = std::move(spans);
}

void check_text(std::string_view text) {
  check_utf8(text, "text");
  if (text.size() >= kLongestText) {
    throw UsageError(
        fmt::format("a text of {} bytes; give at most {} at once", text.size(), kLongestText));
  }
}

void append_one(Encoding& encoding, TokenId id, ByteSpan offsets, std::uint8_t type) {
  encoding.ids.push_back(id);
  encoding.offsets.push_back(offsets);
  encoding.type_ids.push_back(type);
  encoding.is_special.push_back(0);
}

}  // namespace

Tokenizer::State::State(TokenizerSpec from)
    : spec(std::move(from)),
      index(spec.model.tokens),
      normalizer(Config(spec.normalizer, spec.source + ": /normalizer")),
      pre_tokenizer(Config(spec.pre_tokenizer, spec.source + ": /pre_tokenizer")),
      post_processor(Config(spec.post_processor, spec.source + ": /post_processor")),
      decoder(Config(spec.decoder, spec.source + ": /decoder")) {
  const bool bytes = can_work_on_bytes(spec.model, pre_tokenizer);
  if (bytes) pre_tokenizer.leave_out_byte_letters();
  model = make_model(spec.model, bytes ? PieceForm::bytes : PieceForm::text);
  added = std::make_unique<AddedVocabulary>(spec.added_tokens, normalizer);
  by_id = spec.model.tokens;
  for (const AddedToken& token : spec.added_tokens) {
    const auto id = static_cast<std::size_t>(token.id);
    if (by_id.size() <= id) by_id.resize(id + 1);
    by_id[id] = token.content;
    added_ids.emplace(token.content, token.id);
  }
  special.resize(by_id.size());
  for (const AddedToken& token : spec.added_tokens) {
    if (token.special) special[static_cast<std::size_t>(token.id)] = true;
  }
}

Pieces Tokenizer::State::cut_into_pieces(Normalized text) const {
  const std::size_t size = text.text().size();
  Pieces pieces{std::move(text), {}};
  if (size > 0) pieces.spans.push_back({0, size});
  pre_tokenizer.apply(pieces);
  if (model->can_cut_at_marks()) cut_at_marks(pieces);
  return pieces;
}

void Tokenizer::State::append_piece(std::string_view piece, WordCache& cache,
                                    std::vector<TokenId>& ids) const {
  const bool is_short = !piece.empty() && piece.size() <= WordCache::kLongestWord;
  WordCache::Slot* const slot = is_short ? &cache.slot_of(piece) : nullptr;
  if (is_short && WordCache::holds(*slot, piece)) {
    ids.insert(ids.end(), slot->ids, slot->ids + slot->count);
    return;
  }
  thread_local std::vector<ModelToken> tokens;
  tokens.clear();
  model->append_tokens(piece, tokens);
  for (const ModelToken& token : tokens) ids.push_back(token.id);
  if (is_short && tokens.size() <= WordCache::kMostTokens) WordCache::put(*slot, piece, tokens);
}

void Tokenizer::State::append_pieces(Normalized text, std::vector<TokenId>& ids) const {
  CachePool::Lease cache(caches);
  if (const auto pattern = pre_tokenizer.only_pattern()) {
    const std::string_view all = text.text();
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t end = word_end(all, begin, *pattern);
      append_piece(all.substr(begin, end - begin), *cache, ids);
      begin = end;
    }
    return;
  }
  const Pieces pieces = cut_into_pieces(std::move(text));
  for (const ByteSpan& span : pieces.spans) {
    append_piece(std::string_view(pieces.text.text()).substr(span.begin, span.end - span.begin),
                 *cache, ids);
  }
}

void Tokenizer::State::append_ids(std::string_view text, std::size_t begin,
                                  const EncodeOptions& options, std::vector<TokenId>& ids) const {
  Normalized normalized(text, begin, Track::nothing);
  normalizer.apply(normalized);
  if (!added->has_normalized()) return append_pieces(std::move(normalized), ids);
  for (const AddedStretch& stretch :
       added->cut(normalized.text(), true, options.special_tokens_in_text)) {
    if (stretch.token != nullptr) {
      ids.push_back(stretch.token->id);
    } else {
      append_pieces(normalized.part(stretch.span), ids);
    }
  }
}

std::vector<AddedStretch> Tokenizer::State::cut(std::string_view text,
                                                const EncodeOptions& options) const {
  if (added->has_raw()) return added->cut(text, false, options.special_tokens_in_text);
  if (text.empty()) return {};
  return {{{0, text.size()}, nullptr}};
}

Encoding Tokenizer::State::encode_part(std::string_view text, const EncodeOptions& options,
                                       std::uint8_t type) const {
  Encoding encoding;
  std::vector<ModelToken> tokens;
  const auto append_part = [&](Normalized part) {
    const Pieces pieces = cut_into_pieces(std::move(part));
    for (const ByteSpan& span : pieces.spans) {
      tokens.clear();
      model->append_tokens(
          std::string_view(pieces.text.text()).substr(span.begin, span.end - span.begin), tokens);
      for (const ModelToken& token : tokens) {
        append_one(encoding, token.id,
                   pieces.text.origin(span.begin + token.begin, span.begin + token.end), type);
      }
    }
  };
  for (const AddedStretch& raw : cut(text, options)) {
    if (raw.token != nullptr) {
      append_one(encoding, raw.token->id, raw.span, type);
      continue;
    }
    Normalized normalized(text.substr(raw.span.begin, raw.span.end - raw.span.begin),
                          raw.span.begin, Track::origins);
    normalizer.apply(normalized);
    for (const AddedStretch& stretch :
         added->cut(normalized.text(), true, options.special_tokens_in_text)) {
      if (stretch.token != nullptr) {
        append_one(encoding, stretch.token->id,
                   normalized.origin(stretch.span.begin, stretch.span.end), type);
      } else {
        append_part(normalized.part(stretch.span));
      }
    }
  }
  return encoding;
}

Tokenizer::Tokenizer(TokenizerSpec spec) : state_(std::make_shared<const State>(std::move(spec))) {}

Tokenizer Tokenizer::from_json(std::string_view text, const std::string& source) {
  return Tokenizer(parse_tokenizer_json(text, source));
}

Tokenizer Tokenizer::from_gguf(const JsonObject& metadata, const std::string& source) {
  return Tokenizer(parse_gguf_tokenizer(metadata, source));
}

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  return Tokenizer(read_tokenizer(path));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  check_text(text);
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 4 + 8);
  for (const AddedStretch& stretch : state_->cut(text, options)) {
    if (stretch.token != nullptr) {
      ids.push_back(stretch.token->id);
    } else {
      state_->append_ids(text.substr(stretch.span.begin, stretch.span.end - stretch.span.begin),
                         stretch.span.begin, options, ids);
    }
  }
  return state_->post_processor.join(std::move(ids), options.add_special_tokens);
}

Encoding Tokenizer::encode_with_offsets(std::string_view text, const EncodeOptions& options) const {
  check_text(text);
  return state_->post_processor.join({state_->encode_part(text, options, 0)}, {text}, state_->by_id,
                                     options.add_special_tokens);
}

Encoding Tokenizer::encode_pair(std::string_view first, std::string_view second,
                                const EncodeOptions& options) const {
  check_text(first);
  check_text(second);
  return state_->post_processor.join(
      {state_->encode_part(first, options, 0), state_->encode_part(second, options, 1)},
      {first, second}, state_->by_id, options.add_special_tokens);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, const DecodeOptions& options) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (const TokenId id : ids) {
    if (id < 0) throw UsageError(fmt::format("the token id {} is negative", id));
    const auto place = static_cast<std::size_t>(id);
    if (place >= vocab_size() || state_->by_id[place].empty()) continue;
    if (options.skip_special_tokens && state_->special[place]) continue;
    tokens.push_back(state_->by_id[place]);
  }
  return state_->decoder.decode(std::move(tokens));
}

std::size_t Tokenizer::vocab_size() const { return state_->by_id.size(); }

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  const auto added = state_->added_ids.find(std::string(token));
  if (added != state_->added_ids.end()) return added->second;
  const std::uint32_t id = state_->index.find(token);
  if (id == TokenIndex::kNone) return std::nullopt;
  return id;
}

const std::string& Tokenizer::token_of(TokenId id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= vocab_size()) {
    throw UsageError(
        fmt::format("no token has the id {}; they go from 0 to {}", id, vocab_size() - 1));
  }
  return state_->by_id[static_cast<std::size_t>(id)];
}

bool Tokenizer::is_special(TokenId id) const {
  return id >= 0 && static_cast<std::size_t>(id) < vocab_size() &&
         state_->special[static_cast<std::size_t>(id)];
}

const std::vector<AddedToken>& Tokenizer::added_tokens() const { return state_->spec.added_tokens; }
const TokenRoles& Tokenizer::roles() const { return state_->spec.roles; }
const std::optional<Truncation>& Tokenizer::truncation() const { return state_->spec.truncation; }
const std::optional<Padding>& Tokenizer::padding() const { return state_->spec.padding; }

std::string Tokenizer::to_json() const { return write_tokenizer_json(state_->spec); }

void Tokenizer::save(const std::filesystem::path& folder) const {
  std::filesystem::create_directories(folder);
  write_file_atomic(folder / "tokenizer.json", to_json());
  Json config = Json::object({{"tokenizer_class", "PreTrainedTokenizerFast"}});
  const TokenRoles& roles = state_->spec.roles;
  const auto name = [&](const char* key, const std::optional<TokenId>& id) {
    if (id) config[key] = token_of(*id);
  };
  name("bos_token", roles.bos);
  name("eos_token", roles.eos);
  name("unk_token", roles.unk);
  name("pad_token", roles.pad);
  if (roles.add_bos) config["add_bos_token"] = *roles.add_bos;
  if (roles.add_eos) config["add_eos_token"] = *roles.add_eos;
  if (roles.chat_template) config["chat_template"] = *roles.chat_template;
  write_file_atomic(folder / "tokenizer_config.json", config.dump(2) + "\n");
}

}  // namespace ordo::text
