// The first successful run of a program as a LaTeX table: a line for each transition, with what the
// machine is about to run, its memory and what the transition bound. Needs the package `longtable`.
#pragma once

#include <string>

#include "ordo/base/context.h"
#include "ordo/machine/rmc_trace.h"

namespace ordo::machine::rmc {

struct LatexTrace {
  std::string text;  ///< empty if no run succeeded
  Limit limit = Limit::none;
};
LatexTrace trace_latex(Terms& terms, ProgramId program, const Memory& memory,
                       const RunOptions& options, Context& context);

}  // namespace ordo::machine::rmc
