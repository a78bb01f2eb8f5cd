// Which files make a tokenizer: a folder as Hugging Face lays it out, or a single file.
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/text/base64.h"
#include "ordo/text/config.h"
#include "ordo/text/piece_list.h"
#include "ordo/text/tokenizer_spec.h"

namespace ordo::text {
namespace {

namespace fs = std::filesystem;

fs::path find_tiktoken(const fs::path& folder) {
  fs::path found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".tiktoken" && (found.empty() || entry.path() < found)) {
      found = entry.path();
    }
  }
  return found;
}

TokenizerSpec read_gpt2(const fs::path& vocab, const fs::path& merges) {
  return parse_gpt2(read_file(vocab), read_file(merges), vocab.parent_path().string());
}

// Llama 3's own folders call their ranks tokenizer.model too: lines of Base64 and a number, where
// SentencePiece's buffer begins with the tag of a piece.
bool holds_ranks(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, std::min(bytes.find('\n'), bytes.size()));
  const std::size_t space = line.find(' ');
  return space != line.npos && decode_base64(line.substr(0, space)).has_value();
}

TokenizerSpec read_model_file(const fs::path& path) {
  const std::string bytes = read_file(path);
  return holds_ranks(bytes) ? parse_tiktoken(bytes, path.string())
                            : parse_sentencepiece(bytes, path.string());
}

TokenizerSpec read_file_alone(const fs::path& path) {
  const std::string name = path.filename().string(), source = path.string();
  if (path.extension() == ".json" && name != "vocab.json") {
    return parse_tokenizer_json(read_file(path), source);
  }
  if (path.extension() == ".tiktoken") return parse_tiktoken(read_file(path), source);
  if (path.extension() == ".model" || path.extension() == ".spm") return read_model_file(path);
  if (name == "vocab.json") return read_gpt2(path, path.parent_path() / "merges.txt");
  throw InputError(
      {.source = source},
      "is no tokenizer: expected tokenizer.json, a *.model of SentencePiece, vocab.json "
      "beside merges.txt, or a *.tiktoken");
}

std::optional<std::string> content_of(const Config& token) {
  if (token.is_null()) return std::nullopt;
  if (token.json().is_object()) return token.at("content").string();
  return token.string();
}

class RoleReader {
 public:
  explicit RoleReader(TokenizerSpec& spec) : spec_(spec) {}

  void read(const fs::path& path) {
    if (!fs::exists(path)) return;
    const Json json = read_json(path.string());
    const Config config(json, path.string() + ": ");
    set(spec_.roles.bos, config["bos_token"]);
    set(spec_.roles.eos, config["eos_token"]);
    set(spec_.roles.unk, config["unk_token"]);
    set(spec_.roles.pad, config["pad_token"]);
    if (const Config flag = config["add_bos_token"]; !flag.is_null() && !spec_.roles.add_bos) {
      spec_.roles.add_bos = flag.flag_or(false);
    }
    if (const Config flag = config["add_eos_token"]; !flag.is_null() && !spec_.roles.add_eos) {
      spec_.roles.add_eos = flag.flag_or(false);
    }
    read_template(config["chat_template"]);
  }

 private:
  // The name of a token that the vocabulary lacks says nothing.
  void set(std::optional<TokenId>& role, const Config& token) {
    const auto content = content_of(token);
    if (!content || role) return;
    for (const AddedToken& added : spec_.added_tokens) {
      if (added.content == *content) {
        role = added.id;
        return;
      }
    }
    for (std::size_t id = 0; id < spec_.model.tokens.size(); ++id) {
      if (spec_.model.tokens[id] == *content) {
        role = static_cast<TokenId>(id);
        return;
      }
    }
  }

  // A string, or several with names, of which the one called "default" counts.
  void read_template(const Config& config) {
    if (config.is_null() || spec_.roles.chat_template) return;
    if (!config.json().is_array()) {
      spec_.roles.chat_template = config.string();
      return;
    }
    for (const Config& one : config.items()) {
      if (one.at("name").string() == "default")
        spec_.roles.chat_template = one.at("template").string();
    }
  }

  TokenizerSpec& spec_;
};

TokenizerSpec read_folder(const fs::path& folder) {
  if (fs::exists(folder / "tokenizer.json")) return read_file_alone(folder / "tokenizer.json");
  for (const char* const name : {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {
    if (fs::exists(folder / name)) return read_file_alone(folder / name);
  }
  if (fs::exists(folder / "vocab.json"))
    return read_gpt2(folder / "vocab.json", folder / "merges.txt");
  if (const fs::path ranks = find_tiktoken(folder); !ranks.empty()) return read_file_alone(ranks);
  throw InputError({.source = folder.string()},
                   "holds no tokenizer: expected tokenizer.json, tokenizer.model, vocab.json and "
                   "merges.txt, or a *.tiktoken");
}

}  // namespace

TokenizerSpec read_tokenizer(const fs::path& path) {
  if (!fs::exists(path)) throw IoError::from_errno("read", path.string(), ENOENT);
  if (!fs::is_directory(path)) return read_file_alone(path);
  TokenizerSpec spec = read_folder(path);
  if (fs::exists(path / "chat_template.jinja")) {
    spec.roles.chat_template = read_file(path / "chat_template.jinja");
  }
  RoleReader roles(spec);
  roles.read(path / "tokenizer_config.json");
  roles.read(path / "special_tokens_map.json");
  if (spec.post_processor.is_null()) {
    spec.post_processor =
        bos_eos_template(spec, spec.roles.add_bos.value_or(false) ? spec.roles.bos : std::nullopt,
                         spec.roles.add_eos.value_or(false) ? spec.roles.eos : std::nullopt);
  }
  return spec;
}

}  // namespace ordo::text
