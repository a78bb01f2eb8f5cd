// Programs as pictures, in the language of Graphviz.
//
// An automaton `[q0]st; (... + st<q>; act; [q']st + ...)*; (st<f> + ...)` is drawn with its states;
// the arrow from q to q' says what `act` does. Any other program of pushes and pops of ground terms
// under `;`, `+` and `*` becomes the automaton of its positions (Glushkov 1961): a state for each
// action, reached by that action. `in<a>` is shown as a, `[b]out` as /b.
#pragma once

#include <string>

#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

/// Throws InputError at `span` if the program is neither, LimitError if it has more than 2,000
/// actions. O(actions^2).
std::string automaton_dot(Terms& terms, const SourceMap& sources, ProgramId program, Span span);

}  // namespace ordo::machine::rmc
