// tokenizer.json of Hugging Face's `tokenizers`, read and written.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/text/config.h"
#include "ordo/text/tokenizer_spec.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {
namespace {

// tokens[id] = token, for ids from a file.
void put_token(std::vector<std::string>& tokens, const std::string& token, std::int64_t id,
               const std::string& where) {
  if (id < 0 || id > kMaxTokenId) {
    throw InputError({.field = where},
                     fmt::format("expected an id from 0 to {}, found {}", kMaxTokenId, id));
  }
  if (token.empty()) return;  // nothing is ever spelled by it
  const auto place = static_cast<std::size_t>(id);
  if (tokens.size() <= place) tokens.resize(place + 1);
  if (!tokens[place].empty() && tokens[place] != token) {
    throw InputError({.field = where}, fmt::format("the id {} belongs to both '{}' and '{}'", id,
                                                   tokens[place], token));
  }
  tokens[place] = token;
}

void read_vocab(const Config& vocab, ModelSpec& model) {
  const JsonObject& members = vocab.json().as_object(vocab.where());
  model.tokens.reserve(members.size());
  for (const JsonMember& member : members) {
    put_token(model.tokens, member.key, member.value.as_int(vocab.where()), vocab.where());
  }
}

void read_merges(const Config& merges, ModelSpec& model) {
  MergeResolver resolver(model, merges.where());
  std::size_t number = 0;
  const Json::Array& rules = merges.json().as_array(merges.where());
  model.merges.reserve(rules.size());
  for (const Json& rule : rules) {
    if (rule.is_array() && rule.size() == 2) {
      const Json::Array& pair = rule.as_array();
      resolver.add(pair[0].as_string(merges.where()), pair[1].as_string(merges.where()), number);
    } else {
      const std::string& line = rule.as_string(merges.where());
      const std::size_t space = line.find(' ');
      if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos) {
        throw InputError(
            {.field = merges.where()},
            fmt::format("merge {} is '{}'; expected two tokens and a space between", number, line));
      }
      resolver.add(std::string_view(line).substr(0, space),
                   std::string_view(line).substr(space + 1), number);
    }
    ++number;
  }
}

std::optional<std::uint32_t> find_token(const ModelSpec& model, const std::string& token) {
  const auto found = std::find(model.tokens.begin(), model.tokens.end(), token);
  if (found == model.tokens.end() || token.empty()) return std::nullopt;
  return static_cast<std::uint32_t>(found - model.tokens.begin());
}

void read_unk(const Config& config, ModelSpec& model) {
  const Config unk = config["unk_token"];
  if (unk.is_null()) return;
  model.unk = find_token(model, unk.string());
  if (!model.unk && model.kind == ModelKind::bpe && !unk.string().empty()) {
    unk.fail(
        fmt::format("the token for the unknown, '{}', is not in the vocabulary", unk.string()));
  }
}

void read_bpe(const Config& config, ModelSpec& model) {
  if (!config["dropout"].is_null() && config["dropout"].json().as_double(config.where()) != 0) {
    config["dropout"].fail("merges dropped at random are not supported; set it to null");
  }
  model.continuing_prefix = config["continuing_subword_prefix"].string_or("");
  model.end_of_word_suffix = config["end_of_word_suffix"].string_or("");
  model.fuse_unk = config["fuse_unk"].flag_or(false);
  model.byte_fallback = config["byte_fallback"].flag_or(false);
  model.ignore_merges = config["ignore_merges"].flag_or(false);
  read_vocab(config.at("vocab"), model);
  read_merges(config.at("merges"), model);
  read_unk(config, model);
}

void read_unigram(const Config& config, ModelSpec& model) {
  for (const Config& item : config.at("vocab").items()) {
    const Json::Array& pair = item.json().as_array(item.where());
    if (pair.size() != 2) item.fail("expected a token and its score");
    model.tokens.push_back(pair[0].as_string(item.where()));
    const double score = pair[1].as_double(item.where());
    if (!(score > -1e30 && score < 1e30)) item.fail("expected a finite score");
    model.scores.push_back(score);
  }
  model.byte_fallback = config["byte_fallback"].flag_or(false);
  if (const Config unk = config["unk_id"]; !unk.is_null()) {
    model.unk = static_cast<std::uint32_t>(
        unk.whole(0, static_cast<std::int64_t>(model.tokens.size()) - 1));
  }
}

