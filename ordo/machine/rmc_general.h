// The general machine: runs every program. Its parts:
//
//   rmc_general.cpp   what it is made of, unification, answers
//   rmc_execute.cpp   the loop over instructions
//   rmc_search.cpp    choice points, and jobs for the fair searches
//   rmc_collect.cpp   garbage
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

#include "ordo/machine/rmc_core.h"
#include "ordo/machine/rmc_heap.h"

namespace ordo::machine::rmc {

class GeneralMachine final : public Core {
 public:
  GeneralMachine(Terms& terms, ProgramId program, const Memory& memory, const RunOptions& options,
                 Context& context);
  ~GeneralMachine() override;
  GeneralMachine(const GeneralMachine&) = delete;
  GeneralMachine& operator=(const GeneralMachine&) = delete;

  bool next() override;
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
  // A cell or a stack register that was written, with the value it had before; in a node that is
  // not in force, the value it gets when the node comes into force again.
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

  // A structure that waits while the ones within it are built or matched.
  struct Open {
    Word* at;
    Word* binding;  // the cell that the structure under construction is bound to; null: matching
    bool building;
  };

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
  bool unify(Word left, Word right) {
    left = deref(left);
    right = deref(right);
    return left == right || unify_values(left, right);
  }
  bool unify_values(Word left, Word right);
  bool unify_structures(Word left, Word right);
  bool solve(Word goal);

  // search
  bool search();
  bool execute();
  enum class Polled { go_on, moved, ended };
  Polled poll(std::uint32_t at);
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
  static KeyTable::Range fitting(const KeyTable& table, Word value);
  KeyTable::Range fitting(const Goal& goal, const Dispatch& dispatch) const;
  Word* push_goal(const Goal& goal, Word* top);
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
  void add_choice(const Alternative* next, const Alternative* end, Word* top, std::uint64_t steps) {
    choices_.push_back(
        {next, end, top, trail_.size(), frame_, returns_, unfoldings_, steps + branch_offset_});
    trail_below_ = top;
    ++segment_;
  }
  bool backtrack();
  // Goes to an alternative; false where that would unfold too often.
  bool enter(const Alternative& alternative) {
    at_ = alternative.target;
    if (!alternative.unfolds) return true;
    ++counts_.run.unfoldings;
    return ++unfoldings_ <= most_unfoldings_ || too_deep();
  }
  bool too_deep();
  void set_depth_bound(std::uint64_t bound) {
    depth_bound_ = bound;
    most_unfoldings_ = options_.max_depth == 0 ? bound : std::min(bound, options_.max_depth);
  }

  Terms& terms_;
  RunOptions options_;
  Watch watch_;
  bool occurs_check_;
  bool direct_;  // goals may go straight to their alternative
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
  std::vector<Word> goal_;  // the arguments of a goal on its way from push to pop
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

  std::uint64_t depth_bound_ = 0;      // on unfoldings of a branch; iddfs: of this round
  std::uint64_t most_unfoldings_ = 0;  // that, and what the run was asked for
  std::uint64_t reported_bound_ = 0;   // iddfs: answers up to it were given
  bool first_round_ = true;
  bool bounded_ = false;  // iddfs: something was cut in this round

  bool done_ = false;
  bool at_answer_ = false;
  Limit limit_ = Limit::none;
  Counts counts_;
  std::unordered_set<std::string> seen_;
  std::uint64_t seen_bytes_ = 0;
  std::vector<std::pair<Word, Word>> pairs_;  // of unify
  std::vector<Word> todo_;                    // of occurs
};

}  // namespace ordo::machine::rmc
