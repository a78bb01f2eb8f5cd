// The abstract machine to the letter, one transition at a time, by substitution: what a person
// reads in a trace, and the reference that the compiled machine is tested against.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/machine/fmc_machine.h"
#include "ordo/machine/stepper.h"

namespace ordo::machine::fmc {

/// A state: memory, the term about to run, and the handlers, innermost last.
struct State {
  std::string rule;  ///< the transition that led here; "start" for the first
  TermId term = 0;
  MemoryText memory;
  std::vector<std::pair<Symbol, TermId>> handlers;
};

/// Runs step by step and shows each state to `see`. Same results as `run`, but the cost of a
/// transition is that of a substitution.
RunResult run_by_substitution(Terms& terms, const Module& module, TermId term,
                              const MemoryText& memory, const RunOptions& options, Context& context,
                              const std::function<void(const State&)>& see);

/// A state with texts of at most `limit` bytes each.
StepperState show(const Terms& terms, const State& state, std::size_t limit = 400);

}  // namespace ordo::machine::fmc
