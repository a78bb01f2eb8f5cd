#include "ordo/text/post_processor.h"

#include <fmt/format.h>

#include "ordo/text/byte_alphabet.h"

namespace ordo::text {
namespace {

constexpr std::string_view kKnown =
    "BertProcessing, ByteLevel, RobertaProcessing, Sequence, TemplateProcessing";

void append(Encoding& whole, const Encoding& part) {
  whole.ids.insert(whole.ids.end(), part.ids.begin(), part.ids.end());
  whole.offsets.insert(whole.offsets.end(), part.offsets.begin(), part.offsets.end());
  whole.type_ids.insert(whole.type_ids.end(), part.type_ids.begin(), part.type_ids.end());
  whole.is_special.insert(whole.is_special.end(), part.is_special.begin(), part.is_special.end());
}

// A space, as a byte-level token spells it, or other white space.
bool is_space(char32_t letter) {
  return letter == letter_of_byte(' ') || has(letter, PointFlag::white_space);
}

std::size_t spaces_before(std::string_view token) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < token.size(); ++count) {
    const DecodedPoint point = decode_point(token, at);
    if (!is_space(point.value)) break;
    at += point.length;
  }
  return count;
}

std::size_t spaces_after(std::string_view token) {
  std::size_t count = 0;
  for (std::size_t end = token.size(); end > 0; ++count) {
    end = previous_point(token, end);
    if (!is_space(decode_point(token, end).value)) break;
  }
  return count;
}

// Spaces at a token's ends are not part of its place, except one before the first token: the
// tokenizer may have put it there itself. Each counts as a character of the text.
void trim_offsets(Encoding& encoding, std::string_view text, const std::vector<std::string>& tokens,
                  bool add_prefix_space) {
  for (std::size_t index = 0; index < encoding.offsets.size(); ++index) {
    ByteSpan& span = encoding.offsets[index];
    if (span.end > text.size()) continue;
    const std::string& token = tokens[static_cast<std::size_t>(encoding.ids[index])];
    std::size_t before = spaces_before(token), after = spaces_after(token);
    if (before == 1 && add_prefix_space && (index == 0 || span.begin == 0)) before = 0;
    for (; before > 0 && span.begin < span.end; --before)
      span.begin += decode_point(text, span.begin).length;
    for (; after > 0 && span.end > span.begin; --after) span.end = previous_point(text, span.end);
  }
}

std::uint8_t type_of(const Config& piece) {
  return static_cast<std::uint8_t>(piece["type_id"].whole_or(0, 0, 255));
}

TokenId id_of_pair(const Config& config) {
  const std::vector<Config> pair = config.items();
  if (pair.size() != 2) config.fail("expected a token and its id");
  return pair[1].whole(0, kMaxTokenId);
}

}  // namespace

PostProcessor::PostProcessor(const Config& config) {
  if (!config.is_null()) add(config);
}

void PostProcessor::add_template(const Config& config) {
  const Config declared = config["special_tokens"];
  const auto pieces_of = [&](const std::string& which, int texts) {
    std::vector<Piece> pieces;
    for (const Config& item : config.at(which).items()) {
      Piece piece;
      if (const Config special = item["SpecialToken"]; !special.is_null()) {
        const Config name = special.at("id");
        if (declared.is_null() || declared[name.string()].is_null()) {
          name.fail(fmt::format("the special token '{}' is not declared in special_tokens",
                                name.string()));
        }
        for (const Config& id : declared[name.string()].at("ids").items()) {
          piece.ids.push_back(id.whole(0, kMaxTokenId));
        }
        piece.type_id = type_of(special);
      } else {
        const Config sequence = item.at("Sequence");
        const std::string& name = sequence.at("id").string();
        if (name != "A" && !(name == "B" && texts == 2)) {
          sequence.fail(fmt::format("expected the sequence A{}, found '{}'",
                                    texts == 2 ? " or B" : "", name));
        }
        piece.sequence = name == "B" ? 1 : 0;
        piece.type_id = type_of(sequence);
      }
      pieces.push_back(std::move(piece));
    }
    return pieces;
  };
  Step step;
  step.has_template = true;
  step.filling.single = pieces_of("single", 1);
  if (!config["pair"].is_null()) {
    step.filling.pair = pieces_of("pair", 2);
  }
  steps_.push_back(std::move(step));
}

