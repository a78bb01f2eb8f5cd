#include "ordo/machine/rmc_machine.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/machine/rmc_cell_text.h"
#include "ordo/machine/rmc_core.h"
#include "ordo/machine/rmc_heap.h"

namespace ordo::machine::rmc {
namespace {

using Clock = std::chrono::steady_clock;

// A cell or a stack register that was written, with the value it had before; in a node that is not
// in force, the value it gets when the node comes into force again.
struct Change {
  Word* place;
  Word value;
};

// The changes between two points of a search tree.
struct Node {
  Node* parent = nullptr;
  std::uint32_t depth = 0;
  std::uint32_t users = 0;  // jobs and children
  std::vector<Change> changes;
};

struct Choice {
  const Alternative* next;
  const Alternative* end;
  Word* heap;
  std::size_t trail;
  Word* frame;
  Word* returns;
  std::uint64_t unfoldings;
  std::uint64_t transitions;  // of its branch
};

// A branch that waits: what is left of a choice, or (without alternatives) a place in the code.
struct Job {
  Node* node;
  const Alternative* next;
  const Alternative* end;
  std::uint32_t at;
  Word* frame;
  Word* returns;
  std::uint64_t unfoldings;
  std::uint64_t transitions;  // of its branch
  std::uint64_t number;       // in order of making
};
struct LaterJob {
  bool operator()(const Job& a, const Job& b) const {
    return a.transitions != b.transitions ? a.transitions > b.transitions : a.number > b.number;
  }
};

constexpr std::uint64_t kPoll = 1 << 16;  // transitions between looks at the clock

class Machine final : public Core {
 public:
  Machine(Terms& terms, ProgramId program, const Memory& memory, const RunOptions& options,
          Context& context)
      : terms_(terms),
        options_(options),
        context_(context),
        occurs_check_(options.occurs_check == OccursCheck::on),
        code_(compile(terms, program, memory, options.arithmetic)),
        memory_(memory) {
    if (options_.star == StarMode::set && options_.search == Search::iddfs) {
      options_.search = Search::bfs;
    }
    registers_.resize(code_.registers + 1);
    open_.resize(code_.nesting + 1);
    stacks_.resize(code_.stacks.size());
    stamps_.resize(code_.stacks.size());
    if (options_.timeout > 0) {
      deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(options_.timeout));
    }
    if (options_.search == Search::iddfs) depth_bound_ = 8;
    quantum_end_ = options_.quantum;
    small_heap_ = options_.heap_words + initial_words();
    space_ = Space(small_heap_ + code_.straight_words);
    soft_end_ = space_.base() + small_heap_;
    restart();
  }
  ~Machine() {
    release(node_);
    for (const Job& job : queue_) release(job.node);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  bool next() override {
    if (done_) return false;
    if (counts_.answers >= options_.limits.answers()) {
      const bool more = !choices_.empty() || !queue_.empty() || bounded_;
      if (more && limit_ == Limit::none) limit_ = Limit::answers;
      done_ = true;
      return false;
    }
    if (!search()) {
      done_ = true;
      return false;
    }
    ++counts_.answers;
    return true;
  }

  Answer answer() override;
  Limit limit() const override { return limit_; }
  RunCounts counts() const override {
    RunCounts counts = counts_.run;
    counts.peak_bytes = std::max(counts.peak_bytes, used_bytes());
    return counts;
  }
  std::string plan() const override { return describe_dispatch(terms_, code_); }
  std::string state() const override;

 private:
  struct Counts {
    RunCounts run;
    std::uint64_t answers = 0;
  };

  // heap
  std::size_t initial_words() const;
  void collect();
  std::uint64_t used_bytes() const {
    return static_cast<std::uint64_t>(top_ - space_.base()) * sizeof(Word);
  }
  Word* new_cell() {
    *top_ = word::reference(top_);
    return top_++;
  }
  Word build(TermId term);
  void restart();

  // unification
  static Word deref(Word w) {
    while (word::tag(w) == word::kReference) {
      const Word next = *word::address(w);
      if (next == w) return w;
      w = next;
    }
    return w;
  }
  void bind(Word* cell, Word value) {
    if (cell < trail_below_) trail_.push_back({cell, *cell});
    *cell = value;
  }
  bool occurs(const Word* cell, Word in);
  bool unify(Word left, Word right);
  bool unify_structures(Word left, Word right);
  bool solve(Word goal);

  // search
  bool search();
  bool execute();
  enum class Polled { go_on, moved, ended };
  Polled poll(std::uint32_t at);
  bool resume_after_answer();
  void save_stack(std::uint32_t stack) {
    if (stamps_[stack] == segment_) return;
    stamps_[stack] = segment_;
    trail_.push_back({&stacks_[stack], stacks_[stack]});
  }
  void undo(std::size_t trail) {
    while (trail_.size() > trail) {
      *trail_.back().place = trail_.back().value;
      trail_.pop_back();
    }
  }
  KeyTable::Range fitting(const Dispatch& dispatch) const;
  bool seen_before(std::uint32_t at);
  void cut(std::uint32_t at);
  Node* extend(Node* parent, std::size_t begin, std::size_t end);
  void enqueue(Job job);
  bool take_job();
  bool next_job() { return take_job() && (choices_.empty() || backtrack()); }
  std::uint64_t held_bytes() const;
  void move_to(Node* target);
  void release(Node* node);
  bool is_stack(const Word* place) const {
    return place >= stacks_.data() && place < stacks_.data() + stacks_.size();
  }
  bool backtrack();
  bool enter(const Alternative& alternative);

  Terms& terms_;
  RunOptions options_;
  Context& context_;
  bool occurs_check_;
  CompiledProgram code_;
  Memory memory_;

  Space space_, spare_;
  std::size_t small_heap_ = 0;  // words below which there is no collection
  Word* top_ = nullptr;
  Word* soft_end_ = nullptr;     // above it a safe point collects
  Word* trail_below_ = nullptr;  // bindings of cells below it are trailed
  Word* base_heap_ = nullptr;    // that for a job without choices

  std::vector<Word> stacks_;  // addresses of pairs
  std::vector<std::uint64_t> stamps_;
  std::uint64_t segment_ = 1;  // changes with every choice point made or resumed
  std::vector<Change> trail_;
  std::vector<Choice> choices_;
  std::vector<Word> registers_;
  struct Open {
    Word* at;
    Word* binding;  // the cell that the structure under construction is bound to; null: matching
    bool building;
  };
  std::vector<Open> open_;
  Word* root_frame_ = nullptr;
  Word* frame_ = nullptr;
  Word* returns_ = nullptr;
  std::uint32_t at_ = 0;
  std::uint64_t unfoldings_ = 0;

  Node* node_ = nullptr;
  std::uint64_t node_bytes_ = 0;
  std::deque<Job> queue_;
  std::uint64_t jobs_made_ = 0;
  std::uint64_t quantum_end_ = 0;
  std::uint64_t next_poll_ = 0;
  std::uint64_t branch_offset_ = 0;  // transitions of the branch less those of the run

  std::uint64_t depth_bound_ = ~std::uint64_t{0};  // iddfs: of this round
  std::uint64_t reported_bound_ = 0;               // iddfs: answers up to it were given
  bool first_round_ = true;
  bool bounded_ = false;  // iddfs: something was cut in this round

  bool done_ = false;
  bool at_answer_ = false;
  Limit limit_ = Limit::none;
  Counts counts_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::unordered_set<std::string> seen_;
  std::uint64_t seen_bytes_ = 0;
  std::vector<std::pair<Word, Word>> pairs_;  // of unify
  std::vector<Word> todo_;                    // of occurs
};

// ---- heap ----

std::size_t Machine::initial_words() const {
  std::size_t words = 2 + 2 * code_.free_variables.size();
  for (const MemoryEntry& entry : memory_) {
    for (const TermId item : entry.items) {
      words += 2;
      std::vector<TermId> tasks{item};
      while (!tasks.empty()) {
        const TermNode& node = terms_.term(tasks.back());
        const auto args = terms_.args(tasks.back());
        tasks.pop_back();
        if (node.ground) continue;
        words += 1 + args.size();
        tasks.insert(tasks.end(), args.begin(), args.end());
      }
    }
  }
  return words;
}

// Fills the heap with the root frame and the initial stacks, for the first or a further round.
void Machine::restart() {
  top_ = space_.base();
  trail_below_ = base_heap_ = top_;
  trail_.clear();
  choices_.clear();
  ++segment_;
  at_ = 0;
  unfoldings_ = 0;
  returns_ = nullptr;
  const auto count = static_cast<std::uint32_t>(code_.free_variables.size());
  root_frame_ = frame_ = top_;
  top_ += 2 + count;
  root_frame_[0] = word::header(0, count);
  root_frame_[1] = 0;
  for (std::uint32_t i = 0; i < count; ++i) root_frame_[2 + i] = word::reference(new_cell());
  std::fill(stacks_.begin(), stacks_.end(), 0);
  for (const MemoryEntry& entry : memory_) {
    Word& stack = stacks_[code_.stack_number(entry.location)];
    for (const TermId item : entry.items) {
      const Word value = build(item);
      top_[0] = value;
      top_[1] = stack;
      stack = reinterpret_cast<Word>(top_);
      top_ += 2;
    }
  }
}

// A term of the initial memory.
Word Machine::build(TermId root) {
  std::vector<std::pair<TermId, Word*>> tasks;
  Word result = 0;
  tasks.emplace_back(root, &result);
  while (!tasks.empty()) {
    const auto [id, place] = tasks.back();
    tasks.pop_back();
    const TermNode& node = terms_.term(id);
    if (node.is_variable) {
      const auto& all = code_.free_variables;
      const auto index = std::find(all.begin(), all.end(), node.label) - all.begin();
      *place = root_frame_[2 + index];
    } else if (node.ground) {
      *place = ground_word(terms_, code_, id);
    } else {
      Word* const header = top_;
      top_ += 1 + node.arity;
      *header = word::header(node.label, node.arity);
      *place = word::structure(header);
      for (std::uint32_t i = 0; i < node.arity; ++i) {
        tasks.emplace_back(terms_.args(id)[i], header + 1 + i);
      }
    }
  }
  return result;
}

void Machine::collect() {
  const auto used = static_cast<std::size_t>(top_ - space_.base());
  counts_.run.peak_bytes = std::max(counts_.run.peak_bytes, used_bytes());
  ++counts_.run.collections;
  const std::size_t needed = std::max(small_heap_, 4 * used) + 2 * code_.straight_words;
  if (spare_.words() < needed) spare_ = Space(needed);
  // Where no branch waits nothing is ever undone, and what undoing needs would be kept for nothing:
  // an old stack holds all that its goals have computed since.
  if (choices_.empty() && queue_.empty()) {
    trail_.clear();
    release(node_);
    node_ = nullptr;
    ++segment_;
  }
  Collector gc(space_, spare_.base());
  const auto pair = [&](Word& p) {
    p = reinterpret_cast<Word>(gc.pair(reinterpret_cast<Word*>(p)));
  };
  for (Word& stack : stacks_) pair(stack);
  root_frame_ = gc.frame(root_frame_);
  frame_ = gc.frame(frame_);
  returns_ = gc.return_point(returns_);
  for (Choice& choice : choices_) {
    choice.frame = gc.frame(choice.frame);
    choice.returns = gc.return_point(choice.returns);
  }
  std::vector<std::vector<Change>*> lists{&trail_};
  std::unordered_set<Node*> nodes;
  const auto add_nodes = [&](Node* node) {
    for (; node != nullptr && nodes.insert(node).second; node = node->parent) {
      lists.push_back(&node->changes);
    }
  };
  add_nodes(node_);
  for (Job& job : queue_) {
    job.frame = gc.frame(job.frame);
    job.returns = gc.return_point(job.returns);
    add_nodes(job.node);
  }
  for (std::vector<Change>* list : lists) {
    for (Change& change : *list) {
      if (is_stack(change.place)) {
        pair(change.value);
      } else if (change.value != word::reference(change.place)) {
        change.value = gc.value(change.value);
      }
    }
  }
  gc.finish();
  // Changes of cells that nothing refers to are forgotten.
  std::vector<std::size_t> kept_before(trail_.size() + 1);
  for (std::vector<Change>* list : lists) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (list == &trail_) kept_before[i] = kept;
      Change change = (*list)[i];
      if (!is_stack(change.place)) {
        Word* const cell = gc.moved_cell(change.place);
        if (cell == nullptr) continue;
        if (change.value == word::reference(change.place)) change.value = word::reference(cell);
        change.place = cell;
      }
      (*list)[kept++] = change;
    }
    if (list == &trail_) kept_before[list->size()] = kept;
    list->resize(kept);
  }
  top_ = gc.top();
  for (Choice& choice : choices_) {
    choice.trail = kept_before[choice.trail];
    choice.heap = top_;
  }
  base_heap_ = top_;
  trail_below_ = top_;
  std::swap(space_, spare_);
  const auto live = static_cast<std::size_t>(top_ - space_.base());
  soft_end_ = space_.base() + std::max(small_heap_, 3 * live);
  soft_end_ = std::min({soft_end_, space_.base() + space_.words() - code_.straight_words,
                        top_ + options_.limits.memory_bytes() / sizeof(Word)});
  if (spare_.words() > 8 * (live + small_heap_)) spare_ = Space();
}

