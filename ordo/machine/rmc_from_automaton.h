// Finite automata and transducers into the Relational Machine Calculus, with the control state on a
// stack `st` of its own:
//
//   [q0]st; (... + st<q>; in<a>; [q']st + ...)*; (... + st<f> + ...)
//
// and `[b]out` where a transition writes b. The text is that of OpenFst and the AT&T tools, without
// weights, a line for each transition or final state:
//
//   SOURCE TARGET LABEL [OUTPUT]      `<eps>` reads (or writes) nothing
//   FINAL
//
// The first line's source is the start. Comments run from `--` or `%`.
#pragma once

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {

/// Adds the automaton's program, and a query for the question's word.
void from_automaton(Translation& translation);

}  // namespace ordo::machine::rmc
