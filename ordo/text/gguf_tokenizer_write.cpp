// A byte-level tokenizer as a GGUF file's metadata: tokens with types, merges as "left right", the
// name of the way in which words are cut, and which token is what. What has no place there is
// refused, for a file that cuts text in another way would be worse than none.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "ordo/text/gguf_tokenizer.h"
#include "ordo/text/gguf_words.h"
#include "ordo/text/piece_list.h"
#include "ordo/text/word_scanner.h"

namespace ordo::text {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw UsageError("a GGUF file cannot express this tokenizer: " + what);
}

std::string type_of(const Json& part) {
  const Json* const type = part.find("type");
  return type != nullptr && type->is_string() ? type->as_string() : "none";
}

bool flag(const Json& part, const char* key, bool otherwise) {
  const Json* const found = part.find(key);
  return found != nullptr && found->is_bool() ? found->as_bool() : otherwise;
}

// The parts of a sequence, or the one part that there is.
std::vector<Json> parts_of(const Json& part, const char* list) {
  if (part.is_null()) return {};
  if (type_of(part) != "Sequence") return {part};
  std::vector<Json> all;
  for (const Json& inner : part.at(list).as_array()) {
    for (Json& one : parts_of(inner, list)) all.push_back(std::move(one));
  }
  return all;
}

// How words are cut, in the terms of GgufWords.
class Cut {
 public:
  explicit Cut(const TokenizerSpec& spec) {
    for (const Json& part : parts_of(spec.normalizer, "normalizers")) {
      if (type_of(part) != "NFC") refuse(fmt::format("its normalizer {}", type_of(part)));
      nfc_ = true;
    }
    for (const Json& part : parts_of(spec.pre_tokenizer, "pretokenizers")) take(part);
    if (!is_byte_level_) refuse("its words are not spelled in bytes (no ByteLevel)");
    ignore_merges_ = spec.model.ignore_merges;
  }

  std::string_view name() const {
    for (const GgufWords& words : gguf_words()) {
      // llama.cpp's own "default" is not what the name once stood for.
      if (words.name != "default" && words.pattern == pattern_ &&
          words.individual_digits == digits_ && words.nfc == nfc_ &&
          words.ignore_merges == ignore_merges_) {
        return words.name;
      }
    }
    refuse(fmt::format("there is no name for words cut by '{}'{}{}{}",
                       pattern_.empty() ? regex_of(WordPattern::gpt2) : pattern_,
                       digits_ ? ", digits one by one" : "", nfc_ ? ", in NFC" : "",
                       ignore_merges_ ? ", whole words before merges" : ""));
  }

 private:
  void take(const Json& part) {
    const std::string type = type_of(part);
    if (is_byte_level_) refuse(fmt::format("its pre-tokenizer {} after ByteLevel", type));
    if (type == "Digits" && flag(part, "individual_digits", false) && !has_pattern_) {
      digits_ = true;
    } else if (type == "Split" && !has_pattern_) {
      split(part);
    } else if (type == "ByteLevel") {
      byte_level(part);
    } else {
      refuse(fmt::format("its pre-tokenizer {}", type));
    }
  }

  void split(const Json& part) {
    const Json* const regex = part.at("pattern").find("Regex");
    if (regex == nullptr || part.at("behavior") != Json("Isolated") ||
        flag(part, "invert", false)) {
      refuse(fmt::format("its pre-tokenizer {}", part.dump()));
    }
    pattern_ = regex->as_string();
    if (const auto known = known_word_pattern(pattern_)) {
      pattern_ = *known == WordPattern::gpt2 ? std::string_view() : regex_of(*known);
    }
    has_pattern_ = true;
  }

  void byte_level(const Json& part) {
    if (flag(part, "add_prefix_space", true)) refuse("a space before each text (add_prefix_space)");
    if (flag(part, "use_regex", true) == has_pattern_) {
      refuse(has_pattern_ ? "words that are cut by two expressions" : "words that are not cut");
    }
    is_byte_level_ = true;
  }

  std::string pattern_;  // empty: GPT-2's
  bool has_pattern_ = false, digits_ = false, nfc_ = false, ignore_merges_ = false;
  bool is_byte_level_ = false;
};

void require_byte_level_bpe(const ModelSpec& model) {
  if (model.kind != ModelKind::bpe) {
    refuse(fmt::format("only byte-level BPE is written, and this is {}",
                       model.kind == ModelKind::unigram      ? "Unigram"
                       : model.kind == ModelKind::word_piece ? "WordPiece"
                                                             : "WordLevel"));
  }
  if (model.byte_fallback) refuse("SentencePiece's BPE with byte_fallback");
  if (!model.continuing_prefix.empty()) refuse("continuing_subword_prefix");
  if (!model.end_of_word_suffix.empty()) refuse("end_of_word_suffix");
}