// ---- unification ----

bool Machine::occurs(const Word* cell, Word in) {
  todo_.clear();
  while (true) {
    if (word::tag(in) == word::kReference) {
      const Word* const at = word::address(in);
      if (at == cell) return true;
      if (*at != in) {
        in = *at;
        continue;
      }
    } else if (word::tag(in) == word::kStructure) {
      const Word* const header = word::address(in);
      const std::uint32_t arity = word::arity(*header);
      for (std::uint32_t i = 1; i < arity; ++i) {
        if (word::tag(header[i]) != word::kConstant) todo_.push_back(header[i]);
      }
      in = header[arity];
      continue;
    }
    if (todo_.empty()) return false;
    in = todo_.back();
    todo_.pop_back();
  }
}

bool Machine::unify(Word left, Word right) {
  left = deref(left);
  right = deref(right);
  if (left == right) return true;
  const bool left_free = word::tag(left) == word::kReference;
  const bool right_free = word::tag(right) == word::kReference;
  if (left_free || right_free) {
    if (!left_free || (right_free && left < right)) std::swap(left, right);
    if (occurs_check_ && word::tag(right) == word::kStructure &&
        occurs(word::address(left), right)) {
      return false;
    }
    bind(word::address(left), right);
    return true;
  }
  if (word::tag(left) != word::kStructure || word::tag(right) != word::kStructure) return false;
  return unify_structures(left, right);
}

