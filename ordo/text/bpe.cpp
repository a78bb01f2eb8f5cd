// Byte-pair encoding (Sennrich et al. 2016): begin with characters (or bytes) and join, again and
// again, the two neighbours whose rule comes first in the list, the leftmost of equals.
//
// Short pieces look for the best rule among all neighbours each time; long ones keep the candidates
// in a heap. Both find the same tokens.
#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/text/byte_alphabet.h"
#include "ordo/text/model.h"
#include "ordo/text/unicode.h"
#include "ordo/text/vocabulary.h"

namespace ordo::text {
namespace {

constexpr std::uint32_t kNone = TokenIndex::kNone;
// Up to here quadratic search is the faster one (measured).
constexpr std::size_t kShort = 96;

struct Rule {
  std::uint32_t rank = kNone, merged = kNone;
};

// The rules by their pair, in open addressing.
class RuleTable {
 public:
  explicit RuleTable(const std::vector<MergeRule>& rules) {
    slots_.resize(std::bit_ceil(rules.size() * 2 + 1));
    shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots_.size()));
    for (std::size_t rank = 0; rank < rules.size(); ++rank) {
      const std::uint64_t key = key_of(rules[rank].left, rules[rank].right);
      std::size_t at = place(key);
      while (slots_[at].rule.rank != kNone && slots_[at].key != key) at = next(at);
      slots_[at] = {key, {static_cast<std::uint32_t>(rank), rules[rank].merged}};
    }
  }

  Rule find(std::uint32_t left, std::uint32_t right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t at = place(key); slots_[at].rule.rank != kNone; at = next(at)) {
      if (slots_[at].key == key) return slots_[at].rule;
    }
    return {};
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    Rule rule;
  };
  static std::uint64_t key_of(std::uint32_t left, std::uint32_t right) {
    return std::uint64_t{left} << 32 | right;
  }
  // Fibonacci hashing; a table of one slot has no bits to take.
  std::size_t place(std::uint64_t key) const {
    return shift_ >= 64 ? 0 : (key * 0x9E3779B97F4A7C15ULL) >> shift_;
  }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }

  std::vector<Slot> slots_;
  unsigned shift_ = 64;
};

// Whether no token has a mark after something else: then nothing is ever joined across such a
// place.
bool no_rule_reaches_over_marks(const ModelSpec& spec) {
  if (spec.ignore_merges || !spec.continuing_prefix.empty() || !spec.end_of_word_suffix.empty()) {
    return false;
  }
  return std::all_of(spec.merges.begin(), spec.merges.end(), [&](const MergeRule& rule) {
    const std::string& token = spec.tokens[rule.merged];
    std::size_t at = 0;
    while (token.compare(at, kSpaceMark.size(), kSpaceMark) == 0) at += kSpaceMark.size();
    return token.find(kSpaceMark, at) == std::string::npos;
  });
}

struct Symbol {
  std::uint32_t id;
  std::uint32_t begin, end;
};

class Bpe : public Model {
 public:
  Bpe(const ModelSpec& spec, PieceForm form);
  void append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const override;
  bool can_cut_at_marks() const override { return can_cut_at_marks_; }

 private:
  void begin_with_bytes(std::string_view piece, std::vector<Symbol>& symbols) const;
  void begin_with_characters(std::string_view piece, std::vector<Symbol>& symbols) const;
  void merge_short(std::vector<Symbol>& symbols) const;
  void merge_long(std::vector<Symbol>& symbols) const;

  const ModelSpec& spec_;
  PieceForm form_;
  RuleTable rules_;
  std::vector<std::string> raw_;  // byte-level: the tokens' bytes
  std::unique_ptr<TokenIndex> index_;
  std::vector<std::uint32_t> bytes_;  // the token of each byte
  bool can_cut_at_marks_ = false;
};

Bpe::Bpe(const ModelSpec& spec, PieceForm form) : spec_(spec), form_(form), rules_(spec.merges) {
  if (form == PieceForm::text) {
    index_ = std::make_unique<TokenIndex>(spec.tokens);
    bytes_ = byte_tokens(spec);
    can_cut_at_marks_ = no_rule_reaches_over_marks(spec) && index_->find(kSpaceMark) != kNone;
    return;
  }
  raw_.reserve(spec.tokens.size());
  for (const std::string& token : spec.tokens) {
    raw_.push_back(from_byte_letters(token).value_or(""));
  }
  index_ = std::make_unique<TokenIndex>(raw_);
  for (int byte = 0; byte < 256; ++byte) {
    const char letter = static_cast<char>(byte);
    bytes_.push_back(index_->find({&letter, 1}));
  }
}

void Bpe::begin_with_bytes(std::string_view piece, std::vector<Symbol>& symbols) const {
  std::uint32_t at = 0;
  for (const char byte : piece) {
    std::uint32_t id = bytes_[static_cast<unsigned char>(byte)];
    if (id == kNone && spec_.unk) id = *spec_.unk;
    if (id != kNone) {
      if (spec_.fuse_unk && spec_.unk && id == *spec_.unk && !symbols.empty() &&
          symbols.back().id == id) {
        symbols.back().end = at + 1;
      } else {
        symbols.push_back({id, at, at + 1});
      }
    }
    ++at;
  }
}