void require_plain(const AddedToken& token) {
  for (const auto& [is_set, name] :
       {std::pair(token.single_word, "single_word"), std::pair(token.lstrip, "lstrip"),
        std::pair(token.rstrip, "rstrip")}) {
    if (is_set) refuse(fmt::format("{} of the token '{}'", name, token.content));
  }
}

Json merges_of(const ModelSpec& model) {
  Json::Array merges;
  for (const MergeRule& rule : model.merges) {
    const std::string &left = model.tokens[rule.left], &right = model.tokens[rule.right];
    if (left.find(' ') != left.npos || right.find(' ') != right.npos) {
      refuse(fmt::format("a merge of '{}' and '{}', in which there is a space", left, right));
    }
    merges.emplace_back(left + " " + right);
  }
  return Json(std::move(merges));
}

// The tokens that encoding puts around a text.
struct Frame {
  std::optional<TokenId> before, after;
};

Frame frame_of(const Tokenizer& tokenizer) {
  const std::vector<TokenId> whole = tokenizer.encode("a");
  const std::vector<TokenId> text = tokenizer.encode("a", {.add_special_tokens = false});
  const auto begin = std::search(whole.begin(), whole.end(), text.begin(), text.end());
  const auto before = begin - whole.begin();
  const auto after = std::ssize(whole) - before - std::ssize(text);
  if (begin == whole.end() || before > 1 || after > 1) {
    refuse("its post-processor adds more than a token at either end");
  }
  Frame frame;
  if (before == 1) frame.before = whole.front();
  if (after == 1) frame.after = whole.back();
  return frame;
}

// The token that is added must be the one that has the role.
void reconcile(std::optional<TokenId>& role, const std::optional<TokenId>& added,
               const char* name) {
  if (added && role && *added != *role) {
    refuse(fmt::format("its post-processor adds token {}, but the {} is {}", *added, name, *role));
  }
  if (added) role = added;
}

}  // namespace

JsonObject to_gguf(const Tokenizer& tokenizer, std::size_t vocabulary) {
  const TokenizerSpec spec = parse_tokenizer_json(tokenizer.to_json(), "the tokenizer");
  require_byte_level_bpe(spec.model);
  const std::string pre(Cut(spec).name());
  const std::size_t size = tokenizer.vocab_size();
  if (size > vocabulary) {
    throw UsageError(
        fmt::format("the tokenizer has {} tokens, the model only {}", size, vocabulary));
  }
  Json::Array tokens, types;
  for (std::size_t id = 0; id < vocabulary; ++id) {
    const std::string token = id < size ? tokenizer.token_of(static_cast<TokenId>(id)) : "";
    tokens.emplace_back(token.empty() ? gguf_filler(id) : token);
    types.emplace_back(static_cast<int>(token.empty() ? PieceType::unused : PieceType::normal));
  }
  for (const AddedToken& token : spec.added_tokens) {
    require_plain(token);
    types[static_cast<std::size_t>(token.id)] =
        static_cast<int>(token.special ? PieceType::control : PieceType::user_defined);
  }
  TokenRoles roles = tokenizer.roles();
  const Frame frame = frame_of(tokenizer);
  reconcile(roles.bos, frame.before, "token that begins texts (bos)");
  reconcile(roles.eos, frame.after, "token that ends texts (eos)");

  JsonObject metadata = {{"tokenizer.ggml.model", "gpt2"},
                         {"tokenizer.ggml.pre", pre},
                         {"tokenizer.ggml.tokens", Json(std::move(tokens))},
                         {"tokenizer.ggml.token_type", Json(std::move(types))},
                         {"tokenizer.ggml.merges", merges_of(spec.model)}};
  const auto role = [&](const char* key, const std::optional<TokenId>& id) {
    if (id) metadata[key] = *id;
  };
  role("tokenizer.ggml.bos_token_id", roles.bos);
  role("tokenizer.ggml.eos_token_id", roles.eos);
  role("tokenizer.ggml.unknown_token_id", roles.unk);
  role("tokenizer.ggml.padding_token_id", roles.pad);
  metadata["tokenizer.ggml.add_bos_token"] =
      frame.before.has_value() || (roles.bos && roles.add_bos.value_or(false));
  metadata["tokenizer.ggml.add_eos_token"] = frame.after.has_value();
  if (roles.chat_template) metadata["tokenizer.chat_template"] = *roles.chat_template;
  return metadata;
}

}  // namespace ordo::text
