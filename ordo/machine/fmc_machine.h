// Running terms: the compiled machine, results read back as terms, and searches over the random
// and non-deterministic streams.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/limits.h"

namespace ordo::machine::fmc {

enum class Status { exit, stuck, limit };

struct RunOptions {
  Limits limits;
  /// What pops of `rnd` and `nd` give, in order; after its end they are drawn from the context's
  /// random stream, or, with `stop_after_choices`, the run ends (RunResult::wants_choice).
  std::vector<bool> choices;
  bool stop_after_choices = false;
};

struct RunResult {
  Status status = Status::exit;
  Symbol exit = kSkip;        ///< the jump that the run ended with
  std::string reason;         ///< why it is stuck, or which limit
  MemoryText memory;          ///< non-empty stacks, bottom first; main, then by name
  std::uint64_t steps = 0;    ///< transitions; at a limit, counted to the end of a block
  bool wants_choice = false;  ///< ended because `choices` were used up
  Span place = {};            ///< of the term that got stuck or made the last exit, if known
};

/// Runs a closed term. Native stack use is constant; memory is collected.
RunResult run(Terms& terms, const Module& module, TermId term, const MemoryText& memory,
              const RunOptions& options, Context& context);

/// One outcome of all runs over the streams `rnd` and `nd`.
struct Outcome {
  RunResult result;
  double weight;        ///< sum of 2^-choices over the runs that end this way
  std::uint64_t count;  ///< how many runs
};

/// Explores every choice, fairly: shorter choice sequences first, and a run that lasts long waits
/// behind the others with a doubled budget. Equal outcomes (exit and memory) are joined.
struct Distribution {
  std::vector<Outcome> outcomes;  ///< in the order first found
  double unexplored = 0;          ///< weight of runs cut off by a limit
};
Distribution explore(Terms& terms, const Module& module, TermId term, const MemoryText& memory,
                     const Limits& limits, Context& context);

/// The order of RunResult::memory.
void sort_memory(const Terms& terms, MemoryText& memory);

/// "main: 1 2; c: 3".
std::string print_memory(const Terms& terms, const MemoryText& memory,
                         std::size_t limit = ~std::size_t{0});

}  // namespace ordo::machine::fmc
