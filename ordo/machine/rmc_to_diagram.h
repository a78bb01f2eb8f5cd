// String diagrams of normal forms, in the language of Graphviz: a summand is a box of its own; what
// it pops comes in on the left, what it pushes goes out on the right, a functor is a box with a
// wire for each argument, a variable is a wire, with a dot where it is not exactly one end to
// another (dup, equality test, discard, create). A star is a box that stands between two spans.
#pragma once

#include <string>

#include "ordo/base/context.h"
#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

/// Throws LimitError if the normal form has more than 1,000 summands.
std::string diagram_dot(Terms& terms, ProgramId program, Context& context);

}  // namespace ordo::machine::rmc
