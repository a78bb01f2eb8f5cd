// Unification over the pool's terms (Robinson, with the occurs check), for the parts that favour
// clarity: the machine by the letter, the big-step evaluator and the normaliser. The fast machine
// has its own over cells. Nothing recurses.
#pragma once

#include <unordered_map>
#include <vector>

#include "ordo/machine/rmc_term.h"

namespace ordo::machine::rmc {

enum class OccursCheck { on, off };

/// A triangular substitution.
class Bindings {
 public:
  /// What a variable is bound to, or nullptr.
  const TermId* find(VarId v) const {
    const auto found = bound_.find(v);
    return found == bound_.end() ? nullptr : &found->second;
  }
  void bind(VarId v, TermId term) { bound_[v] = term; }
  void erase(VarId v) { bound_.erase(v); }
  std::size_t size() const { return bound_.size(); }
  void clear() { bound_.clear(); }

 private:
  std::unordered_map<VarId, TermId> bound_;
};

/// `term`, or what its variable is bound to at last.
TermId walk(const Terms& terms, const Bindings& bindings, TermId term);

/// Extends `bindings` to a most general unifier and appends the variables it binds to `made` (so
/// that a failed attempt, or a branch, can be undone). False if there is none; then `bindings`
/// holds what was bound on the way.
bool unify(const Terms& terms, Bindings& bindings, TermId left, TermId right,
           std::vector<VarId>& made, OccursCheck check = OccursCheck::on);

/// The term with every bound variable replaced, at any depth. `bindings` must have no cycle.
TermId resolve(Terms& terms, const Bindings& bindings, TermId term);

/// The term with variables replaced once by what `map` holds for them.
TermId substitute(Terms& terms, const std::unordered_map<VarId, TermId>& map, TermId term);
/// A program with free variables replaced so. The variables that it binds must not be in `map`.
ProgramId substitute_program(Terms& terms, const std::unordered_map<VarId, TermId>& map,
                             ProgramId program);

}  // namespace ordo::machine::rmc
