// Variables that `new` makes are looked up in an environment, a list from binder to fresh variable
// that each continuation carries; environments and continuations are lists that branches share,
// held by number in two growing tables.
#include "ordo/machine/rmc_trace.h"

#include <algorithm>
#include <deque>
#include <map>

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

using EnvironmentId = std::uint32_t;
using ContinuationId = std::uint32_t;

struct EnvironmentNode {
  VarId binder;
  TermId variable;
  EnvironmentId next;
};
struct ContinuationNode {
  ProgramId program;
  EnvironmentId environment;
  ContinuationId next;
  std::size_t depth;
};

struct Branch {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::uint64_t unfoldings = 0;
  ProgramId program = 0;
  EnvironmentId environment = 0;
  ContinuationId continuation = 0;
  std::map<Symbol, std::vector<TermId>> memory;
  Bindings bindings;
};

class Machine {
 public:
  Machine(Terms& terms, const RunOptions& options,
          const std::function<void(const TraceEvent&)>& see)
      : terms_(terms), options_(options), see_(see) {
    environments_.push_back({0, 0, 0});
    continuations_.push_back({0, 0, 0, 0});
  }

  TraceResult run(ProgramId program, const Memory& memory, Context& context) {
    Branch first;
    first.program = program;
    free_ = terms_.free_variables(program);
    for (const MemoryEntry& entry : memory) {
      auto& stack = first.memory[entry.location];
      stack.insert(stack.end(), entry.items.begin(), entry.items.end());
      for (const TermId item : entry.items) {
        for (const VarId v : terms_.variables_of(item)) {
          if (std::find(free_.begin(), free_.end(), v) == free_.end()) free_.push_back(v);
        }
      }
    }
    for (const VarId v : free_) free_terms_.push_back(terms_.var(v));
    tell(first, "start");
    branches_.push_back(std::move(first));
    while (!branches_.empty()) {
      context.check_stop();
      if (result_.steps >= options_.limits.steps()) {
        result_.limit = Limit::steps;
        break;
      }
      step();
      if (result_.answers.size() >= options_.limits.answers()) {
        if (!branches_.empty()) result_.limit = Limit::answers;
        break;
      }
    }
    return std::move(result_);
  }

 private:
  Branch take() {
    Branch branch;
    if (options_.search == Search::dfs) {
      branch = std::move(branches_.back());
      branches_.pop_back();
    } else {
      branch = std::move(branches_.front());
      branches_.pop_front();
    }
    return branch;
  }

  void step() {
    Branch branch = take();
    const ProgramNode& node = terms_.program(branch.program);
    if (node.op == Op::skip && branch.continuation == 0) return succeed(branch);
    ++result_.steps;
    switch (node.op) {
      case Op::skip: {
        const ContinuationNode next = continuations_[branch.continuation];
        branch.program = next.program;
        branch.environment = next.environment;
        branch.continuation = next.next;
        return go(std::move(branch), "skip");
      }
      case Op::fail:
        return stop(branch, "fail");
      case Op::seq:
        continue_with(branch, node.second);
        branch.program = node.first;
        return go(std::move(branch), "sequence");
      case Op::sum:
        return choose(std::move(branch), node.first, "choice left", node.second, "choice right");
      case Op::star:
        return choose(std::move(branch), terms_.skip(), "star stops", node.first, "star unfolds");
      case Op::fresh:
        environments_.push_back(
            {node.label, terms_.var(terms_.fresh_variable(terms_.variable_name(node.label))),
             branch.environment});
        branch.environment = static_cast<EnvironmentId>(environments_.size() - 1);
        branch.program = node.first;
        return go(std::move(branch), "new");
      case Op::push:
        if (solves(node.label)) return arithmetic(std::move(branch), node.first);
        branch.memory[node.label].push_back(instance(branch, node.first));
        return acted(std::move(branch), "push", node.label);
      case Op::pop: {
        if (solves(node.label)) return arithmetic(std::move(branch), node.first);
        auto& stack = branch.memory[node.label];
        if (stack.empty()) return stop(branch, "pop from an empty stack");
        const TermId item = stack.back();
        stack.pop_back();
        if (!solve(branch, item, instance(branch, node.first))) return stop(branch, "pop");
        return acted(std::move(branch), "pop", node.label);
      }
      case Op::equate:
        if (!solve(branch, instance(branch, node.first), instance(branch, node.second))) {
          return stop(branch, "unify");
        }
        branch.program = terms_.skip();
        return go(std::move(branch), "unify");
      case Op::call:
        branch.program = terms_.expand(branch.program);
        return go(std::move(branch), "unfold");
    }
  }

