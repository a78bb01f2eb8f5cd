// Which branch runs. Depth first, that is the newest choice point's next alternative. The fair
// searches cut choice points into jobs: rmc_machine.h says how.
#include <algorithm>

#include "ordo/machine/rmc_general.h"

namespace ordo::machine::rmc {
namespace {

constexpr std::uint64_t kPoll = 1 << 16;  // transitions between looks at the clock

}  // namespace

// The state as a text: equal for equal states up to the names of variables.
bool GeneralMachine::seen_before(std::uint32_t at) {
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

GeneralMachine::Node* GeneralMachine::extend(Node* parent, std::size_t begin, std::size_t end) {
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

void GeneralMachine::release(Node* node) {
  while (node != nullptr && --node->users == 0) {
    Node* const parent = node->parent;
    node_bytes_ -= sizeof(Node) + node->changes.size() * sizeof(Change);
    delete node;
    node = parent;
  }
}

void GeneralMachine::enqueue(Job job) {
  job.number = jobs_made_++;
  ++job.node->users;
  queue_.push_back(job);
  if (options_.search == Search::bfs) std::push_heap(queue_.begin(), queue_.end(), LaterJob());
}

// Turns every choice point, and the branch that is about to run the code at `at`, into a job.
void GeneralMachine::cut(std::uint32_t at) {
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
void GeneralMachine::move_to(Node* target) {
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
bool GeneralMachine::take_job() {
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

std::uint64_t GeneralMachine::held_bytes() const {
  return used_bytes() + trail_.size() * sizeof(Change) + choices_.size() * sizeof(Choice) +
         queue_.size() * sizeof(Job) + node_bytes_ + seen_bytes_;
}

bool GeneralMachine::too_deep() {
  if (options_.max_depth == 0 || unfoldings_ <= options_.max_depth) {
    bounded_ = true;
  } else if (limit_ == Limit::none) {
    limit_ = Limit::depth;
  }
  return false;
}

// Goes on with the newest choice point, or the next job. False if nothing is left.
bool GeneralMachine::backtrack() {
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
GeneralMachine::Polled GeneralMachine::poll(std::uint32_t at) {
  const std::uint64_t steps = counts_.run.steps;
  if (const Limit reached = watch_.look(steps, held_bytes()); reached != Limit::none) {
    limit_ = reached;
    return Polled::ended;
  }
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
bool GeneralMachine::search() {
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
    set_depth_bound(2 * depth_bound_);
    first_round_ = bounded_ = false;
    restart();
  }
}

}  // namespace ordo::machine::rmc
