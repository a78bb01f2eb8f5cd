#include "ordo/machine/rmc_unify.h"

#include <algorithm>

namespace ordo::machine::rmc {
namespace {

bool occurs(const Terms& terms, const Bindings& bindings, VarId variable, TermId in) {
  std::vector<TermId> tasks{in};
  FlatMap seen;
  while (!tasks.empty()) {
    const TermId id = walk(terms, bindings, tasks.back());
    tasks.pop_back();
    const TermNode& node = terms.term(id);
    if (node.is_variable) {
      if (node.label == variable) return true;
    } else if (!node.ground && seen[id]++ == 0) {
      const auto args = terms.args(id);
      tasks.insert(tasks.end(), args.begin(), args.end());
    }
  }
  return false;
}

}  // namespace

void Rebuilder::build(TermId id) {
  const TermNode node = terms_.term(id);
  const auto args = std::span(values_).last(node.arity);
  const auto old = terms_.args(id);
  const bool same = std::equal(args.begin(), args.end(), old.begin());
  const TermId made = same ? id : terms_.app(node.label, args);
  values_.resize(values_.size() - node.arity);
  values_.push_back(made);
  done_.set(id, made);
}

TermId walk(const Terms& terms, const Bindings& bindings, TermId term) {
  while (terms.term(term).is_variable) {
    const TermId* next = bindings.find(terms.term(term).label);
    if (next == nullptr) return term;
    term = *next;
  }
  return term;
}

bool unify(const Terms& terms, Bindings& bindings, TermId left, TermId right,
           std::vector<VarId>& made, OccursCheck check) {
  std::vector<std::pair<TermId, TermId>> tasks{{left, right}};
  const auto bind = [&](TermId variable, TermId value) {
    const VarId v = terms.term(variable).label;
    const TermNode& node = terms.term(value);
    const bool may_hold = !node.is_variable && !node.ground;
    if (check == OccursCheck::on && may_hold && occurs(terms, bindings, v, value)) return false;
    bindings.bind(v, value);
    made.push_back(v);
    return true;
  };
  while (!tasks.empty()) {
    const TermId a = walk(terms, bindings, tasks.back().first);
    const TermId b = walk(terms, bindings, tasks.back().second);
    tasks.pop_back();
    if (a == b) continue;
    const TermNode& x = terms.term(a);
    const TermNode& y = terms.term(b);
    if (x.is_variable && y.is_variable && x.label == y.label) continue;
    if (x.is_variable || y.is_variable) {
      if (!(x.is_variable ? bind(a, b) : bind(b, a))) return false;
      continue;
    }
    if (x.label != y.label || x.arity != y.arity) return false;
    for (std::uint32_t i = x.arity; i-- > 0;) {
      tasks.emplace_back(terms.args(a)[i], terms.args(b)[i]);
    }
  }
  return true;
}

TermId resolve(Terms& terms, const Bindings& bindings, TermId term) {
  return Rebuilder(terms)(
      term, [&](TermId id) { return Rebuilder::Replacement{walk(terms, bindings, id)}; });
}

TermId substitute(Terms& terms, const std::unordered_map<VarId, TermId>& map, TermId term) {
  return Rebuilder(terms)(term, [&](TermId id) {
    if (!terms.term(id).is_variable) return Rebuilder::Replacement{id};
    const auto found = map.find(terms.term(id).label);
    return Rebuilder::Replacement{found == map.end() ? id : found->second, true};
  });
}

ProgramId substitute_program(Terms& terms, const std::unordered_map<VarId, TermId>& map,
                             ProgramId program) {
  if (map.empty()) return program;
  return terms.map_leaves(program, [&](ProgramId id) {
    const ProgramNode node = terms.program(id);
    if (node.op == Op::equate) {
      const TermId left = substitute(terms, map, node.first);
      const TermId right = substitute(terms, map, node.second);
      return left == node.first && right == node.second ? id : terms.equate(left, right);
    }
    if (node.op != Op::push && node.op != Op::pop) return id;
    const TermId term = substitute(terms, map, node.first);
    if (term == node.first) return id;
    return node.op == Op::push ? terms.push(term, node.label) : terms.pop(node.label, term);
  });
}

}  // namespace ordo::machine::rmc