bool Machine::unify_structures(Word left, Word right) {
  pairs_.assign(1, {left, right});
  while (!pairs_.empty()) {
    const Word* const a = word::address(pairs_.back().first);
    const Word* const b = word::address(pairs_.back().second);
    pairs_.pop_back();
    if (*a != *b) return false;
    const std::uint32_t arity = word::arity(*a);
    for (std::uint32_t i = arity; i > 0; --i) {
      const Word x = deref(a[i]), y = deref(b[i]);
      if (x == y) continue;
      if (word::tag(x) == word::kStructure && word::tag(y) == word::kStructure) {
        pairs_.emplace_back(x, y);
      } else if (!unify(x, y)) {
        return false;
      }
    }
  }
  return true;
}

// Arithmetic.
bool Machine::solve(Word goal) {
  goal = deref(goal);
  std::string functor = "_";
  std::vector<ArithmeticArgument> arguments;
  const Word* args = nullptr;
  if (word::tag(goal) == word::kConstant) functor = terms_.text(word::symbol(goal));
  if (word::tag(goal) == word::kStructure) {
    args = word::address(goal) + 1;
    functor = terms_.text(word::functor(args[-1]));
    for (std::uint32_t i = 0; i < word::arity(args[-1]); ++i) {
      const Word value = deref(args[i]);
      const bool structure = word::tag(value) == word::kStructure;
      if (word::tag(value) == word::kReference) {
        arguments.emplace_back();
      } else {
        arguments.push_back(structure ? terms_.text(word::functor(*word::address(value))) + "(...)"
                                      : terms_.text(word::symbol(value)));
      }
    }
  }
  const auto values = solve_arithmetic(functor, arguments);
  if (!values) return false;
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (!unify(args[i], word::constant(terms_.intern((*values)[i])))) return false;
  }
  return true;
}

