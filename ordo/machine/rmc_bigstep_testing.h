// The big-step semantics, as an evaluator of its own for differential tests: a program is a
// function from a state to the multiset of states, [[M; N]] = [[N]] after [[M]], [[M + N]] their
// union,
// [[M*]] the union of all powers. States hold no bindings: a unifier is applied to all of the state
// at once. It recurses on the program, so it is for small ones.
#pragma once

#include <map>

#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/rmc_unify.h"

namespace ordo::machine::rmc {

class BigStep {
 public:
  struct State {
    std::map<Symbol, std::vector<TermId>> memory;
    std::unordered_map<VarId, TermId> scope;  // what names in the program mean
  };

  /// `fuel` bounds the states that are made; when it runs out `exhausted()` says so.
  BigStep(Terms& terms, std::uint64_t fuel) : terms_(terms), fuel_(fuel) {}

  std::vector<State> apply(ProgramId program, const State& state) {
    if (fuel_ == 0) return {};
    --fuel_;
    const ProgramNode node = terms_.program(program);
    switch (node.op) {
      case Op::skip:
        return {state};
      case Op::fail:
        return {};
      case Op::seq:
        return apply_all(node.second, apply(node.first, state));
      case Op::sum: {
        std::vector<State> all = apply(node.first, state);
        const std::vector<State> more = apply(node.second, state);
        all.insert(all.end(), more.begin(), more.end());
        return all;
      }
      case Op::star: {
        std::vector<State> all{state}, power{state};
        while (!power.empty() && fuel_ > 0) {
          power = apply_all(node.first, power);
          all.insert(all.end(), power.begin(), power.end());
        }
        return all;
      }
      case Op::fresh: {
        State inner = state;
        inner.scope[node.label] = terms_.var(terms_.fresh_variable("X"));
        std::vector<State> all = apply(node.first, inner);
        for (State& out : all) {
          out.scope.erase(node.label);
          const auto before = state.scope.find(node.label);
          // An outer variable of that number may have been refined meanwhile; numbers are unique in
          // what the tests draw, so there is none.
          if (before != state.scope.end()) std::abort();
        }
        return all;
      }
      case Op::push: {
        State out = state;
        out.memory[node.label].push_back(substitute(terms_, out.scope, node.first));
        return {out};
      }
      case Op::pop: {
        State out = state;
        auto& stack = out.memory[node.label];
        if (stack.empty()) return {};
        const TermId item = stack.back();
        stack.pop_back();
        return solved(out, item, substitute(terms_, out.scope, node.first));
      }
      case Op::equate:
        return solved(state, substitute(terms_, state.scope, node.first),
                      substitute(terms_, state.scope, node.second));
      case Op::call:
        return apply(terms_.expand(program), state);
    }
    return {};
  }
  bool exhausted() const { return fuel_ == 0; }

 private:
  std::vector<State> apply_all(ProgramId program, const std::vector<State>& states) {
    std::vector<State> all;
    for (const State& state : states) {
      const std::vector<State> more = apply(program, state);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }
  std::vector<State> solved(State state, TermId left, TermId right) {
    std::map<VarId, TermId> unifier;
    if (!solve(left, right, unifier)) return {};
    const auto apply_unifier = [&](TermId& term) { term = replaced(term, unifier); };
    for (auto& [location, stack] : state.memory) {
      for (TermId& item : stack) apply_unifier(item);
    }
    for (auto& [variable, term] : state.scope) apply_unifier(term);
    return {state};
  }
  // Robinson by hand: the unifier is kept idempotent by rewriting it at each step.
  bool solve(TermId left, TermId right, std::map<VarId, TermId>& unifier) {
    left = replaced(left, unifier);
    right = replaced(right, unifier);
    const TermNode x = terms_.term(left), y = terms_.term(right);
    if (x.is_variable && y.is_variable && x.label == y.label) return true;
    if (x.is_variable) return eliminate(x.label, right, unifier);
    if (y.is_variable) return eliminate(y.label, left, unifier);
    if (x.label != y.label || x.arity != y.arity) return false;
    for (std::uint32_t i = 0; i < x.arity; ++i) {
      if (!solve(terms_.args(left)[i], terms_.args(right)[i], unifier)) return false;
    }
    return true;
  }
  bool eliminate(VarId v, TermId term, std::map<VarId, TermId>& unifier) {
    for (const VarId inside : terms_.variables_of(term)) {
      if (inside == v) return false;
    }
    const std::map<VarId, TermId> single{{v, term}};
    for (auto& [variable, value] : unifier) value = replaced(value, single);
    unifier[v] = term;
    return true;
  }
  TermId replaced(TermId term, const std::map<VarId, TermId>& map) {
    const TermNode node = terms_.term(term);
    if (node.is_variable) {
      const auto found = map.find(node.label);
      return found == map.end() ? term : found->second;
    }
    if (node.ground) return term;
    std::vector<TermId> args;
    for (std::uint32_t i = 0; i < node.arity; ++i) {
      args.push_back(replaced(terms_.args(term)[i], map));
    }
    return terms_.app(node.label, args);
  }

  Terms& terms_;
  std::uint64_t fuel_;
};

}  // namespace ordo::machine::rmc
