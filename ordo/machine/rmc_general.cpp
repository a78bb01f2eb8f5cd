#include "ordo/machine/rmc_general.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/machine/rmc_cell_text.h"

namespace ordo::machine::rmc {

GeneralMachine::GeneralMachine(Terms& terms, ProgramId program, const Memory& memory,
                               const RunOptions& options, Context& context)
    : terms_(terms),
      options_(options),
      watch_(options, context),
      occurs_check_(options.occurs_check == OccursCheck::on),
      direct_(options.star == StarMode::bag && options.search != Search::bfs),
      code_(compile(terms, program, memory, options.arithmetic)),
      memory_(memory) {
  if (options_.star == StarMode::set && options_.search == Search::iddfs) {
    options_.search = Search::bfs;
  }
  registers_.resize(code_.registers + 1);
  goal_.resize(code_.goal_arity);
  open_.resize(code_.nesting + 1);
  stacks_.resize(code_.stacks.size());
  stamps_.resize(code_.stacks.size());
  set_depth_bound(options_.search == Search::iddfs ? 8 : ~std::uint64_t{0});
  quantum_end_ = options_.quantum;
  small_heap_ = options_.heap_words + initial_words();
  space_ = Space(small_heap_ + code_.straight_words);
  soft_end_ = space_.base() + small_heap_;
  restart();
}

GeneralMachine::~GeneralMachine() {
  release(node_);
  for (const Job& job : queue_) release(job.node);
}

bool GeneralMachine::next() {
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

// ---- the beginning ----

std::size_t GeneralMachine::initial_words() const {
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
void GeneralMachine::restart() {
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
Word GeneralMachine::build(TermId root) {
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

// ---- unification ----

// `cell` may be bound already, to a structure that is still being built.
bool GeneralMachine::occurs(const Word* cell, Word in) {
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
      if (space_.holds(header)) {  // others were built at compile time, and are ground
        const std::uint32_t arity = word::arity(*header);
        if (cell > header && cell <= header + arity) return true;  // one of the arguments
        for (std::uint32_t i = 1; i < arity; ++i) {
          if (word::tag(header[i]) != word::kConstant) todo_.push_back(header[i]);
        }
        in = header[arity];
        continue;
      }
    }
    if (todo_.empty()) return false;
    in = todo_.back();
    todo_.pop_back();
  }
}

// Of two different values.
bool GeneralMachine::unify_values(Word left, Word right) {
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

bool GeneralMachine::unify_structures(Word left, Word right) {
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
bool GeneralMachine::solve(Word goal) {
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

// ---- answers ----

std::string GeneralMachine::state() const {
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

Answer GeneralMachine::answer() {
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
  sort_by_location(terms_, answer.memory);
  return answer;
}

std::unique_ptr<Core> general_core(CoreInput input) {
  return std::make_unique<GeneralMachine>(input.terms, input.program, input.memory, input.options,
                                          input.context);
}

}  // namespace ordo::machine::rmc
