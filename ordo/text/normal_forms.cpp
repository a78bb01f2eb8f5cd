// Decompose fully, put marks in the order of their combining classes, compose again where that is
// asked for. Hangul is arithmetic (The Unicode Standard, 3.12).
#include "ordo/text/normal_forms.h"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

namespace ordo::text {
namespace {

#include "ordo/text/normal_forms.inc"

constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTrails = 0x11A7;
constexpr char32_t kVowelCount = 21, kTrailCount = 28, kLeadCount = 19;
constexpr char32_t kSyllableCount = kLeadCount * kVowelCount * kTrailCount;
// Below it nothing is changed by composition, nor composes with what stands before it.
constexpr char32_t kFirstMark = 0x300;

using Points = std::span<const std::uint32_t>;

struct Tables {
  std::unordered_map<char32_t, Points> canonical, compatible;
  std::unordered_map<std::uint64_t, char32_t> composed;  // first << 32 | second
  std::unordered_map<char32_t, std::uint8_t> classes;
  std::vector<bool> moves;  // by code point: NFC may change it or what stands before it

  Tables();
  char32_t compose(char32_t first, char32_t second) const;
  std::uint8_t combining_class(char32_t point) const {
    if (point < kFirstMark) return 0;
    const auto found = classes.find(point);
    return found == classes.end() ? 0 : found->second;
  }
};

Tables::Tables() : moves(0x110000) {
  char32_t point = 0;
  for (std::size_t at = 0; at < std::size(kCombiningClasses); at += 2) {
    point += kCombiningClasses[at];
    classes[point] = static_cast<std::uint8_t>(kCombiningClasses[at + 1]);
    moves[point] = true;
  }
  struct Composite {
    char32_t point;
    Points parts;
  };
  std::vector<Composite> composites;
  for (std::size_t at = 0; at < std::size(kDecompositions);) {
    const char32_t whole = kDecompositions[at];
    const std::uint32_t header = kDecompositions[at + 1];
    const Points parts(kDecompositions + at + 2, header & 0xFF);
    (header >> 8 & 1 ? canonical : compatible)[whole] = parts;
    if (header >> 9 & 1) {
      composites.push_back({whole, parts});
    } else if (header >> 8 & 1) {
      moves[whole] = true;
    }
    at += 2 + parts.size();
  }
  // Decompositions are full, compositions go pair by pair: all but the last part are one composite.
  std::stable_sort(
      composites.begin(), composites.end(),
      [](const Composite& a, const Composite& b) { return a.parts.size() < b.parts.size(); });
  for (const Composite& composite : composites) {
    char32_t first = composite.parts[0];
    for (std::size_t part = 1; part + 1 < composite.parts.size(); ++part) {
      first = compose(first, composite.parts[part]);
    }
    composed[std::uint64_t{first} << 32 | composite.parts.back()] = composite.point;
    moves[composite.parts.back()] = true;
  }
  for (char32_t jamo = kVowels; jamo < kTrails + kTrailCount; ++jamo) moves[jamo] = true;
}

// 0 if the two don't compose.
char32_t Tables::compose(char32_t first, char32_t second) const {
  if (first - kLeads < kLeadCount && second - kVowels < kVowelCount) {
    return kSyllables + ((first - kLeads) * kVowelCount + second - kVowels) * kTrailCount;
  }
  if (first - kSyllables < kSyllableCount && (first - kSyllables) % kTrailCount == 0 &&
      second - kTrails - 1 < kTrailCount - 1) {
    return first + second - kTrails;
  }
  const auto found = composed.find(std::uint64_t{first} << 32 | second);
  return found == composed.end() ? 0 : found->second;
}

const Tables& tables() {
  static const Tables all;
  return all;
}

struct Part {
  char32_t point;
  std::uint8_t combining_class;
  int taken;  ///< characters of the text that it stands for: 0 for all parts of one but the first
};

class Decomposer {
 public:
  explicit Decomposer(bool compatible) : compatible_(compatible) {}

