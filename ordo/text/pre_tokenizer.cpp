#include "ordo/text/pre_tokenizer.h"

#include <memory>

#include <fmt/format.h>

#include "ordo/text/byte_alphabet.h"
#include "ordo/text/regex.h"
#include "ordo/text/splitting.h"

namespace ordo::text {
namespace {

constexpr std::string_view kKnown =
    "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation, "
    "Sequence, Split, Whitespace, WhitespaceSplit";

// Cuts every piece; `cut` appends the pieces of one.
template <class Cut>
void cut_each(Pieces& pieces, Cut cut) {
  std::vector<ByteSpan> spans;
  spans.reserve(pieces.spans.size() * 2);
  for (const ByteSpan& span : pieces.spans) cut(pieces.text.text(), span, spans);
  pieces.spans = std::move(spans);
}

// Cuts at the characters of which `test` is true.
template <class Test>
void cut_at_points(Pieces& pieces, SplitBehavior behavior, Test test) {
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    PartList parts(span);
    for (std::size_t at = span.begin; at < span.end;) {
      const DecodedPoint point = decode_point(text, at);
      if (test(point.value)) parts.add_match({at, at + point.length});
      at += point.length;
    }
    parts.append_pieces(behavior, false, spans);
  });
}

void cut_by_regex(Pieces& pieces, const Regex& regex, SplitBehavior behavior, bool inverted) {
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    PartList parts(span);
    Regex::Matches matches(regex, std::string_view(text).substr(span.begin, span.end - span.begin));
    while (const auto match = matches.next()) {
      parts.add_match({span.begin + match->begin, span.begin + match->end});
    }
    parts.append_pieces(behavior, inverted, spans);
  });
}

void cut_by_literal(Pieces& pieces, const std::string& literal, SplitBehavior behavior,
                    bool inverted) {
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    PartList parts(span);
    const std::string_view inside = std::string_view(text).substr(0, span.end);
    for (std::size_t at = inside.find(literal, span.begin); at != std::string_view::npos;
         at = inside.find(literal, at + literal.size())) {
      parts.add_match({at, at + literal.size()});
    }
    parts.append_pieces(behavior, inverted, spans);
  });
}

void cut_by_pattern(Pieces& pieces, WordPattern pattern) {
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    const std::string_view inside =
        std::string_view(text).substr(span.begin, span.end - span.begin);
    for (std::size_t at = 0; at < inside.size();) {
      const std::size_t end = word_end(inside, at, pattern);
      spans.push_back({span.begin + at, span.begin + end});
      at = end;
    }
  });
}

// \w+|[^\w\s]+, of which white space is left out.
void cut_words(Pieces& pieces) {
  enum class Kind { space, word, other };
  const PointKinds& kinds = point_kinds();
  const auto kind_of = [&](char32_t point) {
    const PointKind kind = kinds(point);
    if (has(kind, PointFlag::word)) return Kind::word;
    return has(kind, PointFlag::white_space) ? Kind::space : Kind::other;
  };
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    Kind last = Kind::space;
    for (std::size_t at = span.begin; at < span.end;) {
      const DecodedPoint point = decode_point(text, at);
      const Kind kind = kind_of(point.value);
      if (kind != Kind::space) {
        if (kind == last) {
          spans.back().end = at + point.length;
        } else {
          spans.push_back({at, at + point.length});
        }
      }
      last = kind;
      at += point.length;
    }
  });
}

// Stretches of equal points of which `test` is true or false: digits beside the rest.
void cut_digits(Pieces& pieces, bool individual) {
  cut_at_points(pieces, individual ? SplitBehavior::isolated : SplitBehavior::contiguous,
                [](char32_t point) { return has(point, PointFlag::numeric); });
}

// BERT cuts at white space, which goes, and around each punctuation character, which stays.
void cut_as_bert(Pieces& pieces) {
  const PointKinds& kinds = point_kinds();
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    bool in_word = false;
    for (std::size_t at = span.begin; at < span.end;) {
      const DecodedPoint point = decode_point(text, at);
      const PointKind kind = kinds(point.value);
      const bool space = has(kind, PointFlag::white_space);
      const bool alone = has(kind, PointFlag::punctuation);
      if (!space && in_word && !alone) {
        spans.back().end = at + point.length;
      } else if (!space) {
        spans.push_back({at, at + point.length});
      }
      in_word = !space && !alone;
      at += point.length;
    }
  });
}