// Files of old have no type: what a model has says what it is.
std::string type_of(const Config& config) {
  if (const Config type = config["type"]; !type.is_null()) return type.string();
  if (!config["merges"].is_null()) return "BPE";
  if (config["vocab"].json().is_array()) return "Unigram";
  return config["max_input_chars_per_word"].is_null() ? "WordLevel" : "WordPiece";
}

ModelSpec read_model(const Config& config) {
  ModelSpec model;
  const std::string type = type_of(config);
  if (type == "BPE") {
    read_bpe(config, model);
  } else if (type == "Unigram") {
    model.kind = ModelKind::unigram;
    read_unigram(config, model);
  } else if (type == "WordPiece" || type == "WordLevel") {
    model.kind = type == "WordPiece" ? ModelKind::word_piece : ModelKind::word_level;
    if (type == "WordPiece") {
      model.continuing_prefix = config["continuing_subword_prefix"].string_or("##");
    }
    model.max_word_length = config["max_input_chars_per_word"].whole_or(100, 0, kMaxTokenId);
    read_vocab(config.at("vocab"), model);
    read_unk(config, model);
  } else {
    config.fail(
        fmt::format("the model '{}' is not known; known are BPE, Unigram, WordLevel and "
                    "WordPiece",
                    type));
  }
  return model;
}

AddedToken read_added(const Config& config) {
  AddedToken token;
  token.id = config.at("id").whole(0, kMaxTokenId);
  token.content = config.at("content").string();
  token.single_word = config["single_word"].flag_or(false);
  token.lstrip = config["lstrip"].flag_or(false);
  token.rstrip = config["rstrip"].flag_or(false);
  token.special = config["special"].flag_or(false);
  token.normalized = config["normalized"].flag_or(!token.special);
  return token;
}

bool is_left(const Config& direction, bool otherwise) {
  if (direction.is_null()) return otherwise;
  const std::string& name = direction.string();
  if (name != "Left" && name != "Right") {
    direction.fail(fmt::format("expected Left or Right, found '{}'", name));
  }
  return name == "Left";
}

Truncation read_truncation(const Config& config) {
  Truncation truncation;
  truncation.max_length = static_cast<std::size_t>(config.at("max_length").whole(0, kMaxTokenId));
  truncation.stride = static_cast<std::size_t>(config["stride"].whole_or(0, 0, kMaxTokenId));
  truncation.left = is_left(config["direction"], false);
  return truncation;
}

Padding read_padding(const Config& config) {
  Padding padding;
  if (const Config strategy = config["strategy"]; strategy.json().is_object()) {
    padding.length = static_cast<std::size_t>(strategy.at("Fixed").whole(0, kMaxTokenId));
  }
  padding.multiple_of =
      static_cast<std::size_t>(config["pad_to_multiple_of"].whole_or(1, 1, kMaxTokenId));
  padding.left = is_left(config["direction"], false);
  padding.id = config["pad_id"].whole_or(0, 0, kMaxTokenId);
  padding.type_id = static_cast<std::uint8_t>(config["pad_type_id"].whole_or(0, 0, 255));
  padding.token = config["pad_token"].string_or("[PAD]");
  return padding;
}