void PostProcessor::add_bert(const Config& config) {
  const TokenId cls = id_of_pair(config.at("cls")), sep = id_of_pair(config.at("sep"));
  Step step{.has_template = true, .only_with_special = true};
  step.filling.single = {{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0}};
  step.filling.pair = step.filling.single;
  step.filling.pair.push_back({1, {}, 1});
  step.filling.pair.push_back({-1, {sep}, 1});
  steps_.push_back(std::move(step));
}

void PostProcessor::add_roberta(const Config& config) {
  const TokenId cls = id_of_pair(config.at("cls")), sep = id_of_pair(config.at("sep"));
  Step step{.has_template = true, .only_with_special = true};
  step.trim = {config["trim_offsets"].flag_or(true), config["add_prefix_space"].flag_or(true)};
  step.filling.single = {{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0}};
  step.filling.pair = {{-1, {cls}, 0}, {0, {}, 0}, {-1, {sep}, 0},
                       {-1, {sep}, 0}, {1, {}, 0}, {-1, {sep}, 0}};
  steps_.push_back(std::move(step));
}

void PostProcessor::add(const Config& config) {
  const std::string& type = config.at("type").string();
  if (type == "Sequence") {
    for (const Config& part : config.at("processors").items()) add(part);
  } else if (type == "ByteLevel") {
    Step step;
    step.trim = {config["trim_offsets"].flag_or(true), config["add_prefix_space"].flag_or(true)};
    steps_.push_back(std::move(step));
  } else if (type == "TemplateProcessing") {
    add_template(config);
  } else if (type == "BertProcessing") {
    add_bert(config);
  } else if (type == "RobertaProcessing") {
    add_roberta(config);
  } else {
    config.fail(fmt::format("the post-processor '{}' is not known; known are {}", type, kKnown));
  }
}

Encoding PostProcessor::fill(const std::vector<Piece>& pieces, std::vector<Encoding>& parts,
                             bool add_special_tokens) {
  Encoding whole;
  for (const Piece& piece : pieces) {
    if (piece.sequence >= 0) {
      Encoding& part = parts[static_cast<std::size_t>(piece.sequence)];
      part.type_ids.assign(part.ids.size(), piece.type_id);
      append(whole, part);
    } else if (add_special_tokens) {
      const std::size_t count = piece.ids.size();
      append(whole, {.ids = piece.ids,
                     .offsets = std::vector<ByteSpan>(count),
                     .type_ids = std::vector<std::uint8_t>(count, piece.type_id),
                     .is_special = std::vector<std::uint8_t>(count, 1)});
    }
  }
  return whole;
}

Encoding PostProcessor::join(std::vector<Encoding> parts,
                             const std::vector<std::string_view>& texts,
                             const std::vector<std::string>& tokens,
                             bool add_special_tokens) const {
  for (const Step& step : steps_) {
    if (step.trim.on && parts.size() == texts.size()) {
      for (std::size_t text = 0; text < texts.size(); ++text) {
        trim_offsets(parts[text], texts[text], tokens, step.trim.add_prefix_space);
      }
    }
    if (!step.has_template || (step.only_with_special && !add_special_tokens)) continue;
    const std::vector<Piece>& pieces =
        parts.size() == 2 && !step.filling.pair.empty() ? step.filling.pair : step.filling.single;
    Encoding whole = fill(pieces, parts, add_special_tokens);
    parts.clear();
    parts.push_back(std::move(whole));
  }
  for (std::size_t part = 1; part < parts.size(); ++part) append(parts[0], parts[part]);
  return std::move(parts[0]);
}

std::vector<TokenId> PostProcessor::join(std::vector<TokenId> ids, bool add_special_tokens) const {
  if (!add_special_tokens) return ids;
  for (const Step& step : steps_) {
    if (!step.has_template) continue;
    std::vector<TokenId> whole;
    for (const Piece& piece : step.filling.single) {
      const std::vector<TokenId>& part = piece.sequence == 0 ? ids : piece.ids;
      whole.insert(whole.end(), part.begin(), part.end());
    }
    ids = std::move(whole);
  }
  return ids;
}

}  // namespace ordo::text
