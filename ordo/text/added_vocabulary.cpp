#include "ordo/text/added_vocabulary.h"

#include "ordo/text/unicode.h"

namespace ordo::text {
namespace {

bool is_word_at(std::string_view text, std::size_t at) {
  return has(decode_point(text, at).value, PointFlag::word);
}

bool stands_alone(std::string_view text, ByteSpan match) {
  return (match.begin == 0 || !is_word_at(text, previous_point(text, match.begin))) &&
         (match.end == text.size() || !is_word_at(text, match.end));
}

std::size_t spaces_before(std::string_view text, std::size_t end, std::size_t least) {
  while (end > least) {
    const std::size_t last = previous_point(text, end);
    if (last < least || !has(decode_point(text, last).value, PointFlag::white_space)) break;
    end = last;
  }
  return end;
}

std::size_t spaces_after(std::string_view text, std::size_t begin) {
  while (begin < text.size()) {
    const DecodedPoint point = decode_point(text, begin);
    if (!has(point.value, PointFlag::white_space)) break;
    begin += point.length;
  }
  return begin;
}

}  // namespace

AddedVocabulary::AddedVocabulary(const std::vector<AddedToken>& tokens,
                                 const Normalizer& normalizer)
    : tokens_(tokens) {
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    const AddedToken& token = tokens[index];
    if (token.content.empty()) continue;
    if (!token.normalized) {
      raw_.add(token.content, static_cast<std::uint32_t>(index));
      continue;
    }
    Normalized content(token.content, 0, Track::nothing);
    normalizer.apply(content);
    if (!content.text().empty()) normalized_.add(content.text(), static_cast<std::uint32_t>(index));
  }
}

std::vector<AddedStretch> AddedVocabulary::cut(std::string_view text, bool normalized,
                                               bool special_too) const {
  const ByteTrie& trie = normalized ? normalized_ : raw_;
  std::vector<AddedStretch> stretches;
  std::size_t done = 0, at = 0;
  while (at < text.size()) {
    if (!trie.begins(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    const auto [length, index] = trie.longest_prefix(text.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[index];
    ByteSpan match{at, at + length};
    at = match.end;
    if (token.special && !special_too) continue;
    if (token.single_word && !stands_alone(text, match)) continue;
    if (token.lstrip) match.begin = spaces_before(text, match.begin, done);
    if (token.rstrip) match.end = spaces_after(text, match.end);
    if (match.begin > done) stretches.push_back({{done, match.begin}, nullptr});
    stretches.push_back({match, &token});
    done = match.end;
  }
  if (done < text.size()) stretches.push_back({{done, text.size()}, nullptr});
  return stretches;
}

}  // namespace ordo::text