Json write_vocab(const ModelSpec& model) {
  Json vocab = Json::object();
  for (std::size_t id = 0; id < model.tokens.size(); ++id) {
    if (!model.tokens[id].empty()) vocab[model.tokens[id]] = Json(id);
  }
  return vocab;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json write_model(const ModelSpec& model) {
  const Json unk = model.unk ? Json(model.tokens[*model.unk]) : Json();
  switch (model.kind) {
    case ModelKind::unigram: {
      Json vocab = Json::array();
      for (std::size_t id = 0; id < model.tokens.size(); ++id) {
        vocab.push_back(Json::array({model.tokens[id], model.scores[id]}));
      }
      return Json::object({{"type", "Unigram"},
                           {"unk_id", model.unk ? Json(*model.unk) : Json()},
                           {"vocab", std::move(vocab)},
                           {"byte_fallback", model.byte_fallback}});
    }
    case ModelKind::word_piece:
      return Json::object({{"type", "WordPiece"},
                           {"unk_token", unk.is_null() ? Json("[UNK]") : unk},
                           {"continuing_subword_prefix", model.continuing_prefix},
                           {"max_input_chars_per_word", model.max_word_length},
                           {"vocab", write_vocab(model)}});
    case ModelKind::word_level:
      return Json::object({{"type", "WordLevel"},
                           {"vocab", write_vocab(model)},
                           {"unk_token", unk.is_null() ? Json("<unk>") : unk}});
    default:
      break;
  }
  Json merges = Json::array();
  for (const MergeRule& rule : model.merges) {
    merges.push_back(Json::array({model.tokens[rule.left], model.tokens[rule.right]}));
  }
  return Json::object({{"type", "BPE"},
                       {"dropout", Json()},
                       {"unk_token", unk},
                       {"continuing_subword_prefix", text_or_null(model.continuing_prefix)},
                       {"end_of_word_suffix", text_or_null(model.end_of_word_suffix)},
                       {"fuse_unk", model.fuse_unk},
                       {"byte_fallback", model.byte_fallback},
                       {"ignore_merges", model.ignore_merges},
                       {"vocab", write_vocab(model)},
                       {"merges", std::move(merges)}});
}

Json direction_name(bool left) { return left ? "Left" : "Right"; }

Json write_truncation(const std::optional<Truncation>& truncation) {
  if (!truncation) return {};
  return Json::object({{"direction", direction_name(truncation->left)},
                       {"max_length", Json(truncation->max_length)},
                       {"strategy", "LongestFirst"},
                       {"stride", Json(truncation->stride)}});
}

Json write_padding(const std::optional<Padding>& padding) {
  if (!padding) return {};
  return Json::object(
      {{"strategy",
        padding->length ? Json::object({{"Fixed", Json(*padding->length)}}) : Json("BatchLongest")},
       {"direction", direction_name(padding->left)},
       {"pad_to_multiple_of", padding->multiple_of > 1 ? Json(padding->multiple_of) : Json()},
       {"pad_id", padding->id},
       {"pad_type_id", static_cast<int>(padding->type_id)},
       {"pad_token", padding->token}});
}

}  // namespace

TokenizerSpec parse_tokenizer_json(std::string_view text, const std::string& source) {
  const Json json = parse_json(text, source);
  const Config root(json, source + ": ");
  TokenizerSpec spec;
  spec.source = source;
  spec.model = read_model(root.at("model"));
  spec.normalizer = root["normalizer"].json();
  spec.pre_tokenizer = root["pre_tokenizer"].json();
  spec.post_processor = root["post_processor"].json();
  spec.decoder = root["decoder"].json();
  if (const Config added = root["added_tokens"]; !added.is_null()) {
    for (const Config& token : added.items()) spec.added_tokens.push_back(read_added(token));
  }
  if (const Config part = root["truncation"]; !part.is_null())
    spec.truncation = read_truncation(part);
  if (const Config part = root["padding"]; !part.is_null()) spec.padding = read_padding(part);
  return spec;
}

std::string write_tokenizer_json(const TokenizerSpec& spec) {
  Json added = Json::array();
  std::vector<AddedToken> tokens = spec.added_tokens;
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  for (const AddedToken& token : tokens) {
    added.push_back(Json::object({{"id", token.id},
                                  {"content", token.content},
                                  {"single_word", token.single_word},
                                  {"lstrip", token.lstrip},
                                  {"rstrip", token.rstrip},
                                  {"normalized", token.normalized},
                                  {"special", token.special}}));
  }
  const Json json = Json::object({{"version", "1.0"},
                                  {"truncation", write_truncation(spec.truncation)},
                                  {"padding", write_padding(spec.padding)},
                                  {"added_tokens", std::move(added)},
                                  {"normalizer", spec.normalizer},
                                  {"pre_tokenizer", spec.pre_tokenizer},
                                  {"post_processor", spec.post_processor},
                                  {"decoder", spec.decoder},
                                  {"model", write_model(spec.model)}});
  return json.dump(1) + "\n";
}

}  // namespace ordo::text
