#include "ordo/machine/rmc_vectors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "ordo/machine/rmc_core.h"
#include "ordo/machine/rmc_shape.h"

namespace ordo::machine::rmc {

// ---- the set of markings ----

void MarkingSet::pack(const std::vector<std::uint64_t>& counts, std::uint8_t* to) const {
  static_assert(std::endian::native == std::endian::little);
  for (const std::uint64_t count : counts) {
    std::memcpy(to, &count, width_);
    to += width_;
  }
}

void MarkingSet::get(std::size_t number, std::vector<std::uint64_t>& counts) const {
  counts.assign(places_, 0);
  const std::uint8_t* from = at(number);
  for (std::uint64_t& count : counts) {
    std::memcpy(&count, from, width_);
    from += width_;
  }
}

std::uint64_t MarkingSet::hash(const std::uint8_t* packed) const {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;
  std::uint64_t h = 0;
  std::size_t left = stride();
  for (; left >= 8; left -= 8, packed += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, packed, 8);
    h = std::rotl(h ^ word, 29) * kMultiplier;
  }
  std::uint64_t word = 0;
  std::memcpy(&word, packed, left);
  h = std::rotl(h ^ word, 29) * kMultiplier;
  h = (h ^ h >> 32) * kMultiplier;
  return h ^ h >> 29;
}

std::uint8_t* MarkingSet::grow() {
  if (size_ % kChunk == 0) chunks_.push_back(std::make_unique<std::uint8_t[]>(kChunk * stride()));
  return at(size_);
}

void MarkingSet::rehash(std::size_t slots) {
  slots_.assign(slots, 0);
  for (std::size_t number = 0; number < size_; ++number) {
    std::size_t slot = hash(at(number)) & (slots - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<std::uint32_t>(number + 1);
  }
}

void MarkingSet::widen() {
  MarkingSet wider(places_);
  wider.width_ = 2 * width_;
  std::vector<std::uint64_t> counts;
  for (std::size_t number = 0; number < size_; ++number) {
    get(number, counts);
    wider.pack(counts, wider.grow());
    ++wider.size_;
  }
  const std::size_t slots = slots_.size();
  *this = std::move(wider);
  rehash(slots);
}

bool MarkingSet::insert(const std::vector<std::uint64_t>& counts) {
  const std::uint64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  if (most > std::numeric_limits<std::uint32_t>::max() ||
      size_ + 1 >= std::numeric_limits<std::uint32_t>::max()) {
    throw LimitError("a net of more than 2^32 tokens in a place, or as many markings");
  }
  while (most >> (8 * width_) != 0) widen();
  scratch_.resize(stride());
  pack(counts, scratch_.data());
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash(scratch_.data()) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (std::memcmp(at(slots_[slot] - 1), scratch_.data(), stride()) == 0) return false;
  }
  std::memcpy(grow(), scratch_.data(), stride());
  slots_[slot] = static_cast<std::uint32_t>(++size_);
  if (4 * size_ > 3 * slots_.size()) rehash(2 * slots_.size());
  return true;
}

std::uint64_t MarkingSet::bytes() const {
  return chunks_.size() * kChunk * stride() + slots_.size() * sizeof(std::uint32_t);
}

// ---- the shape ----

namespace {

constexpr std::size_t kMaxNodes = 1'000'000;

bool is_ground_action(const Terms& terms, ProgramId id) {
  const ProgramNode& node = terms.program(id);
  return (node.op == Op::push || node.op == Op::pop) && terms.term(node.first).ground;
}

// Stacks of ground terms on which pushes and pops are run.
class Stacks {
 public:
  explicit Stacks(const Terms& terms) : terms_(terms) {}

  std::vector<TermId>& operator[](Symbol location) { return stacks_[location]; }
  const std::map<Symbol, std::vector<TermId>>& all() const { return stacks_; }
  bool run(ProgramId action) {
    const ProgramNode& node = terms_.program(action);
    std::vector<TermId>& stack = stacks_[node.label];
    if (node.op == Op::push) {
      stack.push_back(node.first);
      return true;
    }
    if (stack.empty() || !terms_.equal_terms(stack.back(), node.first)) return false;
    stack.pop_back();
    return true;
  }

 private:
  const Terms& terms_;
  std::map<Symbol, std::vector<TermId>> stacks_;
};

class NetReader {
 public:
  explicit NetReader(Terms& terms) : terms_(terms) {}

