#include "ordo/machine/rmc_words.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/machine/rmc_core.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::size_t kMaxPositions = 4'096;
constexpr std::size_t kMaxEdges = 1'000'000;
constexpr std::size_t kMaxVisits = 100'000;  // nodes of the program as a tree

using Weighted = std::vector<WordAutomaton::Edge>;

// Positions where a piece of the program may begin and end, and the runs that do nothing.
struct Piece {
  Weighted first, last;
  std::uint64_t nothing = 0;
};

class Builder {
 public:
  explicit Builder(const Terms& terms) : terms_(terms) {
    automaton_.letters.push_back(0);
    automaton_.edges.emplace_back();
  }

  std::optional<WordAutomaton> build(ProgramId root) {
    std::vector<std::pair<ProgramId, bool>> tasks{{root, false}};
    std::size_t visits = 0;
    while (!tasks.empty()) {
      const auto [id, ready] = tasks.back();
      tasks.pop_back();
      const ProgramNode& node = terms_.program(id);
      const bool two = node.op == Op::seq || node.op == Op::sum;
      if (!ready && (two || node.op == Op::star)) {
        tasks.emplace_back(id, true);
        if (two) tasks.emplace_back(node.second, false);
        tasks.emplace_back(node.first, false);
      } else if (!combine(node) || ++visits > kMaxVisits) {
        return std::nullopt;
      }
    }
    const Piece whole = pieces_.back();
    if (automaton_.letters.size() == 1) return std::nullopt;
    automaton_.edges[0] = whole.first;
    automaton_.edge_count += whole.first.size();
    automaton_.ends.assign(automaton_.letters.size(), 0);
    automaton_.ends[0] = whole.nothing;
    for (const auto& [position, weight] : whole.last) automaton_.ends[position] = weight;
    return std::move(automaton_);
  }

 private:
  // Takes the pieces of a node's parts off the stack and puts its own there; false if it has none.
  bool combine(const ProgramNode& node) {
    switch (node.op) {
      case Op::skip:
        pieces_.push_back({{}, {}, 1});
        return true;
      case Op::fail:
        pieces_.emplace_back();
        return true;
      case Op::pop:
        return add_letter(node);
      case Op::sum: {
        const Piece right = take();
        Piece& left = pieces_.back();
        return append(left.first, right.first, 1) && append(left.last, right.last, 1) &&
               !__builtin_add_overflow(left.nothing, right.nothing, &left.nothing);
      }
      case Op::seq: {
        const Piece right = take();
        Piece& left = pieces_.back();
        if (!connect(left.last, right.first)) return false;
        Weighted last = right.last;
        if (!append(left.first, right.first, left.nothing) ||
            !append(last, left.last, right.nothing)) {
          return false;
        }
        left.last = std::move(last);
        return !__builtin_mul_overflow(left.nothing, right.nothing, &left.nothing);
      }
      case Op::star: {
        Piece& body = pieces_.back();
        if (body.nothing != 0 || !connect(body.last, body.first)) return false;
        body.nothing = 1;
        return true;
      }
      default:
        return false;
    }
  }
  Piece take() {
    Piece piece = std::move(pieces_.back());
    pieces_.pop_back();
    return piece;
  }
  bool add_letter(const ProgramNode& node) {
    const TermNode& item = terms_.term(node.first);
    const auto position = static_cast<std::uint32_t>(automaton_.letters.size());
    if (item.is_variable || item.arity != 0 || position > kMaxPositions) return false;
    if (position == 1) automaton_.stack = node.label;
    if (node.label != automaton_.stack) return false;
    automaton_.letters.push_back(item.label);
    automaton_.edges.emplace_back();
    pieces_.push_back({{{position, 1}}, {{position, 1}}, 0});
    return true;
  }
  static bool append(Weighted& to, const Weighted& from, std::uint64_t times) {
    if (times == 0) return true;
    for (auto [position, weight] : from) {
      if (__builtin_mul_overflow(weight, times, &weight)) return false;
      to.push_back({position, weight});
    }
    return true;
  }
  bool connect(const Weighted& sources, const Weighted& targets) {
    automaton_.edge_count += sources.size() * targets.size();
    if (automaton_.edge_count > kMaxEdges) return false;
    for (const auto& [position, weight] : sources) {
      if (!append(automaton_.edges[position], targets, weight)) return false;
    }
    return true;
  }

  const Terms& terms_;
  WordAutomaton automaton_;
  std::vector<Piece> pieces_;
};

// Reads the stack letter by letter and keeps the number of runs at each position. After each letter
// the runs that may stop there are answers, with the rest of the stack left over.
class Words final : public Core {
 public:
  Words(const CoreInput& input, WordAutomaton automaton)
      : terms_(input.terms),
        options_(input.options),
        watch_(input.options, input.context),
        automaton_(std::move(automaton)),
        stream_(input.stream) {
    for (const MemoryEntry& entry : input.memory) {
      if (entry.location == automaton_.stack) {
        rest_.insert(rest_.end(), entry.items.begin(), entry.items.end());
      } else if (!entry.items.empty()) {
        others_.push_back(entry);
      }
    }
    counts_at_.assign(automaton_.letters.size(), 0);
    next_counts_ = counts_at_;
    active_.push_back(0);
    counts_at_[0] = 1;
    count_ends();
  }

