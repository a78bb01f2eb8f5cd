#include "ordo/machine/fmc_trace.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "ordo/machine/fmc_prim.h"

namespace ordo::machine::fmc {
namespace {

class Substitution {
 public:
  Substitution(Terms& terms, const Module& module, const RunOptions& options, Context& context)
      : terms_(terms), module_(module), options_(options), random_(context.random) {}

  State state;
  RunResult result;

  /// One transition; false at the end.
  bool step() {
    const Node node = terms_[state.term];
    switch (node.op) {
      case Op::bound:
        return stuck("a variable without a value");
      case Op::free:
        return free_name(node.label);
      case Op::jump:
        return leave(node.label);
      case Op::push: {
        const std::string& location = terms_.text(node.label);
        if (location == "in" || location == "rnd" || location == "nd") {
          return stuck(
              fmt::format("'{}' is a stream to read from; nothing can be pushed on it", location));
        }
        stack(node.label).push_back(node.first);
        return next("push", node.second);
      }
      case Op::pop:
        return pop(node);
      case Op::join:
        state.handlers.emplace_back(node.label, node.second);
        return next("join", node.first);
      case Op::loop:
        state.handlers.emplace_back(node.label, state.term);
        return next("loop", node.first);
    }
    return false;
  }

 private:
  bool next(const char* rule, TermId term) {
    state.rule = rule;
    state.term = term;
    ++result.steps;
    return true;
  }
  bool stuck(std::string reason) {
    result.status = Status::stuck;
    result.reason = std::move(reason);
    return false;
  }
  std::vector<TermId>& stack(Symbol location) {
    for (MemoryEntry& entry : state.memory) {
      if (entry.location == location) return entry.values;
    }
    return state.memory.emplace_back(MemoryEntry{location, {}}).values;
  }

  bool leave(Symbol jump) {
    if (state.handlers.empty()) {
      result.exit = jump;
      return false;
    }
    const auto [caught, handler] = state.handlers.back();
    state.handlers.pop_back();
    return caught == jump ? next("select", handler) : next("reject", state.term);
  }

  bool pop(const Node& node) {
    const std::string& location = terms_.text(node.label);
    if (location == "out") return stuck("'out' is a stream to write to; nothing can be popped");
    TermId value = 0;
    if (location == "rnd" || location == "nd") {
      if (next_choice_ >= options_.choices.size() && options_.stop_after_choices) {
        result.wants_choice = true;
        return false;
      }
      const bool chosen = next_choice_ < options_.choices.size() ? options_.choices[next_choice_]
                                                                 : (random_.next32() & 1) != 0;
      ++next_choice_;
      value = terms_.jump(chosen ? terms_.true_jump() : terms_.false_jump());
    } else {
      std::vector<TermId>& values = stack(node.label);
      if (values.empty()) {
        return stuck(location.empty() ? "pop from the empty main stack"
                                      : fmt::format("pop from the empty stack '{}'", location));
      }
      value = values.back();
      values.pop_back();
    }
    return next("pop", terms_.instantiate(node.second, std::span(&value, 1)));
  }

  bool free_name(Symbol name) {
    if (const Definition* definition = module_.find(name)) {
      state.rule = "unfold " + terms_.text(name);
      state.term = definition->term;
      return true;
    }
    const Primitive* primitive = terms_.primitive(name);
    if (primitive == nullptr)
      return stuck(fmt::format("the name '{}' has no definition", terms_.text(name)));
    std::vector<TermId>& main = stack(kMain);
    const auto count = static_cast<std::size_t>(arity(*primitive));
    if (main.size() < count) return stuck("an operation met operands of another kind, or too few");
    const auto literal = [&](std::size_t back) {
      const Node& node = terms_[main[main.size() - back]];
      return node.op == Op::jump ? node.label : kSkip;
    };
    const Delta delta = apply(terms_, *primitive, literal(1), count == 2 ? literal(2) : kSkip);
    if (!delta.defined) return stuck("an operation met operands of another kind, or too few");
    main.resize(main.size() - count);
    if (delta.exit != kSkip) return next(terms_.text(name).c_str(), terms_.jump(delta.exit));
    main.push_back(terms_.jump(delta.value));
    return next(terms_.text(name).c_str(), terms_.skip());
  }

  Terms& terms_;
  const Module& module_;
  const RunOptions& options_;
  Random random_;
  std::size_t next_choice_ = 0;
};

}  // namespace

RunResult run_by_substitution(Terms& terms, const Module& module, TermId term,
                              const MemoryText& memory, const RunOptions& options, Context& context,
                              const std::function<void(const State&)>& see) {
  Substitution machine(terms, module, options, context);
  machine.state = {"start", term, memory, {}};
  see(machine.state);
  while (machine.result.steps < options.limits.steps()) {
    context.check_stop();
    if (!machine.step()) break;
    see(machine.state);
    if (machine.result.steps >= options.limits.steps()) {
      machine.result.status = Status::limit;
      machine.result.reason = to_string(Limit::steps);
    }
  }
  std::erase_if(machine.state.memory, [](const MemoryEntry& e) { return e.values.empty(); });
  sort_memory(terms, machine.state.memory);
  machine.result.memory = std::move(machine.state.memory);
  return std::move(machine.result);
}

StepperState show(const Terms& terms, const State& state, std::size_t limit) {
  StepperState shown;
  shown.rule = state.rule;
  shown.focus = print(terms, state.term, limit);
  for (const MemoryEntry& entry : state.memory) {
    StepperState::Column column{entry.location == kMain ? "main" : terms.text(entry.location), {}};
    for (const TermId value : entry.values) column.items.push_back(print(terms, value, limit));
    shown.stacks.push_back(std::move(column));
  }
  for (auto h = state.handlers.rbegin(); h != state.handlers.rend(); ++h) {
    shown.rail.push_back(
        fmt::format("{} -> {}", terms.text(h->first), print(terms, h->second, limit)));
  }
  return shown;
}

}  // namespace ordo::machine::fmc