void cut_to_length(Pieces& pieces, std::int64_t length) {
  cut_each(pieces, [&](const std::string& text, ByteSpan span, std::vector<ByteSpan>& spans) {
    std::int64_t count = 0;
    for (std::size_t at = span.begin; at < span.end; ++count) {
      const std::size_t bytes = decode_point(text, at).length;
      if (count % length == 0) spans.push_back({at, at});
      spans.back().end = at + bytes;
      at += bytes;
    }
  });
}

// Rewrites piece by piece; `write` puts one piece down.
template <class Write>
void rewrite_each(Pieces& pieces, Write write) {
  Rewriter rewriter(pieces.text);
  std::vector<ByteSpan> spans;
  spans.reserve(pieces.spans.size());
  for (const ByteSpan& span : pieces.spans) {
    const std::size_t begin = rewriter.size();
    write(rewriter, pieces.text.text(), span);
    spans.push_back({begin, rewriter.size()});
  }
  rewriter.finish();
  pieces.spans = std::move(spans);
}

void prefix_with_space(Pieces& pieces) {
  rewrite_each(pieces, [](Rewriter& rewriter, const std::string& text, ByteSpan span) {
    if (text[span.begin] != ' ') rewriter.add(U' ', span.begin);
    rewriter.keep(span.begin, span.end);
  });
}

void spell_bytes(Pieces& pieces) {
  rewrite_each(pieces, [](Rewriter& rewriter, const std::string& text, ByteSpan span) {
    for (std::size_t at = span.begin; at < span.end; ++at) {
      rewriter.add(letter_of_byte(static_cast<unsigned char>(text[at])), at);
    }
  });
}

enum class Prepend { never, first, always };

void mark_spaces(Pieces& pieces, const std::string& mark, Prepend scheme, bool split) {
  rewrite_each(pieces, [&](Rewriter& rewriter, const std::string& text, ByteSpan span) {
    const std::string_view piece = std::string_view(text).substr(span.begin, span.end - span.begin);
    const bool is_first = span.begin == 0 && pieces.text.begin() == 0;
    const bool marked = piece.starts_with(' ') || piece.starts_with(mark);
    if (!marked && (scheme == Prepend::always || (scheme == Prepend::first && is_first))) {
      rewriter.add(mark, span.begin);
    }
    for (std::size_t at = span.begin; at < span.end;) {
      const std::size_t space = std::min(text.find(' ', at), span.end);
      rewriter.keep(at, space);
      if (space < span.end) rewriter.add(mark, space);
      at = space + 1;
    }
  });
  if (split) cut_by_literal(pieces, mark, SplitBehavior::merged_with_next, false);
}

}  // namespace

PreTokenizer::PreTokenizer(const Config& config) {
  if (!config.is_null()) add(config);
}

void PreTokenizer::apply(Pieces& pieces) const {
  for (const Step& step : steps_) step(pieces);
}

void PreTokenizer::leave_out_byte_letters() {
  steps_.pop_back();
  ends_in_byte_letters_ = false;
}

std::optional<WordPattern> PreTokenizer::only_pattern() const {
  if (steps_.size() != 1 || patterns_.size() != 1) return std::nullopt;
  return patterns_.front();
}

void PreTokenizer::add_step(Step step) {
  steps_.push_back(std::move(step));
  ends_in_byte_letters_ = false;
}

void PreTokenizer::add_word_pattern(WordPattern pattern) {
  add_step([pattern](Pieces& pieces) { cut_by_pattern(pieces, pattern); });
  patterns_.push_back(pattern);
}

void PreTokenizer::add_byte_level(const Config& config) {
  if (config["add_prefix_space"].flag_or(true)) add_step(prefix_with_space);
  if (config["use_regex"].flag_or(true)) add_word_pattern(WordPattern::gpt2);
  add_step(spell_bytes);
  ends_in_byte_letters_ = true;
}

