// The tokenizer in a GGUF file's metadata, under "tokenizer.ggml.": `model` says which family,
// `pre` how byte-level vocabularies cut words, and arrays hold tokens, scores, types and merges.
#include <fmt/format.h>

#include "ordo/text/byte_level_spec.h"
#include "ordo/text/config.h"
#include "ordo/text/gguf_words.h"
#include "ordo/text/piece_list.h"

namespace ordo::text {
namespace {

class Reader {
 public:
  Reader(const JsonObject& metadata, std::string source)
      : metadata_(metadata), source_(std::move(source)) {}

  Config at(const std::string& key) const {
    const Config found = find(key);
    if (found.is_null()) found.fail("is missing");
    return found;
  }
  Config find(const std::string& key) const {
    static const Json null;
    const Json* const found = metadata_.find("tokenizer.ggml." + key);
    return Config(found != nullptr ? *found : null, where(key));
  }

  std::vector<std::string> tokens() const {
    std::vector<std::string> all;
    const Config list = at("tokens");
    for (const Json& token : list.json().as_array(list.where())) {
      all.push_back(token.as_string(list.where()));
      check_utf8(all.back(), list.where());
    }
    if (all.empty()) list.fail("holds no tokens");
    return all;
  }

  std::vector<PieceType> types(std::size_t count) const {
    const Config list = find("token_type");
    std::vector<PieceType> all(count, PieceType::normal);
    if (list.is_null()) return all;
    const std::vector<Config> items = list.items();
    if (items.size() != count)
      list.fail(fmt::format("expected {} types, found {}", count, items.size()));
    for (std::size_t id = 0; id < count; ++id) {
      all[id] = static_cast<PieceType>(items[id].whole(1, 6));
    }
    return all;
  }

  std::optional<TokenId> id(const std::string& key, std::size_t count) const {
    const Config found = find(key);
    if (found.is_null()) return std::nullopt;
    return found.whole(0, static_cast<std::int64_t>(count) - 1);
  }

  const std::string& source() const { return source_; }

 private:
  std::string where(const std::string& key) const {
    return fmt::format("{}: tokenizer.ggml.{}", source_, key);
  }

