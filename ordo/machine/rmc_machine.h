// The fast machine: compiled code over tagged cells, destructive bindings with a trail, choice
// points, memory as lists of cells that branches share, a copying collector.
//
// Depth-first search is that machine as it stands. The fair searches cut its choice points into
// jobs: the bindings made between two choice points become a node of a tree, and going from one job
// to another undoes the nodes up to the nearest common one and redoes those down to the other
// (rerooting, after Baker 1978). Under `interleave` a job runs for a quantum that grows with the
// whole run, so there are few cuts; under `bfs` every choice is cut and jobs are taken by their
// number of transitions.
#pragma once

#include <memory>

#include "ordo/base/context.h"
#include "ordo/machine/rmc_answer.h"
#include "ordo/machine/rmc_code.h"

namespace ordo::machine::rmc {

struct RunCounts {
  std::uint64_t steps = 0;        ///< transitions: pushes, pops, equations and choices
  std::uint64_t unfoldings = 0;   ///< of stars: clause entries, for a logic program
  std::uint64_t collections = 0;  ///< of garbage
  std::uint64_t peak_bytes = 0;   ///< of the heap
};

class Core;

/// The answers of a run, one by one and computed when asked for. The pool and the context must
/// outlive it.
class ResultStream {
 public:
  ResultStream(Terms& terms, ProgramId program, const Memory& memory, const RunOptions& options,
               Context& context, StackStream stream = {});
  ResultStream(ResultStream&&) noexcept;
  ~ResultStream();

  /// Goes on to the next answer; false at the end or at a limit. Throws Interrupted.
  bool next();
  /// The answer that `next` found, as terms of the pool.
  Answer answer();
  /// The limit that cut the search, `none` if it was complete. After `next` gave false.
  Limit limit() const;
  RunCounts counts() const;
  /// Which core runs, and what it decides by; a line each.
  std::string plan() const;
  /// Where the search stands, shortly: after a limit, what it was about.
  std::string state() const;

 private:
  std::unique_ptr<Core> core_;
};

/// All answers (as many as the limits allow).
struct RunResult {
  std::vector<Answer> answers;
  Limit limit = Limit::none;
  RunCounts counts;
};
RunResult run(Terms& terms, ProgramId program, const Memory& memory, const RunOptions& options,
              Context& context);

}  // namespace ordo::machine::rmc
