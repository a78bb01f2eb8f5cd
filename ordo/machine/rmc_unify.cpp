#include "ordo/machine/rmc_unify.h"

#include <algorithm>
#include <unordered_set>

namespace ordo::machine::rmc {
namespace {

bool occurs(const Terms& terms, const Bindings& bindings, VarId variable, TermId in) {
  std::vector<TermId> tasks{in};
  std::unordered_set<TermId> seen;
  while (!tasks.empty()) {
    const TermId id = walk(terms, bindings, tasks.back());
    tasks.pop_back();
    const TermNode& node = terms.term(id);
    if (node.is_variable) {
      if (node.label == variable) return true;
    } else if (!node.ground && seen.insert(id).second) {
      const auto args = terms.args(id);
      tasks.insert(tasks.end(), args.begin(), args.end());
    }
  }
  return false;
}

// Rebuilds a term bottom-up. `replace(id, rebuilt)` maps a node to another one and says whether
// that one's arguments are rebuilt in turn.
template <class Replace>
TermId rebuild(Terms& terms, TermId root, const Replace& replace) {
  struct Task {
    TermId id;
    bool ready;
  };
  std::vector<Task> tasks{{root, false}};
  std::vector<TermId> values;
  std::unordered_map<TermId, TermId> done;  // of nodes with arguments
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    if (!task.ready) {
      bool rebuilt = true;
      const TermId id = replace(task.id, rebuilt);
      const TermNode& node = terms.term(id);
      if (!rebuilt || node.is_variable || node.ground) {
        values.push_back(id);
      } else if (const auto found = done.find(id); found != done.end()) {
        values.push_back(found->second);
      } else {
        tasks.push_back({id, true});
        const auto args = terms.args(id);
        for (std::size_t i = args.size(); i-- > 0;) tasks.push_back({args[i], false});
      }
      continue;
    }
    const TermNode node = terms.term(task.id);
    const std::vector<TermId> args(values.end() - node.arity, values.end());
    const auto old = terms.args(task.id);
    const bool same = std::equal(args.begin(), args.end(), old.begin());
    values.resize(values.size() - node.arity);
    values.push_back(same ? task.id : terms.app(node.label, args));
    done[task.id] = values.back();
  }
  return values.back();
}

}  // namespace

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
    if (check == OccursCheck::on && occurs(terms, bindings, v, value)) return false;
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
  return rebuild(terms, term, [&](TermId id, bool&) { return walk(terms, bindings, id); });
}

TermId substitute(Terms& terms, const std::unordered_map<VarId, TermId>& map, TermId term) {
  return rebuild(terms, term, [&](TermId id, bool& rebuilt) {
    if (!terms.term(id).is_variable) return id;
    const auto found = map.find(terms.term(id).label);
    rebuilt = false;
    return found == map.end() ? id : found->second;
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
