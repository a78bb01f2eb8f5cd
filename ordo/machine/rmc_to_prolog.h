// Logic programs of the Relational Machine Calculus as Prolog text: the inverse of
// rmc_from_prolog. A definition `(c1 + ... + ck)*` of clauses over one stack gives its clauses, a
// query `[end]g; [Gm]g; ...; [G1]g; program; g<end>` gives `?- G1, ..., Gm.`
#pragma once

#include <string>

#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

/// Throws InputError with the place of what is no logic program.
std::string to_prolog(Terms& terms, const SourceMap& sources, const Module& module);

}  // namespace ordo::machine::rmc
