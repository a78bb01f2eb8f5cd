// Byte-level vocabularies in files of other programs: GPT-2's vocab.json and merges.txt, and
// tiktoken's ranks.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/text/base64.h"
#include "ordo/text/byte_alphabet.h"
#include "ordo/text/byte_level_spec.h"
#include "ordo/text/config.h"
#include "ordo/text/vocabulary.h"
#include "ordo/text/word_scanner.h"

namespace ordo::text {
namespace {

struct Lines {
  std::string_view rest;
  std::size_t number = 0;

  std::optional<std::string_view> next() {
    if (rest.empty()) return std::nullopt;
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
};

[[noreturn]] void fail(const std::string& source, std::size_t line, const std::string& message) {
  throw InputError({.source = source, .line = line}, message);
}

std::int64_t parse_rank(std::string_view text, const std::string& source, std::size_t line) {
  std::int64_t rank = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || rank > kMaxTokenId) rank = kMaxTokenId + 1;
    if (rank <= kMaxTokenId) rank = rank * 10 + (c - '0');
  }
  if (text.empty() || rank > kMaxTokenId) {
    fail(source, line, fmt::format("expected a rank from 0 to {}, found '{}'", kMaxTokenId, text));
  }
  return rank;
}

// tiktoken has ranks of tokens and no merges; its rule is to join the neighbours whose joint token
// has the lowest rank. A token's own merge is what that rule makes of its bytes with all lower
// ranks: two parts.
class MergeFinder {
 public:
  explicit MergeFinder(const std::vector<std::string>& bytes) : bytes_(bytes), index_(bytes) {}

  // {left, right} of a token; nothing if lower ranks do not spell it in two.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> halves(std::uint32_t rank) const {
    std::vector<std::string_view> parts;
    const std::string_view token = bytes_[rank];
    for (std::size_t at = 0; at < token.size(); ++at) parts.push_back(token.substr(at, 1));
    while (parts.size() > 2) {
      std::size_t best = 0;
      std::uint32_t best_rank = rank;
      for (std::size_t at = 0; at + 1 < parts.size(); ++at) {
        const std::uint32_t joint = find(parts[at], parts[at + 1]);
        if (joint < best_rank) {
          best_rank = joint;
          best = at;
        }
      }
      if (best_rank == rank) return std::nullopt;
      parts[best] = {parts[best].data(), parts[best].size() + parts[best + 1].size()};
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    if (parts.size() < 2) return std::nullopt;
    const std::uint32_t left = index_.find(parts[0]), right = index_.find(parts[1]);
    if (left == TokenIndex::kNone || right == TokenIndex::kNone) return std::nullopt;
    return std::pair{left, right};
  }

 private:
  // Parts lie side by side.
  std::uint32_t find(std::string_view left, std::string_view right) const {
    return index_.find({left.data(), left.size() + right.size()});
  }

  const std::vector<std::string>& bytes_;
  TokenIndex index_;
};

}  // namespace

TokenizerSpec byte_level_spec(std::string_view pattern) {
  TokenizerSpec spec;
  const Json byte_level = Json::object({{"type", "ByteLevel"},
                                        {"add_prefix_space", false},
                                        {"trim_offsets", true},
                                        {"use_regex", false}});
  if (pattern.empty() || pattern == regex_of(WordPattern::gpt2)) {
    spec.pre_tokenizer = byte_level;
    spec.pre_tokenizer["use_regex"] = true;
  } else {
    const Json split = Json::object({{"type", "Split"},
                                     {"pattern", Json::object({{"Regex", pattern}})},
                                     {"behavior", "Isolated"},
                                     {"invert", false}});
    spec.pre_tokenizer =
        Json::object({{"type", "Sequence"}, {"pretokenizers", Json::array({split, byte_level})}});
  }
  spec.decoder = Json::object({{"type", "ByteLevel"},
                               {"add_prefix_space", true},
                               {"trim_offsets", true},
                               {"use_regex", true}});
  return spec;
}

TokenizerSpec parse_gpt2(std::string_view vocab_json, std::string_view merges,
                         const std::string& source) {
  TokenizerSpec spec = byte_level_spec({});
  spec.source = source;
  const Json json = parse_json(vocab_json, source + "/vocab.json");
  for (const JsonMember& member : json.as_object(source + "/vocab.json")) {
    const Config id(member.value, fmt::format("{}/vocab.json: /{}", source, member.key));
    const auto place = static_cast<std::size_t>(id.whole(0, kMaxTokenId));
    if (spec.model.tokens.size() <= place) spec.model.tokens.resize(place + 1);
    if (!spec.model.tokens[place].empty()) id.fail(fmt::format("the id {} is there twice", place));
    spec.model.tokens[place] = member.key;
  }
  MergeResolver resolver(spec.model, source + "/merges.txt");
  check_utf8(merges, source + "/merges.txt");
  Lines lines{merges};
  while (const auto line = lines.next()) {
    if (line->empty() || line->starts_with("#version")) continue;
    const std::size_t space = line->find(' ');
    if (space == std::string_view::npos || line->find(' ', space + 1) != std::string_view::npos) {
      fail(source + "/merges.txt", lines.number,
           fmt::format("expected two tokens and a space between, found '{}'", *line));
    }
    resolver.add(line->substr(0, space), line->substr(space + 1), lines.number);
  }
  // The one special token of GPT-2, if the vocabulary is its.
  const TokenIndex index(spec.model.tokens);
  if (const std::uint32_t end = index.find("<|endoftext|>"); end != TokenIndex::kNone) {
    spec.added_tokens.push_back({.id = end, .content = "<|endoftext|>", .special = true});
    spec.roles.bos = spec.roles.eos = end;
  }
  return spec;
}

TokenizerSpec parse_tiktoken(std::string_view text, const std::string& source,
                             std::string_view pattern) {
  TokenizerSpec spec = byte_level_spec(pattern.empty() ? regex_of(WordPattern::llama3) : pattern);
  spec.source = source;
  std::vector<std::string> bytes;
  Lines lines{text};
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    const std::size_t space = line->find(' ');
    const auto token = decode_base64(line->substr(0, space));
    if (space == std::string_view::npos || !token || token->empty()) {
      fail(source, lines.number,
           fmt::format("expected a token in Base64 and its rank, found '{}'", *line));
    }
    const auto rank =
        static_cast<std::size_t>(parse_rank(line->substr(space + 1), source, lines.number));
    if (bytes.size() <= rank) bytes.resize(rank + 1);
    if (!bytes[rank].empty())
      fail(source, lines.number, fmt::format("the rank {} is there twice", rank));
    bytes[rank] = *token;
  }
  if (bytes.empty()) fail(source, 0, "holds no tokens");
  const MergeFinder finder(bytes);
  for (std::uint32_t rank = 0; rank < bytes.size(); ++rank) {
    spec.model.tokens.push_back(to_byte_letters(bytes[rank]));
    if (const auto halves = finder.halves(rank)) {
      spec.model.merges.push_back({halves->first, halves->second, rank});
    }
  }
  // tiktoken looks a word up before it merges.
  spec.model.ignore_merges = true;
  return spec;
}

}  // namespace ordo::text