// ---- search ----

KeyTable::Range Machine::fitting(const Dispatch& dispatch) const {
  if (!dispatch.indexed) return dispatch.all;
  const Word stack = stacks_[dispatch.stack];
  if (stack == 0) return dispatch.empty;
  const Word item = deref(*reinterpret_cast<const Word*>(stack));
  if (word::tag(item) == word::kReference) return dispatch.table.unbound;
  const bool structure = word::tag(item) == word::kStructure;
  const Word* const header = word::address(item);
  const KeyTable::Entry* const entry = dispatch.table.find(structure ? *header : item);
  if (entry == nullptr) return dispatch.table.other;
  if (entry->inner < 0) return entry->range;
  const KeyTable& inner = dispatch.inner[static_cast<std::size_t>(entry->inner)];
  const Word argument = deref(header[1 + inner.argument]);
  if (word::tag(argument) == word::kReference) return inner.unbound;
  const KeyTable::Entry* const found =
      inner.find(word::tag(argument) == word::kStructure ? *word::address(argument) : argument);
  return found == nullptr ? inner.other : found->range;
}

// The state as a text: equal for equal states up to the names of variables.
bool Machine::seen_before(std::uint32_t at) {
  std::string key;
  std::unordered_map<Word, std::uint32_t> numbers;
  std::vector<Word> todo;
  const auto put = [&](std::uint64_t value) {
    key.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const auto add = [&](Word value) {
    todo.assign(1, value);
    while (!todo.empty()) {
      const Word w = deref(todo.back());
      todo.pop_back();
      if (word::tag(w) == word::kReference) {
        put(Word{numbers.try_emplace(w, numbers.size()).first->second} << 3);
      } else if (word::tag(w) == word::kConstant) {
        put(w);
      } else {
        const Word* const header = word::address(w);
        put(*header);
        for (std::uint32_t i = word::arity(*header); i > 0; --i) todo.push_back(header[i]);
      }
    }
  };
  const auto add_frames = [&](const Word* frame) {
    for (; frame != nullptr; frame = reinterpret_cast<const Word*>(frame[1])) {
      put(frame[0]);
      for (std::uint32_t i = 0; i < word::arity(frame[0]); ++i) add(frame[2 + i]);
    }
    put(~std::uint64_t{0});
  };
  put(at);
  add_frames(root_frame_);
  add_frames(frame_);
  for (const Word* r = returns_; r != nullptr; r = reinterpret_cast<const Word*>(r[2])) {
    put(r[0]);
    add_frames(reinterpret_cast<const Word*>(r[1]));
  }
  for (Word stack : stacks_) {
    for (; stack != 0; stack = reinterpret_cast<const Word*>(stack)[1]) {
      add(*reinterpret_cast<const Word*>(stack));
    }
    put(~std::uint64_t{0});
  }
  seen_bytes_ += key.size() + 64;
  return !seen_.insert(std::move(key)).second;
}

Node* Machine::extend(Node* parent, std::size_t begin, std::size_t end) {
  if (begin == end && parent != nullptr) return parent;
  Node* const node = new Node;
  node->parent = parent;
  node->depth = parent == nullptr ? 0 : parent->depth + 1;
  if (parent != nullptr) ++parent->users;
  node->changes.assign(trail_.begin() + static_cast<std::ptrdiff_t>(begin),
                       trail_.begin() + static_cast<std::ptrdiff_t>(end));
  node_bytes_ += sizeof(Node) + node->changes.size() * sizeof(Change);
  return node;
}

void Machine::release(Node* node) {
  while (node != nullptr && --node->users == 0) {
    Node* const parent = node->parent;
    node_bytes_ -= sizeof(Node) + node->changes.size() * sizeof(Change);
    delete node;
    node = parent;
  }
}

void Machine::enqueue(Job job) {
  job.number = jobs_made_++;
  ++job.node->users;
  queue_.push_back(job);
  if (options_.search == Search::bfs) std::push_heap(queue_.begin(), queue_.end(), LaterJob());
}

// Turns every choice point, and the branch that is about to run the code at `at`, into a job.
void Machine::cut(std::uint32_t at) {
  Node* node = node_;
  std::size_t begin = 0;
  Node* const old = node_;
  for (const Choice& choice : choices_) {
    node = extend(node, begin, choice.trail);
    begin = choice.trail;
    enqueue({node, choice.next, choice.end, 0, choice.frame, choice.returns, choice.unfoldings,
             choice.transitions, 0});
  }
  node = extend(node, begin, trail_.size());
  enqueue({node, nullptr, nullptr, at, frame_, returns_, unfoldings_,
           counts_.run.steps + branch_offset_, 0});
  ++node->users;  // as the node in force
  node_ = node;
  release(old);
  trail_.clear();
  choices_.clear();
}

// Makes the changes of `target` and its parents those in force.
void Machine::move_to(Node* target) {
  std::vector<Node*> down;
  Node* up = node_;
  Node* other = target;
  const auto swap_change = [](Change& change) { std::swap(*change.place, change.value); };
  const auto leave = [&](Node* node) {
    for (auto change = node->changes.rbegin(); change != node->changes.rend(); ++change) {
      swap_change(*change);
    }
  };
  while (up != other) {
    const bool deeper = up != nullptr && (other == nullptr || up->depth >= other->depth);
    if (deeper) {
      leave(up);
      up = up->parent;
    } else {
      down.push_back(other);
      other = other->parent;
    }
  }
  for (auto node = down.rbegin(); node != down.rend(); ++node) {
    for (Change& change : (*node)->changes) swap_change(change);
  }
  release(node_);
  node_ = target;  // the job's use of it is now ours
}

// Goes to the next job; false if there is none. A job that is left of a choice becomes the only
// choice point.
bool Machine::take_job() {
  if (queue_.empty()) return false;
  if (options_.search == Search::bfs) std::pop_heap(queue_.begin(), queue_.end(), LaterJob());
  const Job job = options_.search == Search::bfs ? queue_.back() : queue_.front();
  if (options_.search == Search::bfs) {
    queue_.pop_back();
  } else {
    queue_.pop_front();
  }
  move_to(job.node);
  ++segment_;
  base_heap_ = trail_below_ = top_;
  frame_ = job.frame;
  returns_ = job.returns;
  unfoldings_ = job.unfoldings;
  at_ = job.at;
  branch_offset_ = job.transitions - counts_.run.steps;
  if (job.next != nullptr) {
    choices_.push_back(
        {job.next, job.end, top_, 0, frame_, returns_, unfoldings_, job.transitions});
  }
  return true;
}

std::uint64_t Machine::held_bytes() const {
  return used_bytes() + trail_.size() * sizeof(Change) + choices_.size() * sizeof(Choice) +
         queue_.size() * sizeof(Job) + node_bytes_ + seen_bytes_;
}

bool Machine::enter(const Alternative& alternative) {
  at_ = alternative.target;
  if (!alternative.unfolds) return true;
  ++counts_.run.unfoldings;
  ++unfoldings_;
  if (unfoldings_ > depth_bound_) {
    bounded_ = true;
    return false;
  }
  if (options_.max_depth != 0 && unfoldings_ > options_.max_depth) {
    if (limit_ == Limit::none) limit_ = Limit::depth;
    return false;
  }
  return true;
}

// Goes on with the newest choice point, or the next job. False if nothing is left.
bool Machine::backtrack() {
  while (true) {
    if (choices_.empty()) {
      undo(0);
      if (!take_job()) return false;
      if (choices_.empty()) return true;
    }
    Choice& choice = choices_.back();
    undo(choice.trail);
    top_ = choice.heap;
    frame_ = choice.frame;
    returns_ = choice.returns;
    unfoldings_ = choice.unfoldings;
    branch_offset_ = choice.transitions - counts_.run.steps;
    const Alternative alternative = *choice.next++;
    if (choice.next == choice.end) choices_.pop_back();
    trail_below_ = choices_.empty() ? base_heap_ : choices_.back().heap;
    ++segment_;
    if (enter(alternative)) return true;
  }
}

// Looks at limits and the clock at a choice about to be made at `at`.
Machine::Polled Machine::poll(std::uint32_t at) {
  const std::uint64_t steps = counts_.run.steps;
  context_.check_stop();
  if (steps >= options_.limits.steps()) limit_ = Limit::steps;
  if (Clock::now() > deadline_) limit_ = Limit::time;
  if (held_bytes() > options_.limits.memory_bytes()) limit_ = Limit::memory;
  if (limit_ != Limit::none && limit_ != Limit::depth) return Polled::ended;
  next_poll_ = std::min(steps + kPoll, options_.limits.steps());
  if (options_.search != Search::interleave) return Polled::go_on;
  if (steps >= quantum_end_) {
    quantum_end_ = steps + std::max(options_.quantum, steps / 1024);
    if (!choices_.empty() || !queue_.empty()) {
      cut(at);
      if (!next_job()) return Polled::ended;
      return Polled::moved;
    }
  }
  next_poll_ = std::min(next_poll_, quantum_end_);
  return Polled::go_on;
}

// Runs to the next answer. False if there is none or a limit was reached.
bool Machine::search() {
  while (true) {
    if (at_answer_) {
      at_answer_ = false;
      if (backtrack() && execute()) return true;
    } else if (execute()) {
      return true;
    }
    const bool again = options_.search == Search::iddfs && bounded_ &&
                       (limit_ == Limit::none || limit_ == Limit::depth);
    if (!again) return false;
    reported_bound_ = depth_bound_;
    depth_bound_ *= 2;
    first_round_ = bounded_ = false;
    restart();
  }
}

bool Machine::execute() {
  const Instruction* const code = code_.code.data();
  const Instruction* pc = code + at_;
  Word* s = nullptr;        // the cell that the next token reads or writes
  Word* binding = nullptr;  // while building below a variable: its cell
  bool building = false;
  std::size_t open = 0;
  Word assigned = 0;
  std::uint64_t steps = counts_.run.steps;
  const auto found = [&](Word value) {
    return !(binding != nullptr && occurs_check_ && occurs(binding, value));
  };
  const auto outer = [&](const Instruction& i) {
    const Word* frame = frame_;
    for (Word hops = i.w; hops > 0; --hops) frame = reinterpret_cast<const Word*>(frame[1]);
    return frame[2 + i.a];
  };
  while (true) {
    const Instruction& i = *pc++;
    switch (i.code) {
      case Code::push: {
        ++steps;
        save_stack(i.a);
        s = top_;
        top_ += 2;
        s[1] = stacks_[i.a];
        stacks_[i.a] = reinterpret_cast<Word>(s);
        continue;
      }
      case Code::pop: {
        ++steps;
        Word* const pair = reinterpret_cast<Word*>(stacks_[i.a]);
        if (pair == nullptr) break;
        save_stack(i.a);
        stacks_[i.a] = pair[1];
        s = pair;
        building = false;
        binding = nullptr;
        continue;
      }
      case Code::assign:
        ++steps;
        s = &assigned;
        continue;
      case Code::match:
        s = &assigned;
        building = false;
        binding = nullptr;
        continue;
      case Code::solve:
        if (!solve(assigned)) break;
        continue;

      case Code::put_constant:
        *s++ = i.w;
        continue;
      case Code::put_first:
        *s++ = registers_[i.a] = word::reference(new_cell());
        continue;
      case Code::put_value:
        *s++ = registers_[i.a];
        continue;
      case Code::put_outer:
        *s++ = outer(i);
        continue;
      case Code::put_void:
        *s++ = word::reference(new_cell());
        continue;
      case Code::put_structure:
        open_[open++].at = s + 1;
        [[fallthrough]];
      case Code::put_last_structure:
        *s = word::structure(top_);
        *top_ = i.w;
        s = top_ + 1;
        top_ += 1 + word::arity(i.w);
        continue;
      case Code::put_up:
        s = open_[--open].at;
        continue;

      case Code::get_constant: {
        if (building) {
          *s++ = i.w;
          continue;
        }
        const Word value = deref(*s++);
        if (value == i.w) continue;
        if (word::tag(value) != word::kReference) break;
        bind(word::address(value), i.w);
        continue;
      }
      case Code::get_ground:
        if (building) {
          *s++ = i.w;
          continue;
        }
        if (!unify(*s++, i.w)) break;
        continue;
      case Code::get_first:
        if (building) *s = word::reference(new_cell());
        registers_[i.a] = *s++;
        continue;
      case Code::get_value:
      case Code::get_outer: {
        const Word value = i.code == Code::get_value ? registers_[i.a] : outer(i);
        if (building) {
          if (!found(value)) break;
          *s++ = value;
          continue;
        }
        if (!unify(value, *s++)) break;
        continue;
      }
      case Code::get_void:
        if (building) *s = word::reference(new_cell());
        ++s;
        continue;
      case Code::get_structure:
        open_[open++] = {s + 1, binding, building};
        [[fallthrough]];
      case Code::get_last_structure: {
        if (!building) {
          const Word value = deref(*s);
          if (word::tag(value) == word::kStructure) {
            Word* const header = word::address(value);
            if (*header != i.w) break;
            s = header + 1;
            continue;
          }
          if (word::tag(value) != word::kReference) break;
          building = true;
          binding = word::address(value);
          bind(binding, word::structure(top_));
        } else {
          *s = word::structure(top_);
        }
        *top_ = i.w;
        s = top_ + 1;
        top_ += 1 + word::arity(i.w);
        continue;
      }
      case Code::get_up: {
        const Open& up = open_[--open];
        s = up.at;
        binding = up.binding;
        building = up.building;
        continue;
      }

      case Code::choose: {
        ++steps;
        counts_.run.steps = steps;
        const auto here = static_cast<std::uint32_t>(&i - code);
        if (steps >= next_poll_) {
          const Polled polled = poll(here);
          if (polled == Polled::ended) return false;
          if (polled == Polled::moved) {
            pc = code + at_;
            continue;
          }
        }
        if (top_ >= soft_end_) {
          collect();
          if (held_bytes() > options_.limits.memory_bytes()) {
            limit_ = Limit::memory;
            return false;
          }
        }
        const Dispatch& dispatch = code_.dispatches[i.a];
        if (dispatch.star && options_.star == StarMode::set && seen_before(here)) break;
        const KeyTable::Range range = fitting(dispatch);
        if (range.begin == range.end) break;
        const Alternative* const first = dispatch.lists.data() + range.begin;
        if (range.end - range.begin > 1) {
          choices_.push_back({first + 1, dispatch.lists.data() + range.end, top_, trail_.size(),
                              frame_, returns_, unfoldings_, steps + branch_offset_});
          trail_below_ = top_;
          ++segment_;
        }
        if (!enter(*first)) break;
        if (options_.search == Search::bfs && (!choices_.empty() || !queue_.empty())) {
          cut(at_);
          if (!next_job()) return false;
        }
        pc = code + at_;
        continue;
      }
      case Code::jump:
        pc = code + i.a;
        continue;
      case Code::frame: {
        Word* const frame = top_;
        top_ += 2 + i.a;
        frame[0] = word::header(0, i.a);
        frame[1] = reinterpret_cast<Word>(frame_);
        for (std::uint32_t k = 0; k < i.a; ++k) frame[2 + k] = word::reference(new_cell());
        frame_ = frame;
        continue;
      }
      case Code::unframe:
        frame_ = reinterpret_cast<Word*>(frame_[1]);
        continue;
      case Code::call: {
        ++steps;
        if (top_ >= soft_end_) collect();
        Word* const point = top_;
        top_ += 3;
        point[0] = static_cast<Word>(pc - code) << 3 | word::kHeader;
        point[1] = reinterpret_cast<Word>(frame_);
        point[2] = reinterpret_cast<Word>(returns_);
        returns_ = point;
        frame_ = nullptr;
        pc = code + i.a;
        continue;
      }
      case Code::leave:
        pc = code + (returns_[0] >> 3);
        frame_ = reinterpret_cast<Word*>(returns_[1]);
        returns_ = reinterpret_cast<Word*>(returns_[2]);
        continue;
      case Code::stop:
        counts_.run.steps = steps;
        if (options_.search == Search::iddfs && !first_round_ && unfoldings_ <= reported_bound_) {
          break;
        }
        at_answer_ = true;
        return true;
      case Code::fail:
        break;
    }
    // What was tried fails.
    counts_.run.steps = steps;
    open = 0;
    if (!backtrack()) return false;
    pc = code + at_;
  }
}

// ---- answers ----

std::string Machine::state() const {
  std::string shown;
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    if (stacks_[i] == 0) continue;
    const Symbol location = code_.stacks[i];
    shown += fmt::format("{}{}: {}", shown.empty() ? "" : "; ",
                         location == kMain ? "main" : terms_.text(location),
                         stack_text(terms_, stacks_[i], 60));
    if (shown.size() > 400) break;
  }
  const std::size_t waiting = choices_.size() + queue_.size();
  return fmt::format("{} ({} unfoldings of stars on this branch, {} other branch{})",
                     shown.empty() ? "all stacks are empty" : shown, unfoldings_, waiting,
                     waiting == 1 ? "" : "es");
}