  std::optional<VectorNet> read(ProgramId program, const Memory& memory) {
    if (!fits_as_tree(terms_, program, kMaxNodes)) return std::nullopt;
    Stacks stacks(terms_);
    for (const MemoryEntry& entry : memory) {
      for (const TermId item : entry.items) {
        if (!terms_.term(item).ground) return std::nullopt;
        stacks[entry.location].push_back(item);
      }
    }
    const std::vector<ProgramId> parts = sequence_parts(terms_, program);
    std::size_t at = 0;
    for (; at < parts.size() && is_ground_action(terms_, parts[at]); ++at) {
      if (!net_.fails && !stacks.run(parts[at])) net_.fails = true;
    }
    if (at == parts.size() || terms_.program(parts[at]).op != Op::star) return std::nullopt;
    for (const ProgramId summand : summands(terms_, terms_.program(parts[at]).first)) {
      if (!add_transition(summand)) return std::nullopt;
    }
    for (++at; at < parts.size(); ++at) {
      if (terms_.program(parts[at]).op == Op::skip) continue;
      if (!is_ground_action(terms_, parts[at])) return std::nullopt;
      const ProgramNode& node = terms_.program(parts[at]);
      const auto found = places_.find(node.label);
      const auto place =
          static_cast<std::uint32_t>(found == places_.end() ? net_.places.size() : found->second);
      net_.after.push_back(
          {parts[at], place, node.op == Op::push,
           place < net_.places.size() && terms_.equal_terms(node.first, net_.places[place].token)});
    }
    if (net_.places.empty()) return std::nullopt;
    for (const auto& [location, items] : stacks.all()) split(location, items);
    return std::move(net_);
  }

 private:
  std::optional<std::uint32_t> place_of(const ProgramNode& action) {
    const auto [found, fresh] =
        places_.try_emplace(action.label, static_cast<std::uint32_t>(net_.places.size()));
    if (fresh) {
      net_.places.push_back({action.label, action.first, {}});
      net_.start.push_back(0);
    }
    if (!terms_.equal_terms(net_.places[found->second].token, action.first)) return std::nullopt;
    return found->second;
  }

  bool add_transition(ProgramId summand) {
    struct Balance {
      std::int64_t now = 0, least = 0;
    };
    std::map<std::uint32_t, Balance> balances;
    VectorNet::Transition made;
    for (const ProgramId part : sequence_parts(terms_, summand)) {
      const ProgramNode& node = terms_.program(part);
      if (node.op == Op::skip) continue;
      if (!is_ground_action(terms_, part)) return false;
      const auto place = place_of(node);
      if (!place) return false;
      Balance& balance = balances[*place];
      balance.now += node.op == Op::push ? 1 : -1;
      balance.least = std::min(balance.least, balance.now);
      ++made.actions;
    }
    for (const auto& [place, balance] : balances) {
      made.parts.push_back({place, static_cast<std::uint32_t>(-balance.least), balance.now});
    }
    net_.transitions.push_back(std::move(made));
    return true;
  }

  // Tokens lie on top of what lies below.
  void split(Symbol location, const std::vector<TermId>& items) {
    const auto found = places_.find(location);
    if (found == places_.end()) {
      if (!items.empty()) net_.others.push_back({location, items});
      return;
    }
    VectorNet::Place& place = net_.places[found->second];
    std::size_t below = items.size();
    while (below > 0 && terms_.equal_terms(items[below - 1], place.token)) --below;
    place.below.assign(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(below));
    net_.start[found->second] = items.size() - below;
  }

  Terms& terms_;
  VectorNet net_;
  std::map<Symbol, std::uint32_t> places_;
};

// Visits the markings in the order in which they are reached; each is an answer if what comes after
// the star runs on it.
class Vectors final : public Core {
 public:
  Vectors(const CoreInput& input, VectorNet net)
      : terms_(input.terms),
        options_(input.options),
        watch_(input.options, input.context),
        net_(std::move(net)),
        markings_(net_.places.size()) {
    if (!net_.fails) markings_.insert(net_.start);
  }

  bool next() override {
    while (limit_ == Limit::none && visited_ < markings_.size()) {
      if (answers_ == options_.limits.answers()) {
        limit_ = Limit::answers;
        return false;
      }
      if (visited_ % 1024 == 0 && !poll()) return false;
      markings_.get(visited_, marking_);
      ++visited_;
      fire_all();
      if (!ends_here()) continue;
      ++answers_;
      return true;
    }
    return false;
  }

