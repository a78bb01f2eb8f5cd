#include "ordo/text/decoder.h"

#include <memory>

#include <fmt/format.h>

#include "ordo/text/byte_alphabet.h"
#include "ordo/text/regex.h"

namespace ordo::text {
namespace {

using Tokens = std::vector<std::string>;

constexpr std::string_view kKnown =
    "BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, Sequence, Strip, "
    "WordPiece";

void fuse(Tokens& tokens) {
  std::string all;
  for (const std::string& token : tokens) all += token;
  tokens.assign(1, std::move(all));
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

// A token with a character that stands for no byte is taken as it is.
void read_byte_letters(Tokens& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) bytes += from_byte_letters(token).value_or(token);
  tokens.assign(1, repair_utf8(bytes));
}

// English as it is written: no space before punctuation and contractions.
void clean_up(std::string& token) {
  constexpr std::pair<std::string_view, std::string_view> kRules[] = {
      {" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [what, by] : kRules) replace_all(token, what, by);
}

void join_word_pieces(Tokens& tokens, const std::string& prefix, bool cleanup) {
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    std::string& token = tokens[index];
    if (index > 0) {
      if (token.starts_with(prefix)) {
        token.erase(0, prefix.size());
      } else {
        token.insert(0, " ");
      }
    }
    if (cleanup) clean_up(token);
  }
}

void read_metaspace(Tokens& tokens, const std::string& mark, bool prepended) {
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    replace_all(tokens[index], mark, index == 0 && prepended ? "" : " ");
  }
}

// The byte that "<0x41>" names, or -1.
int named_byte(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  int value = 0;
  for (const char c : {token[3], token[4]}) {
    const std::size_t digit = std::string_view("0123456789abcdef0123456789ABCDEF").find(c);
    if (digit == std::string_view::npos) return -1;
    value = value * 16 + static_cast<int>(digit % 16);
  }
  return value;
}

// Bytes in a row are text if they are UTF-8 as a whole, else U+FFFD each.
void join_bytes(Tokens& tokens) {
  Tokens joined;
  std::string bytes;
  const auto end_bytes = [&] {
    if (bytes.empty()) return;
    if (repair_utf8(bytes) == bytes) {
      joined.push_back(bytes);
    } else {
      joined.insert(joined.end(), bytes.size(), "\uFFFD");
    }
    bytes.clear();
  };
  for (std::string& token : tokens) {
    const int byte = named_byte(token);
    if (byte >= 0) {
      bytes += static_cast<char>(byte);
      continue;
    }
    end_bytes();
    joined.push_back(std::move(token));
  }
  end_bytes();
  tokens = std::move(joined);
}

struct StripRule {
  std::string content;
  std::int64_t start, stop;
};

void strip(Tokens& tokens, const StripRule& rule) {
  for (std::string& token : tokens) {
    std::size_t begin = 0, end = token.size();
    for (std::int64_t i = 0;
         i < rule.start && token.compare(begin, rule.content.size(), rule.content) == 0 &&
         begin < token.size();
         ++i) {
      begin += rule.content.size();
    }
    for (std::int64_t i = 0;
         i < rule.stop && end >= begin + rule.content.size() &&
         token.compare(end - rule.content.size(), rule.content.size(), rule.content) == 0;
         ++i) {
      end -= rule.content.size();
    }
    token = token.substr(begin, end - begin);
  }
}

void replace_matches(Tokens& tokens, const Regex& regex, const std::string& by) {
  for (std::string& token : tokens) {
    std::string replaced;
    std::size_t done = 0;
    Regex::Matches matches(regex, token);
    while (const auto match = matches.next()) {
      replaced += token.substr(done, match->begin - done) + by;
      done = match->end;
    }
    token = replaced + token.substr(done);
  }
}

void end_words(Tokens& tokens, const std::string& suffix) {
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    replace_all(tokens[index], suffix, index + 1 == tokens.size() ? "" : " ");
  }
}

struct CtcRule {
  std::string pad, delimiter;
  bool cleanup;
};

// Connectionist temporal classification: repeated tokens are one.
void read_ctc(Tokens& tokens, const CtcRule& rule) {
  Tokens kept;
  const std::string* last = nullptr;
  for (const std::string& token : tokens) {
    if (last != nullptr && token == *last) continue;
    last = &token;
    std::string text = token;
    replace_all(text, rule.pad, "");
    if (rule.cleanup) {
      clean_up(text);
      replace_all(text, rule.delimiter, " ");
    }
    if (!text.empty()) kept.push_back(text);
  }
  tokens = std::move(kept);
}

std::string not_empty(const Config& config) {
  if (config.string().empty()) config.fail("expected a text, found an empty one");
  return config.string();
}

}  // namespace