Answer Machine::answer() {
  Answer answer;
  std::unordered_map<Word, VarId> variables;  // by the cell that stands for them
  for (std::size_t i = 0; i < code_.free_variables.size(); ++i) {
    const Word value = deref(root_frame_[2 + i]);
    if (word::tag(value) == word::kReference) {
      variables.try_emplace(value, code_.free_variables[i]);
    }
  }
  struct Task {
    Word value;
    bool ready;
  };
  std::vector<Task> tasks;
  std::vector<TermId> values;
  std::unordered_map<Word, TermId> constants;
  const auto term = [&](Word root) {
    tasks.assign(1, {root, false});
    values.clear();
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      const Word value = deref(task.value);
      if (word::tag(value) == word::kReference) {
        const auto [place, fresh] = variables.try_emplace(value, 0);
        if (fresh) place->second = terms_.fresh_variable("_G");
        values.push_back(terms_.var(place->second));
      } else if (word::tag(value) == word::kConstant) {
        const auto [place, fresh] = constants.try_emplace(value, 0);
        if (fresh) place->second = terms_.constant(word::symbol(value));
        values.push_back(place->second);
      } else {
        const Word* const header = word::address(value);
        const std::uint32_t arity = word::arity(*header);
        if (task.ready) {
          const std::vector<TermId> args(values.end() - arity, values.end());
          values.resize(values.size() - arity);
          values.push_back(terms_.app(word::functor(*header), args));
        } else {
          tasks.push_back({value, true});
          for (std::uint32_t i = arity; i > 0; --i) tasks.push_back({header[i], false});
        }
      }
    }
    return values.back();
  };
  for (std::size_t i = 0; i < code_.free_variables.size(); ++i) {
    answer.bindings.emplace_back(code_.free_variables[i], term(root_frame_[2 + i]));
  }
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    if (stacks_[i] == 0) continue;
    MemoryEntry entry{code_.stacks[i], {}};
    for (Word stack = stacks_[i]; stack != 0; stack = reinterpret_cast<const Word*>(stack)[1]) {
      entry.items.push_back(term(*reinterpret_cast<const Word*>(stack)));
    }
    std::reverse(entry.items.begin(), entry.items.end());
    answer.memory.push_back(std::move(entry));
  }
  std::sort(answer.memory.begin(), answer.memory.end(),
            [&](const MemoryEntry& a, const MemoryEntry& b) {
              return terms_.text(a.location) < terms_.text(b.location);
            });
  return answer;
}

}  // namespace

std::unique_ptr<Core> general_core(CoreInput input) {
  return std::make_unique<Machine>(input.terms, input.program, input.memory, input.options,
                                   input.context);
}

}  // namespace ordo::machine::rmc