  Answer answer() override {
    Stacks stacks(terms_);
    for (std::size_t i = 0; i < net_.places.size(); ++i) {
      const VectorNet::Place& place = net_.places[i];
      std::vector<TermId>& stack = stacks[place.location];
      stack = place.below;
      stack.insert(stack.end(), marking_[i], place.token);
    }
    for (const MemoryEntry& entry : net_.others) stacks[entry.location] = entry.items;
    for (const VectorNet::Action& action : net_.after) stacks.run(action.program);
    Answer answer;
    for (const auto& [location, items] : stacks.all()) {
      if (!items.empty()) answer.memory.push_back({location, items});
    }
    sort_by_location(terms_, answer.memory);
    return answer;
  }
  Limit limit() const override { return limit_; }
  RunCounts counts() const override {
    return {.steps = steps_, .unfoldings = fired_, .peak_bytes = markings_.bytes()};
  }
  std::string plan() const override {
    return fmt::format("vectors: a net of {} places and {} transitions; each marking once\n",
                       net_.places.size(), net_.transitions.size());
  }

  std::string state() const override {
    std::string shown = fmt::format("{} markings found, {} of them visited, the last with",
                                    markings_.size(), visited_);
    for (std::size_t i = 0; i < marking_.size() && i < 20; ++i) {
      const Symbol location = net_.places[i].location;
      shown +=
          fmt::format(" {}: {}", location == kMain ? "main" : terms_.text(location), marking_[i]);
    }
    return marking_.size() > 20 ? shown + " ..." : shown;
  }

 private:
  void fire_all() {
    for (const VectorNet::Transition& transition : net_.transitions) {
      ++steps_;
      const bool enabled = std::all_of(
          transition.parts.begin(), transition.parts.end(),
          [&](const VectorNet::Transition::Part& p) { return marking_[p.place] >= p.need; });
      if (!enabled) continue;
      ++fired_;
      steps_ += transition.actions;
      successor_ = marking_;
      for (const auto& [place, need, change] : transition.parts) {
        successor_[place] += static_cast<std::uint64_t>(change);
      }
      markings_.insert(successor_);
    }
  }

  // Whether the actions after the star run on the marking. Only how far a stack goes below its
  // tokens needs its items.
  bool ends_here() {
    if (net_.after.empty()) return true;
    left_ = marking_;
    deep_.clear();
    for (const VectorNet::Action& action : net_.after) {
      ++steps_;
      const ProgramNode& node = terms_.program(action.program);
      auto dug = deep_.find(node.label);
      if (dug == deep_.end() && action.place < left_.size()) {
        std::uint64_t& tokens = left_[action.place];
        if (action.push && action.token) {
          ++tokens;
          continue;
        }
        if (!action.push && tokens > 0) {
          if (!action.token) return false;
          --tokens;
          continue;
        }
      }
      if (dug == deep_.end()) dug = dig(node.label, action.place);
      std::vector<TermId>& items = dug->second;
      if (action.push) {
        items.push_back(node.first);
      } else if (items.empty() || !terms_.equal_terms(items.back(), node.first)) {
        return false;
      } else {
        items.pop_back();
      }
    }
    return true;
  }
  using Dug = std::map<Symbol, std::vector<TermId>>;
  Dug::iterator dig(Symbol location, std::size_t place) {
    const auto made = deep_.try_emplace(location).first;
    if (place < left_.size()) {
      made->second = net_.places[place].below;
      made->second.insert(made->second.end(), left_[place], net_.places[place].token);
    } else {
      for (const MemoryEntry& entry : net_.others) {
        if (entry.location == location) made->second = entry.items;
      }
    }
    return made;
  }

  bool poll() {
    limit_ = watch_.look(steps_, markings_.bytes());
    return limit_ == Limit::none;
  }

  Terms& terms_;
  RunOptions options_;
  Watch watch_;
  VectorNet net_;
  MarkingSet markings_;
  std::size_t visited_ = 0;
  std::vector<std::uint64_t> marking_, successor_, left_;
  Dug deep_;  // stacks that the actions after the star dug into
  std::uint64_t answers_ = 0, steps_ = 0, fired_ = 0;
  Limit limit_ = Limit::none;
};

}  // namespace

std::optional<VectorNet> vector_net(Terms& terms, ProgramId program, const Memory& memory) {
  return NetReader(terms).read(terms.expand(program), memory);
}

std::unique_ptr<Core> vectors_core(const CoreInput& input) {
  if (input.options.star != StarMode::set || input.stream.next) return nullptr;
  auto net = vector_net(input.terms, input.program, input.memory);
  if (!net) return nullptr;
  return std::make_unique<Vectors>(input, std::move(*net));
}

}  // namespace ordo::machine::rmc