  bool solves(Symbol location) const {
    return options_.arithmetic == Arithmetic::on && terms_.text(location) == kArithmeticStack;
  }
  void arithmetic(Branch branch, TermId goal) {
    goal = resolve(terms_, branch.bindings, instance(branch, goal));
    const TermNode node = terms_.term(goal);
    const std::vector<TermId> args(terms_.args(goal).begin(), terms_.args(goal).end());
    std::vector<ArithmeticArgument> arguments;
    for (const TermId arg : args) {
      const TermNode& value = terms_.term(arg);
      if (value.is_variable) {
        arguments.emplace_back();
      } else {
        arguments.push_back(terms_.text(value.label) + (value.arity == 0 ? "" : "(...)"));
      }
    }
    const auto values =
        solve_arithmetic(node.is_variable ? "_" : terms_.text(node.label), arguments);
    made_.clear();
    for (std::size_t i = 0; values && i < values->size(); ++i) {
      unify(terms_, branch.bindings, args[i], terms_.integer((*values)[i]), made_);
    }
    if (!values) return stop(branch, "arithmetic");
    branch.program = terms_.skip();
    go(std::move(branch), "arithmetic");
  }

  void continue_with(Branch& branch, ProgramId program) {
    continuations_.push_back({program, branch.environment, branch.continuation,
                              continuations_[branch.continuation].depth + 1});
    branch.continuation = static_cast<ContinuationId>(continuations_.size() - 1);
  }

  // The left branch keeps its number; the right one gets a new one.
  void choose(Branch branch, ProgramId left, const char* left_rule, ProgramId right,
              const char* right_rule) {
    const bool star = terms_.program(branch.program).op == Op::star;
    Branch other = branch;
    other.id = ++last_branch_;
    other.parent = branch.id;
    other.program = right;
    if (star) {
      continue_with(other, branch.program);
      ++other.unfoldings;
    }
    branch.program = left;
    made_.clear();
    const bool too_deep = star && options_.max_depth != 0 && other.unfoldings > options_.max_depth;
    if (too_deep) result_.limit = Limit::depth;
    tell(branch, left_rule);
    if (!too_deep) tell(other, right_rule);
    if (options_.search == Search::dfs && !too_deep) branches_.push_back(std::move(other));
    branches_.push_back(std::move(branch));
    if (options_.search != Search::dfs && !too_deep) branches_.push_back(std::move(other));
  }

  TermId instance(const Branch& branch, TermId term) {
    if (terms_.term(term).ground) return term;
    std::unordered_map<VarId, TermId> map;
    for (const VarId v : terms_.variables_of(term)) {
      for (EnvironmentId at = branch.environment; at != 0; at = environments_[at].next) {
        if (environments_[at].binder == v) {
          map[v] = environments_[at].variable;
          break;
        }
      }
    }
    return substitute(terms_, map, term);
  }

  bool solve(Branch& branch, TermId left, TermId right) {
    made_.clear();
    return unify(terms_, branch.bindings, left, right, made_, options_.occurs_check);
  }