Decoder::Decoder(const Config& config) {
  if (config.is_null()) return;
  joins_by_spaces_ = false;
  add(config);
}

std::string Decoder::decode(std::vector<std::string> tokens) const {
  for (const Step& step : steps_) step(tokens);
  std::string text;
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    if (joins_by_spaces_ && index > 0) text += ' ';
    text += tokens[index];
  }
  return text;
}

void Decoder::add(const Config& config) {
  const std::string& type = config.at("type").string();
  if (type == "Sequence") {
    for (const Config& part : config.at("decoders").items()) add(part);
  } else if (type == "ByteLevel") {
    steps_.push_back(read_byte_letters);
  } else if (type == "Fuse") {
    steps_.push_back(fuse);
  } else if (type == "ByteFallback") {
    steps_.push_back(join_bytes);
  } else if (type == "WordPiece") {
    const std::string prefix = config["prefix"].string_or("##");
    const bool cleanup = config["cleanup"].flag_or(true);
    steps_.push_back([=](Tokens& tokens) { join_word_pieces(tokens, prefix, cleanup); });
  } else if (type == "Metaspace") {
    const Config replacement = config["replacement"];
    const std::string mark = replacement.is_null() ? "\u2581" : to_utf8(replacement.character());
    const bool prepended = config["add_prefix_space"].flag_or(true) &&
                           config["prepend_scheme"].string_or("always") != "never";
    steps_.push_back([=](Tokens& tokens) { read_metaspace(tokens, mark, prepended); });
  } else if (type == "Strip") {
    const StripRule rule{to_utf8(config.at("content").character()),
                         config["start"].whole_or(0, 0, kMaxTokenId),
                         config["stop"].whole_or(0, 0, kMaxTokenId)};
    steps_.push_back([=](Tokens& tokens) { strip(tokens, rule); });
  } else if (type == "BPEDecoder") {
    const std::string suffix = not_empty(config.at("suffix"));
    steps_.push_back([=](Tokens& tokens) { end_words(tokens, suffix); });
  } else if (type == "CTC") {
    const CtcRule rule{not_empty(config.at("pad_token")),
                       not_empty(config.at("word_delimiter_token")),
                       config["cleanup"].flag_or(true)};
    steps_.push_back([=](Tokens& tokens) { read_ctc(tokens, rule); });
  } else if (type == "Replace") {
    const Config pattern = config.at("pattern");
    const std::string by = config.at("content").string();
    if (const Config literal = pattern["String"]; !literal.is_null()) {
      const std::string what = not_empty(literal);
      steps_.push_back([=](Tokens& tokens) {
        for (std::string& token : tokens) replace_all(token, what, by);
      });
    } else {
      const Config regex = pattern.at("Regex");
      const auto compiled = std::make_shared<const Regex>(regex.string(), regex.where());
      steps_.push_back([=](Tokens& tokens) { replace_matches(tokens, *compiled, by); });
    }
  } else {
    config.fail(fmt::format("the decoder '{}' is not known; known are {}", type, kKnown));
  }
}

}  // namespace ordo::text