void PreTokenizer::add_split(const Config& config) {
  const SplitBehavior behavior = split_behavior(config.at("behavior"), SplitBehavior::isolated);
  const bool inverted = config["invert"].flag_or(false);
  const Config pattern = config.at("pattern");
  if (const Config literal = pattern["String"]; !literal.is_null()) {
    if (literal.string().empty()) literal.fail("expected a text to split at, found none");
    add_step([what = literal.string(), behavior, inverted](Pieces& pieces) {
      cut_by_literal(pieces, what, behavior, inverted);
    });
    return;
  }
  const Config regex = pattern.at("Regex");
  const auto known = known_word_pattern(regex.string());
  // Known patterns leave no gaps, so that isolating matches and removing gaps is the same.
  if (known && ((behavior == SplitBehavior::isolated && !inverted) ||
                (behavior == SplitBehavior::removed && inverted))) {
    add_word_pattern(*known);
    return;
  }
  const auto compiled = std::make_shared<const Regex>(regex.string(), regex.where());
  add_step([compiled, behavior, inverted](Pieces& pieces) {
    cut_by_regex(pieces, *compiled, behavior, inverted);
  });
}

void PreTokenizer::add_metaspace(const Config& config) {
  const Config replacement = config["replacement"];
  const std::string mark = replacement.is_null() ? "\u2581" : to_utf8(replacement.character());
  Prepend scheme = config["add_prefix_space"].flag_or(true) ? Prepend::always : Prepend::never;
  if (const Config named = config["prepend_scheme"]; !named.is_null()) {
    const std::string& name = named.string();
    if (name != "always" && name != "first" && name != "never") {
      named.fail(fmt::format("expected always, first or never, found '{}'", name));
    }
    scheme = name == "always" ? Prepend::always : name == "first" ? Prepend::first : Prepend::never;
  }
  const bool split = config["split"].flag_or(true);
  add_step([mark, scheme, split](Pieces& pieces) { mark_spaces(pieces, mark, scheme, split); });
}

void PreTokenizer::add(const Config& config) {
  const std::string& type = config.at("type").string();
  if (type == "Sequence") {
    for (const Config& part : config.at("pretokenizers").items()) add(part);
  } else if (type == "ByteLevel") {
    add_byte_level(config);
  } else if (type == "Split") {
    add_split(config);
  } else if (type == "Metaspace") {
    add_metaspace(config);
  } else if (type == "Whitespace") {
    add_step(cut_words);
  } else if (type == "WhitespaceSplit") {
    add_step([](Pieces& pieces) {
      cut_at_points(pieces, SplitBehavior::removed,
                    [](char32_t point) { return has(point, PointFlag::white_space); });
    });
  } else if (type == "BertPreTokenizer") {
    add_step(cut_as_bert);
  } else if (type == "Punctuation") {
    const SplitBehavior behavior = split_behavior(config["behavior"], SplitBehavior::isolated);
    add_step([behavior](Pieces& pieces) {
      cut_at_points(pieces, behavior,
                    [](char32_t point) { return has(point, PointFlag::punctuation); });
    });
  } else if (type == "Digits") {
    const bool individual = config["individual_digits"].flag_or(false);
    add_step([individual](Pieces& pieces) { cut_digits(pieces, individual); });
  } else if (type == "CharDelimiterSplit") {
    const char32_t delimiter = config.at("delimiter").character();
    add_step([delimiter](Pieces& pieces) {
      cut_at_points(pieces, SplitBehavior::removed,
                    [delimiter](char32_t point) { return point == delimiter; });
    });
  } else if (type == "FixedLength") {
    const std::int64_t length = config["length"].whole_or(5, 1, kMaxTokenId);
    add_step([length](Pieces& pieces) { cut_to_length(pieces, length); });
  } else {
    config.fail(fmt::format("the pre-tokenizer '{}' is not known; known are {}", type, kKnown));
  }
}

}  // namespace ordo::text