  void acted(Branch branch, const char* rule, Symbol location) {
    if (terms_.program(branch.program).op == Op::push) made_.clear();
    branch.program = terms_.skip();
    changed_ = location;
    has_changed_ = true;
    go(std::move(branch), rule);
  }
  void go(Branch branch, const char* rule) {
    tell(branch, rule);
    made_.clear();
    branches_.push_back(std::move(branch));
  }
  void stop(const Branch& branch, const char* rule) {
    made_.clear();
    tell(branch, rule, TraceEvent::End::failure);
  }
  void succeed(const Branch& branch) {
    Answer answer;
    answer.memory = memory_of(branch);
    for (std::size_t i = 0; i < free_.size(); ++i) {
      answer.bindings.emplace_back(free_[i], resolve(terms_, branch.bindings, free_terms_[i]));
    }
    result_.answers.push_back(std::move(answer));
    tell(branch, "success", TraceEvent::End::success);
  }

  Memory memory_of(const Branch& branch) {
    Memory memory;
    for (const auto& [location, stack] : branch.memory) {
      if (stack.empty()) continue;
      MemoryEntry entry{location, {}};
      for (const TermId item : stack) {
        entry.items.push_back(resolve(terms_, branch.bindings, item));
      }
      memory.push_back(std::move(entry));
    }
    std::sort(memory.begin(), memory.end(), [&](const MemoryEntry& a, const MemoryEntry& b) {
      return terms_.text(a.location) < terms_.text(b.location);
    });
    return memory;
  }

  void tell(const Branch& branch, const char* rule, TraceEvent::End end = TraceEvent::End::none) {
    if (see_) {
      TraceEvent event;
      event.number = result_.steps;
      event.branch = branch.id;
      event.parent = branch.parent;
      event.rule = rule;
      event.program = branch.program;
      event.span = terms_.span(branch.program);
      event.depth = continuations_[branch.continuation].depth;
      event.memory = memory_of(branch);
      event.changed = changed_;
      event.has_changed = has_changed_;
      event.end = end;
      for (const VarId v : made_) {
        event.made.emplace_back(v, resolve(terms_, branch.bindings, *branch.bindings.find(v)));
      }
      for (ContinuationId at = branch.continuation; at != 0 && event.continuation.size() < 20;
           at = continuations_[at].next) {
        event.continuation.push_back(continuations_[at].program);
      }
      see_(event);
    }
    has_changed_ = false;
  }

  Terms& terms_;
  const RunOptions& options_;
  const std::function<void(const TraceEvent&)>& see_;
  std::vector<EnvironmentNode> environments_;
  std::vector<ContinuationNode> continuations_;
  std::deque<Branch> branches_;
  std::vector<VarId> free_;
  std::vector<TermId> free_terms_;
  std::vector<VarId> made_;
  Symbol changed_ = kMain;
  bool has_changed_ = false;
  std::uint64_t last_branch_ = 0;
  TraceResult result_;
};

}  // namespace

TraceResult run_by_the_letter(Terms& terms, ProgramId program, const Memory& memory,
                              const RunOptions& options, Context& context,
                              const std::function<void(const TraceEvent&)>& see) {
  return Machine(terms, options, see).run(program, memory, context);
}

StepperState show(const Terms& terms, const TraceEvent& event, std::size_t limit) {
  StepperState shown;
  shown.rule = event.rule;
  const bool last = event.end != TraceEvent::End::none;
  shown.focus = last ? event.end == TraceEvent::End::success ? "success" : "no branch goes on here"
                     : print(terms, event.program, limit);
  for (const MemoryEntry& entry : event.memory) {
    StepperState::Column column{entry.location == kMain ? "main" : terms.text(entry.location), {}};
    for (const TermId item : entry.items) column.items.push_back(print_term(terms, item, limit));
    shown.stacks.push_back(std::move(column));
  }
  for (const ProgramId next : event.continuation) shown.rail.push_back(print(terms, next, limit));
  shown.note = fmt::format("branch {}", event.branch);
  if (event.parent != event.branch) shown.note += fmt::format(" (from {})", event.parent);
  for (const auto& [variable, value] : event.made) {
    shown.note +=
        fmt::format(", {} = {}", terms.variable_name(variable), print_term(terms, value, limit));
  }
  return shown;
}

}  // namespace ordo::machine::rmc
