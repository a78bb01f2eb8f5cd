// A collection: what the stacks, frames, choice points, jobs and recorded changes refer to moves to
// the other space.
#include <algorithm>

#include "ordo/machine/rmc_general.h"

namespace ordo::machine::rmc {

void GeneralMachine::collect() {
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

}  // namespace ordo::machine::rmc
