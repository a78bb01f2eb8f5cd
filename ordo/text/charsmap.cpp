#include "ordo/text/charsmap.h"

#include <fmt/format.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"

namespace ordo::text {
namespace {

// A grapheme of as many bytes is looked up character by character.
constexpr std::size_t kLongGrapheme = 6;

}  // namespace

Charsmap::Charsmap(std::string bytes, CharsmapMatch match, const std::string& where)
    : bytes_(std::move(bytes)), match_(match), graphemes_("\\X") {
  const auto size = bytes_.size() < 4 ? 0 : load_little<std::uint32_t>(bytes_, 0);
  if (bytes_.size() < 4 || size % 4 != 0 || size > bytes_.size() - 4) {
    throw InputError({.source = where},
                     fmt::format("the character map is damaged: {} bytes of trie in {} bytes", size,
                                 bytes_.size()));
  }
  units_ = size / 4;
  replacements_ = 4 + size;
  try {
    check_utf8(std::string_view(bytes_).substr(replacements_), where);
  } catch (const InputError&) {
    throw InputError({.source = where}, "the character map's replacements are not UTF-8");
  }
}

// Outside the trie there is a unit that fits nothing.
std::uint32_t Charsmap::unit(std::size_t at) const {
  return at < units_ ? load_little<std::uint32_t>(bytes_, 4 + 4 * at) : 0xFFFFFFFF;
}

std::optional<Charsmap::Rule> Charsmap::find(std::string_view text) const {
  const auto offset = [](std::uint32_t one) -> std::size_t {
    return std::size_t{one >> 10} << ((one & (1U << 9)) >> 6);
  };
  std::optional<Rule> found;
  std::size_t node = offset(unit(0));
  for (std::size_t at = 0; at < text.size() && text[at] != '\0'; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    node ^= byte;
    const std::uint32_t one = unit(node);
    if ((one & 0x800000FF) != byte) break;
    node ^= offset(one);
    if ((one >> 8 & 1) == 0) continue;
    const std::size_t place = replacements_ + (unit(node) & 0x7FFFFFFF);
    if (place >= bytes_.size()) continue;
    const std::size_t end = std::min(bytes_.find('\0', place), bytes_.size());
    found = Rule{at + 1, std::string_view(bytes_).substr(place, end - place)};
    if (match_ == CharsmapMatch::shortest_of_grapheme) break;
  }
  // A damaged map may point into the middle of a character.
  if (found && !found->replacement.empty() && (found->replacement[0] & 0xC0) == 0x80) return {};
  return found;
}

void Charsmap::apply(Normalized& text) const {
  if (match_ == CharsmapMatch::longest) {
    apply_longest(text);
  } else {
    apply_by_grapheme(text);
  }
}

void Charsmap::apply_longest(Normalized& normalized) const {
  const std::string& text = normalized.text();
  Rewriter rewriter(normalized);
  for (std::size_t at = 0; at < text.size();) {
    const auto rule = find(std::string_view(text).substr(at));
    const std::size_t length = decode_point(text, at).length;
    if (rule && rule->length >= length) {
      rewriter.add(rule->replacement, at);
      at += rule->length;
      while (at < text.size() && (text[at] & 0xC0) == 0x80) ++at;
    } else {
      rewriter.keep(at, at + length);
      at += length;
    }
  }
  rewriter.finish();
}

void Charsmap::apply_by_grapheme(Normalized& normalized) const {
  const std::string& text = normalized.text();
  Rewriter rewriter(normalized);
  // The replacement's characters stand for the replaced one by one; what is left over for the last.
  const auto replace = [&](std::size_t begin, std::size_t end, std::string_view replacement) {
    std::size_t source = begin;
    for (std::size_t at = 0; at < replacement.size();) {
      const std::size_t length = decode_point(replacement, at).length;
      rewriter.add(replacement.substr(at, length), source);
      at += length;
      const std::size_t next = source + decode_point(text, source).length;
      if (next < end) source = next;
    }
  };
  Regex::Matches graphemes(graphemes_, text);
  while (const auto grapheme = graphemes.next()) {
    if (grapheme->end - grapheme->begin < kLongGrapheme) {
      const auto rule =
          find(std::string_view(text).substr(grapheme->begin, grapheme->end - grapheme->begin));
      if (rule) {
        replace(grapheme->begin, grapheme->end, rule->replacement);
        continue;
      }
    }
    for (std::size_t at = grapheme->begin; at < grapheme->end;) {
      const std::size_t length = decode_point(text, at).length;
      const auto rule = find(std::string_view(text).substr(at, length));
      if (rule) {
        replace(at, at + length, rule->replacement);
      } else {
        rewriter.keep(at, at + length);
      }
      at += length;
    }
  }
  rewriter.finish();
}

}  // namespace ordo::text