  bool next() override {
    while (limit_ == Limit::none) {
      if (pending_ > 0) {
        if (answers_ == options_.limits.answers()) {
          limit_ = Limit::answers;
          break;
        }
        --pending_;
        ++answers_;
        return true;
      }
      if (active_.empty() || !step()) break;
    }
    return false;
  }

  Answer answer() override {
    // What is left is wanted, so a stream comes into memory.
    if (stream_.next) {
      std::vector<TermId> top_first;
      while (const auto item = stream_.next()) top_first.push_back(*item);
      rest_.insert(rest_.end(), top_first.rbegin(), top_first.rend());
      stream_.next = nullptr;
    }
    Answer answer{others_, {}};
    if (!rest_.empty()) answer.memory.push_back({automaton_.stack, rest_});
    sort_by_location(terms_, answer.memory);
    return answer;
  }
  Limit limit() const override { return limit_; }
  RunCounts counts() const override {
    return {.steps = steps_, .unfoldings = letters_read_, .peak_bytes = held_bytes()};
  }
  std::string plan() const override {
    const std::string& stack = terms_.text(automaton_.stack);
    return fmt::format("words: an automaton of {} states and {} edges reads {} letter by letter\n",
                       automaton_.letters.size(), automaton_.edge_count,
                       automaton_.stack == kMain ? "main" : stack);
  }

  std::string state() const override {
    return fmt::format("{} letters read, {} positions of the expression possible", letters_read_,
                       active_.size());
  }

 private:
  std::uint64_t held_bytes() const {
    return rest_.capacity() * sizeof(TermId) + automaton_.edge_count * sizeof(WordAutomaton::Edge) +
           automaton_.letters.size() * 64;
  }
  std::optional<TermId> pull() {
    if (stream_.next) {
      if (const auto item = stream_.next()) return item;
      stream_.next = nullptr;
    }
    if (rest_.empty()) return std::nullopt;
    const TermId item = rest_.back();
    rest_.pop_back();
    return item;
  }

  // One letter. False if there is none, or at a limit.
  bool step() {
    if ((letters_read_ & 0xfff) == 0 && !poll()) return false;
    const auto item = pull();
    if (!item) return false;
    ++letters_read_;
    const TermNode& node = terms_.term(*item);
    next_active_.clear();
    if (node.arity == 0) {
      for (const std::uint32_t source : active_) {
        const std::uint64_t runs = counts_at_[source];
        for (const auto& [target, weight] : automaton_.edges[source]) {
          ++steps_;
          if (automaton_.letters[target] != node.label) continue;
          if (next_counts_[target] == 0) next_active_.push_back(target);
          std::uint64_t more = 0;
          if (__builtin_mul_overflow(runs, weight, &more) ||
              __builtin_add_overflow(next_counts_[target], more, &next_counts_[target])) {
            limit_ = Limit::answers;  // more than 2^64 runs
            return false;
          }
        }
      }
    }
    for (const std::uint32_t position : active_) counts_at_[position] = 0;
    std::swap(active_, next_active_);
    std::swap(counts_at_, next_counts_);
    return count_ends();
  }
  bool count_ends() {
    for (const std::uint32_t position : active_) {
      std::uint64_t more = 0;
      if (__builtin_mul_overflow(counts_at_[position], automaton_.ends[position], &more) ||
          __builtin_add_overflow(pending_, more, &pending_)) {
        limit_ = Limit::answers;
        return false;
      }
    }
    return true;
  }
  bool poll() {
    limit_ = watch_.look(steps_, held_bytes());
    return limit_ == Limit::none;
  }

  Terms& terms_;
  RunOptions options_;
  Watch watch_;
  WordAutomaton automaton_;
  StackStream stream_;
  std::vector<TermId> rest_;  // below what the stream gives, top last
  Memory others_;
  std::vector<std::uint32_t> active_, next_active_;
  std::vector<std::uint64_t> counts_at_, next_counts_;
  std::uint64_t pending_ = 0;  // answers at this place of the word
  std::uint64_t answers_ = 0, steps_ = 0, letters_read_ = 0;
  Limit limit_ = Limit::none;
};

}  // namespace

std::optional<WordAutomaton> word_automaton(Terms& terms, ProgramId program) {
  return Builder(terms).build(terms.expand(program));
}

std::unique_ptr<Core> words_core(const CoreInput& input) {
  if (input.options.star == StarMode::set) return nullptr;
  for (const MemoryEntry& entry : input.memory) {
    for (const TermId item : entry.items) {
      if (!input.terms.term(item).ground) return nullptr;
    }
  }
  auto automaton = word_automaton(input.terms, input.program);
  if (!automaton) return nullptr;
  if (input.stream.next && input.stream.location != automaton->stack) return nullptr;
  return std::make_unique<Words>(input, std::move(*automaton));
}

}  // namespace ordo::machine::rmc