// Collects the symbols of a piece that may hold unknown characters. What is unknown is put down
// late, before the next character that is known (as everybody does, so that those in a row can be
// one).
void Bpe::begin_with_characters(std::string_view piece, std::vector<Symbol>& symbols) const {
  std::optional<Symbol> unknown;
  std::string spelled;
  const bool decorated = !spec_.continuing_prefix.empty() || !spec_.end_of_word_suffix.empty();
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t length = decode_point(piece, at).length;
    const auto begin = static_cast<std::uint32_t>(at),
               end = static_cast<std::uint32_t>(at + length);
    std::string_view character = piece.substr(at, length);
    if (decorated) {
      spelled = at > 0 ? spec_.continuing_prefix : std::string();
      spelled += character;
      if (end == piece.size()) spelled += spec_.end_of_word_suffix;
      character = spelled;
    }
    at = end;
    const std::uint32_t id = index_->find(character);
    if (id != kNone) {
      if (unknown) symbols.push_back(*unknown);
      unknown.reset();
      symbols.push_back({id, begin, end});
      continue;
    }
    const bool falls_back =
        spec_.byte_fallback && std::all_of(character.begin(), character.end(), [&](char byte) {
          return bytes_[static_cast<unsigned char>(byte)] != kNone;
        });
    if (falls_back) {
      std::uint32_t place = begin;
      for (const char byte : character) {
        symbols.push_back({bytes_[static_cast<unsigned char>(byte)], place, place + 1});
        ++place;
      }
    } else if (spec_.unk) {
      if (unknown && spec_.fuse_unk) {
        unknown->end = end;
      } else {
        if (unknown) symbols.push_back(*unknown);
        unknown = Symbol{*spec_.unk, begin, end};
      }
    }
  }
  if (unknown) symbols.push_back(*unknown);
}

void Bpe::merge_short(std::vector<Symbol>& symbols) const {
  Rule rules[kShort];
  std::size_t count = symbols.size();
  for (std::size_t at = 0; at + 1 < count; ++at) {
    rules[at] = rules_.find(symbols[at].id, symbols[at + 1].id);
  }
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t at = 1; at + 1 < count; ++at) {
      if (rules[at].rank < rules[best].rank) best = at;
    }
    if (rules[best].rank == kNone) break;
    symbols[best] = {rules[best].merged, symbols[best].begin, symbols[best + 1].end};
    for (std::size_t at = best + 1; at + 1 < count; ++at) {
      symbols[at] = symbols[at + 1];
      rules[at] = rules[at + 1];
    }
    --count;
    if (best > 0) rules[best - 1] = rules_.find(symbols[best - 1].id, symbols[best].id);
    rules[best] = best + 1 < count ? rules_.find(symbols[best].id, symbols[best + 1].id) : Rule{};
  }
  symbols.resize(count);
}

struct Candidate {
  std::uint32_t rank, at, merged;
  // Of a heap whose top is the greatest: the rule that comes first, then the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

// A list of symbols linked both ways; a candidate is stale when its pair is no longer there.
void Bpe::merge_long(std::vector<Symbol>& symbols) const {
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<std::uint32_t> next(count), previous(count);
  std::vector<Candidate> heap;
  heap.reserve(count);
  const auto propose = [&](std::uint32_t at) {
    const Rule rule = rules_.find(symbols[at].id, symbols[next[at]].id);
    if (rule.rank != kNone) heap.push_back({rule.rank, at, rule.merged});
    return rule.rank != kNone;
  };
  for (std::uint32_t at = 0; at < count; ++at) {
    next[at] = at + 1;
    previous[at] = at - 1;  // of the first: kNone
    if (at + 1 < count) propose(at);
  }
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate top = heap.back();
    heap.pop_back();
    if (symbols[top.at].id == kNone || next[top.at] >= count) continue;
    const std::uint32_t right = next[top.at];
    const Rule rule = rules_.find(symbols[top.at].id, symbols[right].id);
    if (rule.rank != top.rank) continue;
    symbols[top.at] = {rule.merged, symbols[top.at].begin, symbols[right].end};
    symbols[right].id = kNone;
    next[top.at] = next[right];
    if (next[right] < count) {
      previous[next[right]] = top.at;
      if (propose(top.at)) std::push_heap(heap.begin(), heap.end());
    }
    if (previous[top.at] != kNone && propose(previous[top.at])) {
      std::push_heap(heap.begin(), heap.end());
    }
  }
  std::erase_if(symbols, [](const Symbol& symbol) { return symbol.id == kNone; });
}

void Bpe::append_tokens(std::string_view piece, std::vector<ModelToken>& tokens) const {
  if (piece.empty()) return;
  if (spec_.ignore_merges) {
    const std::uint32_t id = index_->find(piece);
    if (id != kNone) {
      tokens.push_back({id, 0, static_cast<std::uint32_t>(piece.size())});
      return;
    }
  }
  thread_local std::vector<Symbol> symbols;
  symbols.clear();
  if (form_ == PieceForm::bytes) {
    begin_with_bytes(piece, symbols);
  } else {
    begin_with_characters(piece, symbols);
  }
  if (symbols.size() <= kShort) {
    merge_short(symbols);
  } else {
    merge_long(symbols);
  }
  for (const Symbol& symbol : symbols) tokens.push_back({symbol.id, symbol.begin, symbol.end});
}

}  // namespace

std::vector<std::uint32_t> byte_tokens(const ModelSpec& spec) {
  const TokenIndex index(spec.tokens);
  std::vector<std::uint32_t> ids;
  for (unsigned byte = 0; byte < 256; ++byte)
    ids.push_back(index.find(fmt::format("<0x{:02X}>", byte)));
  return ids;
}

std::unique_ptr<Model> make_bpe(const ModelSpec& spec, PieceForm form) {
  return std::make_unique<Bpe>(spec, form);
}

}  // namespace ordo::text
