#include "ordo/text/normalizer.h"

#include <fmt/format.h>

#include "ordo/text/base64.h"
#include "ordo/text/byte_alphabet.h"
#include "ordo/text/charsmap.h"
#include "ordo/text/normal_forms.h"
#include "ordo/text/regex.h"

namespace ordo::text {
namespace {

template <class Change>
void rewrite_points(Normalized& normalized, Change change) {
  const std::string& text = normalized.text();
  Rewriter rewriter(normalized);
  for (std::size_t at = 0; at < text.size();) {
    const DecodedPoint point = decode_point(text, at);
    change(rewriter, point.value, at);
    at += point.length;
  }
  rewriter.finish();
}

void make_lower(Normalized& normalized) {
  rewrite_points(normalized, [](Rewriter& rewriter, char32_t point, std::size_t at) {
    if (point < 0x80) {
      rewriter.add(point >= 'A' && point <= 'Z' ? point + 32 : point, at);
      return;
    }
    for (const char32_t letter : lower_case(point)) rewriter.add(letter, at);
  });
}

void remove_flagged(Normalized& normalized, PointFlag flag) {
  const PointKinds& kinds = point_kinds();
  rewrite_points(normalized, [&](Rewriter& rewriter, char32_t point, std::size_t at) {
    if (!has(kinds(point), flag)) rewriter.add(point, at);
  });
}

void strip(Normalized& normalized, bool left, bool right) {
  const std::string& text = normalized.text();
  std::size_t begin = 0, end = text.size();
  while (left && begin < end) {
    const DecodedPoint point = decode_point(text, begin);
    if (!has(point.value, PointFlag::white_space)) break;
    begin += point.length;
  }
  while (right && end > begin) {
    const std::size_t last = previous_point(text, end);
    if (!has(decode_point(text, last).value, PointFlag::white_space)) break;
    end = last;
  }
  Rewriter rewriter(normalized);
  rewriter.keep(begin, end);
  rewriter.finish();
}

void prepend(Normalized& normalized, const std::string& what) {
  if (normalized.text().empty()) return;
  Rewriter rewriter(normalized);
  rewriter.add(what, 0);
  rewriter.keep(0, normalized.text().size());
  rewriter.finish();
}

void replace_literal(Normalized& normalized, const std::string& what, const std::string& by) {
  const std::string& text = normalized.text();
  std::size_t at = text.find(what);
  if (at == std::string::npos) return;
  const std::size_t last = previous_point(what, what.size());
  Rewriter rewriter(normalized);
  std::size_t done = 0;
  for (; at != std::string::npos; at = text.find(what, done)) {
    rewriter.keep(done, at);
    rewriter.add(by, at + last);
    done = at + what.size();
  }
  rewriter.keep(done, text.size());
  rewriter.finish();
}

void replace_matches(Normalized& normalized, const Regex& regex, const std::string& by) {
  const std::string& text = normalized.text();
  Regex::Matches matches(regex, text);
  Rewriter rewriter(normalized);
  std::size_t done = 0;
  while (const auto match = matches.next()) {
    rewriter.keep(done, match->begin);
    rewriter.add(by, match->end > 0 ? previous_point(text, match->end) : 0);
    done = match->end;
  }
  rewriter.keep(done, text.size());
  rewriter.finish();
}

struct BertOptions {
  bool clean, han, accents, lower;
};

void normalize_as_bert(Normalized& normalized, const BertOptions& options) {
  const PointKinds& kinds = point_kinds();
  if (options.clean || options.han) {
    rewrite_points(normalized, [&](Rewriter& rewriter, char32_t point, std::size_t at) {
      const PointKind kind = kinds(point);
      if (options.clean && has(kind, PointFlag::bert_removed)) return;
      const bool space = options.clean && has(kind, PointFlag::white_space);
      const bool alone = options.han && has(kind, PointFlag::bert_han);
      if (alone) rewriter.add(U' ', at);
      rewriter.add(space ? U' ' : point, at);
      if (alone) rewriter.add(U' ', at);
    });
  }
  if (options.accents) {
    to_normal_form(normalized, NormalForm::nfd);
    remove_flagged(normalized, PointFlag::bert_accent);
  }
  if (options.lower) make_lower(normalized);
}

void spell_bytes(Normalized& normalized) {
  const std::string& text = normalized.text();
  Rewriter rewriter(normalized);
  for (std::size_t at = 0; at < text.size(); ++at) {
    rewriter.add(letter_of_byte(static_cast<unsigned char>(text[at])), at);
  }
  rewriter.finish();
}

constexpr std::string_view kKnown =
    "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, "
    "Replace, "
    "Sequence, Strip, StripAccents";

// The cleaning of SentencePiece's "nmt" rules: controls go, odd spaces become plain ones.
void clean_as_nmt(Normalized& normalized) {
  rewrite_points(normalized, [](Rewriter& rewriter, char32_t point, std::size_t at) {
    const bool removed = (point >= 0x1 && point <= 0x8) || point == 0xB ||
                         (point >= 0xE && point <= 0x1F) || point == 0x7F || point == 0x8F ||
                         point == 0x9F;
    if (removed) return;
    const bool space = point == 0x9 || point == 0xA || point == 0xC || point == 0xD ||
                       point == 0x1680 || (point >= 0x200B && point <= 0x200F) || point == 0x2028 ||
                       point == 0x2029 || point == 0x2581 || point == 0xFEFF || point == 0xFFFD;
    rewriter.add(space ? U' ' : point, at);
  });
}

}  // namespace

Normalizer::Normalizer(const Config& config) {
  if (!config.is_null()) add(config);
}

void Normalizer::add(const Config& config) {
  const std::string& type = config.at("type").string();
  const auto form = [this](NormalForm which) {
    steps_.push_back([which](Normalized& text) { to_normal_form(text, which); });
  };
  if (type == "Sequence") {
    for (const Config& part : config.at("normalizers").items()) add(part);
  } else if (type == "NFC") {
    form(NormalForm::nfc);
  } else if (type == "NFD") {
    form(NormalForm::nfd);
  } else if (type == "NFKC") {
    form(NormalForm::nfkc);
  } else if (type == "NFKD") {
    form(NormalForm::nfkd);
  } else if (type == "Lowercase") {
    steps_.push_back(make_lower);
  } else if (type == "StripAccents") {
    steps_.push_back([](Normalized& text) { remove_flagged(text, PointFlag::accent); });
  } else if (type == "Nmt") {
    steps_.push_back(clean_as_nmt);
  } else if (type == "ByteLevel") {
    steps_.push_back(spell_bytes);
  } else if (type == "Strip") {
    const bool left = config["strip_left"].flag_or(true),
               right = config["strip_right"].flag_or(true);
    steps_.push_back([left, right](Normalized& text) { strip(text, left, right); });
  } else if (type == "Prepend") {
    steps_.push_back(
        [what = config.at("prepend").string()](Normalized& text) { prepend(text, what); });
  } else if (type == "BertNormalizer") {
    const bool lower = config["lowercase"].flag_or(true);
    const BertOptions options{.clean = config["clean_text"].flag_or(true),
                              .han = config["handle_chinese_chars"].flag_or(true),
                              .accents = config["strip_accents"].flag_or(lower),
                              .lower = lower};
    steps_.push_back([options](Normalized& text) { normalize_as_bert(text, options); });
  } else if (type == "Precompiled") {
    const Config map = config.at("precompiled_charsmap");
    auto bytes = decode_base64(map.string());
    if (!bytes) map.fail("expected Base64");
    const auto charsmap = std::make_shared<const Charsmap>(
        std::move(*bytes),
        config["longest_match"].flag_or(false) ? CharsmapMatch::longest
                                               : CharsmapMatch::shortest_of_grapheme,
        map.where());
    steps_.push_back([charsmap](Normalized& text) { charsmap->apply(text); });
  } else if (type == "Replace") {
    const Config pattern = config.at("pattern");
    const std::string by = config.at("content").string();
    if (const Config literal = pattern["String"]; !literal.is_null()) {
      if (literal.string().empty()) literal.fail("expected a text to be replaced, found none");
      steps_.push_back(
          [what = literal.string(), by](Normalized& text) { replace_literal(text, what, by); });
    } else {
      const Config regex = pattern.at("Regex");
      const auto compiled = std::make_shared<const Regex>(regex.string(), regex.where());
      steps_.push_back([compiled, by](Normalized& text) { replace_matches(text, *compiled, by); });
    }
  } else {
    config.fail(fmt::format("the normalizer '{}' is not known; known are {}", type, kKnown));
  }
}

}  // namespace ordo::text
