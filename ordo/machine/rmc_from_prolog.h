// Horn clauses into the Relational Machine Calculus. A clause pops its goal and pushes its body's
// goals, the first on top; a program is any number of such steps:
//
//   p(t...) :- q1(u...), ..., qn(w...).   new X... . g<p(t...)>; [qn(w...)]g; ...; [q1(u...)]g
//   clauses c1 ... ck                     (c1 + ... + ck)*
//   ?- G1, ..., Gm.                       [end]g; [Gm]g; ...; [G1]g; program; g<end>
//
// A depth-first search that tries left summands first is SLD resolution in textual order, and the
// mark `end` lets only complete derivations succeed. `=` is the clause X = X. `[]` and `[H|T]` are
// nil and cons; Prolog's own atoms of the names nil, cons and end get a prime.
#pragma once

#include <string_view>

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {

/// Adds the program and a query for each `?-`. The variables of a query are free, but for `_`.
void from_prolog(Translation& translation);

}  // namespace ordo::machine::rmc
