// The machine to the letter, one transition at a time, over (memory, program, continuation,
// substitution): what a person reads in a trace, and the reference that the compiled machine is
// tested against. A branch copies its state; that is simple, and slow.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/machine/rmc_answer.h"
#include "ordo/machine/stepper.h"

namespace ordo::machine::rmc {

/// One transition, or the start of a branch.
struct TraceEvent {
  std::uint64_t number = 0;  ///< transitions before it, over all branches
  std::uint64_t branch = 0;
  std::uint64_t parent = 0;  ///< the branch it came from; itself for the first
  std::string rule;          ///< "start", "sequence", "choice left", "pop", ...; what led here
  Span span;                 ///< of the program about to run
  ProgramId program = 0;     ///< about to run
  std::size_t depth = 0;     ///< of the continuation
  Memory memory;             ///< with bindings applied
  Symbol changed = kMain;    ///< the stack that push or pop changed
  bool has_changed = false;
  std::vector<std::pair<VarId, TermId>> made;  ///< new bindings, with bindings applied
  std::vector<ProgramId> continuation;         ///< innermost first, at most 20
  enum class End { none, success, failure } end = End::none;
};

struct TraceResult {
  std::vector<Answer> answers;
  std::uint64_t steps = 0;
  Limit limit = Limit::none;
};

/// Runs `program` (calls expanded) from `memory` and shows each state to `see`, which may be empty.
/// `search` is dfs or bfs; the others run as bfs.
TraceResult run_by_the_letter(Terms& terms, ProgramId program, const Memory& memory,
                              const RunOptions& options, Context& context,
                              const std::function<void(const TraceEvent&)>& see);

/// A state as the stepper shows it, with texts of at most `limit` bytes each.
StepperState show(const Terms& terms, const TraceEvent& event, std::size_t limit = 400);

}  // namespace ordo::machine::rmc
