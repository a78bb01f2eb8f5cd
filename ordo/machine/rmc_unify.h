// Unification over the pool's terms (Robinson, with the occurs check), for the parts that favour
// clarity: the machine by the letter, the big-step evaluator and the normaliser. The fast machine
// has its own over cells. Nothing recurses.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "ordo/machine/flat_map.h"
#include "ordo/machine/rmc_term.h"

namespace ordo::machine::rmc {

enum class OccursCheck { on, off };

/// A triangular substitution.
class Bindings {
 public:
  /// What a variable is bound to, or nullptr.
  const TermId* find(VarId v) const { return bound_.find(v); }
  void bind(VarId v, TermId term) { bound_.set(v, term); }
  void erase(VarId v) { bound_.erase(v); }
  std::size_t size() const { return bound_.size(); }
  void clear() { bound_.clear(); }

 private:
  FlatMap bound_;
};

/// `term`, or what its variable is bound to at last.
TermId walk(const Terms& terms, const Bindings& bindings, TermId term);

/// Extends `bindings` to a most general unifier and appends the variables it binds to `made` (so
/// that a failed attempt, or a branch, can be undone). False if there is none; then `bindings`
/// holds what was bound on the way.
bool unify(const Terms& terms, Bindings& bindings, TermId left, TermId right,
           std::vector<VarId>& made, OccursCheck check = OccursCheck::on);

/// Rebuilds terms bottom-up, many of them with the same memory. What does not change is shared.
class Rebuilder {
 public:
  explicit Rebuilder(Terms& terms) : terms_(terms) {}

  /// What stands for a node: another one, whose arguments are rebuilt in turn unless `finished`.
  struct Replacement {
    TermId id;
    bool finished = false;
  };
  /// `replace(id)` gives a Replacement; it sees variables in the order of their first occurrence.
  template <class Replace>
  TermId operator()(TermId root, const Replace& replace) {
    tasks_.assign(1, {root, false});
    values_.clear();
    done_.clear();
    while (!tasks_.empty()) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.ready) {
        build(task.id);
        continue;
      }
      const Replacement made = replace(task.id);
      const TermNode& node = terms_.term(made.id);
      if (made.finished || node.is_variable || node.ground) {
        values_.push_back(made.id);
      } else if (const TermId* known = done_.find(made.id)) {
        values_.push_back(*known);
      } else {
        tasks_.push_back({made.id, true});
        const auto args = terms_.args(made.id);
        for (std::size_t i = args.size(); i-- > 0;) tasks_.push_back({args[i], false});
      }
    }
    return values_.back();
  }

 private:
  struct Task {
    TermId id;
    bool ready;
  };
  void build(TermId id);

  Terms& terms_;
  std::vector<Task> tasks_;
  std::vector<TermId> values_;
  FlatMap done_;  // of nodes with arguments
};

/// The term with every bound variable replaced, at any depth. `bindings` must have no cycle.
TermId resolve(Terms& terms, const Bindings& bindings, TermId term);

/// The term with variables replaced once by what `map` holds for them.
TermId substitute(Terms& terms, const std::unordered_map<VarId, TermId>& map, TermId term);
/// A program with free variables replaced so. The variables that it binds must not be in `map`.
ProgramId substitute_program(Terms& terms, const std::unordered_map<VarId, TermId>& map,
                             ProgramId program);

}  // namespace ordo::machine::rmc