  const JsonObject& metadata_;
  std::string source_;
};

void add_special(const std::vector<PieceType>& types, TokenizerSpec& spec) {
  for (std::size_t id = 0; id < types.size(); ++id) {
    if (types[id] != PieceType::control && types[id] != PieceType::user_defined) continue;
    spec.added_tokens.push_back({.id = static_cast<TokenId>(id),
                                 .content = spec.model.tokens[id],
                                 .special = types[id] == PieceType::control});
  }
}

GgufWords rule_of(const Config& pre) {
  const std::string name = pre.string_or("default");
  std::string known;
  for (const GgufWords& rule : gguf_words()) {
    if (rule.name == name) return rule;
    known += (known.empty() ? "" : ", ") + std::string(rule.name);
  }
  pre.fail(fmt::format("the way to cut words '{}' is not known; known are {}", name, known));
}

TokenizerSpec read_byte_level(const Reader& reader) {
  const GgufWords rule = rule_of(reader.find("pre"));
  TokenizerSpec spec = byte_level_spec(rule.pattern);
  if (rule.individual_digits) {
    const Json digits = Json::object({{"type", "Digits"}, {"individual_digits", true}});
    spec.pre_tokenizer = Json::object(
        {{"type", "Sequence"}, {"pretokenizers", Json::array({digits, spec.pre_tokenizer})}});
  }
  if (rule.nfc) spec.normalizer = Json::object({{"type", "NFC"}});
  spec.model.ignore_merges = rule.ignore_merges;
  spec.model.tokens = reader.tokens();
  const std::vector<PieceType> types = reader.types(spec.model.tokens.size());
  for (std::size_t id = 0; id < types.size(); ++id) {
    std::string& token = spec.model.tokens[id];
    if (types[id] == PieceType::unused && token == gguf_filler(id)) token.clear();
  }
  const Config merges = reader.at("merges");
  MergeResolver resolver(spec.model, merges.where());
  std::size_t number = 0;
  for (const Json& merge : merges.json().as_array(merges.where())) {
    const std::string& line = merge.as_string(merges.where());
    const std::size_t space = line.find(' ', 1);
    if (space == std::string::npos) merges.fail(fmt::format("merge {} is '{}'", number, line));
    resolver.add(std::string_view(line).substr(0, space), std::string_view(line).substr(space + 1),
                 number);
    ++number;
  }
  add_special(types, spec);
  return spec;
}

std::string charsmap_of(const Reader& reader) {
  std::string bytes;
  if (const Config map = reader.find("precompiled_charsmap"); !map.is_null()) {
    for (const Config& byte : map.items()) bytes += static_cast<char>(byte.whole(-128, 255));
  }
  return bytes;
}

TokenizerSpec read_pieces(const Reader& reader, bool is_bpe) {
  PieceList list;
  list.pieces = reader.tokens();
  list.types = reader.types(list.pieces.size());
  const Config scores = reader.at("scores");
  for (const Config& score : scores.items()) {
    list.scores.push_back(static_cast<float>(score.json().as_double(score.where())));
  }
  if (list.scores.size() != list.pieces.size()) {
    scores.fail(
        fmt::format("expected {} scores, found {}", list.pieces.size(), list.scores.size()));
  }
  list.is_bpe = is_bpe;
  for (const PieceType type : list.types) list.byte_fallback |= type == PieceType::byte;
  list.add_dummy_prefix = reader.find("add_space_prefix").flag_or(true);
  list.remove_extra_whitespaces = reader.find("remove_extra_whitespaces").flag_or(!is_bpe);
  list.charsmap = charsmap_of(reader);
  return spec_of_pieces(std::move(list), reader.source());
}

// GGUF marks beginnings of words, WordPiece what continues them.
TokenizerSpec read_word_piece(const Reader& reader) {
  constexpr std::string_view kSpace = "\u2581";
  TokenizerSpec spec;
  spec.source = reader.source();
  ModelSpec& model = spec.model;
  model.kind = ModelKind::word_piece;
  model.continuing_prefix = "##";
  model.tokens = reader.tokens();
  const std::vector<PieceType> types = reader.types(model.tokens.size());
  for (std::size_t id = 0; id < model.tokens.size(); ++id) {
    std::string& token = model.tokens[id];
    if (token.starts_with(kSpace)) {
      token.erase(0, kSpace.size());
    } else if (types[id] == PieceType::normal &&
               !(token.starts_with("[") && token.ends_with("]"))) {
      token = "##" + token;
    }
  }
  add_special(types, spec);
  if (const auto unk = reader.id("unknown_token_id", model.tokens.size())) {
    model.unk = static_cast<std::uint32_t>(*unk);
  }
  spec.normalizer = Json::object({{"type", "BertNormalizer"},
                                  {"clean_text", true},
                                  {"handle_chinese_chars", true},
                                  {"strip_accents", Json()},
                                  {"lowercase", true}});
  spec.pre_tokenizer = Json::object({{"type", "BertPreTokenizer"}});
  spec.decoder = Json::object({{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}});
  // Newer files have no key of its own for the token that begins a text.
  const auto own = reader.id("cls_token_id", model.tokens.size());
  const auto cls = own ? own : reader.id("bos_token_id", model.tokens.size());
  const auto sep =
      reader.id("seperator_token_id", model.tokens.size());  // spelled so in the format
  if (cls && sep) {
    const auto pair = [&](TokenId id) {
      return Json::array({model.tokens[static_cast<std::size_t>(id)], id});
    };
    spec.post_processor =
        Json::object({{"type", "BertProcessing"}, {"sep", pair(*sep)}, {"cls", pair(*cls)}});
  }
  return spec;
}

}  // namespace

TokenizerSpec parse_gguf_tokenizer(const JsonObject& metadata, const std::string& source) {
  const Reader reader(metadata, source);
  const Config model = reader.at("model");
  const std::string& kind = model.string();
  TokenizerSpec spec;
  if (kind == "gpt2") {
    spec = read_byte_level(reader);
  } else if (kind == "llama") {
    spec = read_pieces(reader, true);
  } else if (kind == "t5") {
    spec = read_pieces(reader, false);
  } else if (kind == "bert") {
    spec = read_word_piece(reader);
  } else {
    model.fail(
        fmt::format("the tokenizer '{}' is not known; known are bert, gpt2, llama and t5", kind));
  }
  spec.source = source;
  const std::size_t count = spec.model.tokens.size();
  TokenRoles& roles = spec.roles;
  roles.bos = reader.id("bos_token_id", count);
  roles.eos = reader.id("eos_token_id", count);
  roles.pad = reader.id("padding_token_id", count);
  if (const auto unk = reader.id("unknown_token_id", count)) roles.unk = unk;
  roles.add_bos = reader.find("add_bos_token").flag_or(kind == "llama");
  roles.add_eos = reader.find("add_eos_token").flag_or(kind == "t5");
  if (kind != "bert") {
    spec.post_processor = bos_eos_template(spec, *roles.add_bos ? roles.bos : std::nullopt,
                                           *roles.add_eos ? roles.eos : std::nullopt);
  }
  if (const Json* const chat = metadata.find("tokenizer.chat_template")) {
    roles.chat_template = chat->as_string(source + ": tokenizer.chat_template");
  }
  return spec;
}

}  // namespace ordo::text