  std::vector<Part> decompose(std::string_view text) {
    parts_.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
      const DecodedPoint point = decode_point(text, at);
      const std::size_t first = parts_.size();
      add(point.value);
      parts_[first].taken = 1;
      at += point.length;
    }
    order();
    return std::move(parts_);
  }

 private:
  void add(char32_t point) {
    if (point < 0x80) {
      parts_.push_back({point, 0, 0});
      return;
    }
    if (point - kSyllables < kSyllableCount) {
      const char32_t index = point - kSyllables;
      const char32_t trail = index % kTrailCount;
      put(kLeads + index / (kVowelCount * kTrailCount));
      put(kVowels + index % (kVowelCount * kTrailCount) / kTrailCount);
      if (trail != 0) put(kTrails + trail);
      return;
    }
    for (const auto* const table : {&tables().compatible, &tables().canonical}) {
      if (table == &tables().compatible && !compatible_) continue;
      const auto found = table->find(point);
      if (found == table->end()) continue;
      for (const std::uint32_t part : found->second) put(part);
      return;
    }
    put(point);
  }

  void put(char32_t point) { parts_.push_back({point, tables().combining_class(point), 0}); }

  void order() {
    for (auto begin = parts_.begin(); begin != parts_.end();) {
      if (begin->combining_class == 0) {
        ++begin;
        continue;
      }
      const auto end = std::find_if(begin, parts_.end(),
                                    [](const Part& part) { return part.combining_class == 0; });
      std::stable_sort(begin, end, [](const Part& a, const Part& b) {
        return a.combining_class < b.combining_class;
      });
      begin = end;
    }
  }

  bool compatible_;
  std::vector<Part> parts_;
};

// A mark joins the last starter if nothing between them has its class or a higher one.
void compose_in_place(std::vector<Part>& parts) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t kept = 0, starter = kNone;
  int last_class = -1;
  for (const Part part : parts) {
    if (starter != kNone && last_class < part.combining_class) {
      const char32_t whole = tables().compose(parts[starter].point, part.point);
      if (whole != 0) {
        parts[starter].point = whole;
        parts[starter].taken += part.taken;
        continue;
      }
    }
    last_class = part.combining_class;
    if (part.combining_class == 0) {
      starter = kept;
      last_class = -1;
    }
    parts[kept++] = part;
  }
  parts.resize(kept);
}

// Marks may have moved; their places are counted out in order: each part takes the characters that
// come next, and one that takes none stands where the last did.
void put_down(Normalized& normalized, const std::vector<Part>& parts) {
  const std::string& text = normalized.text();
  Rewriter rewriter(normalized);
  std::size_t last = 0, next = 0;
  for (const Part& part : parts) {
    if (part.taken > 0) last = next;
    rewriter.add(part.point, last);
    for (int taken = 0; taken < part.taken; ++taken) {
      if (taken > 0) last = next;
      next += decode_point(text, next).length;
    }
  }
  rewriter.finish();
}

bool is_composed(std::string_view text) {
  const Tables& all = tables();
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0xCC) {  // below U+0300
      at += first < 0x80 ? 1 : 2;
      continue;
    }
    const DecodedPoint point = decode_point(text, at);
    if (all.moves[point.value]) return false;
    at += point.length;
  }
  return true;
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

}  // namespace

void to_normal_form(Normalized& normalized, NormalForm form) {
  const std::string& text = normalized.text();
  if (is_ascii(text) || (form == NormalForm::nfc && is_composed(text))) return;
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  std::vector<Part> parts = Decomposer(compatible).decompose(text);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) compose_in_place(parts);
  put_down(normalized, parts);
}

std::string to_normal_form(std::string_view text, NormalForm form) {
  Normalized normalized(text, 0, Track::nothing);
  to_normal_form(normalized, form);
  return normalized.text();
}

}  // namespace ordo::text
