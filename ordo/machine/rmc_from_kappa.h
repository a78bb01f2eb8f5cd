// The kappa calculus (Hasegawa 1995), the first-order part of the lambda calculus, into the
// Relational Machine Calculus: `kappa x. M` takes a value off the main stack, `[t]` puts one on.
//
//   M ::= id | M; M | kappa x ... . M | [t] | (M)        κ and \ are also kappa
//   t ::= x | c | f(t, ...) | number
//
//   kappa x. M = new X. (<x>; M)
//
// A kappa reaches as far right as it can. Names that no kappa binds are constants and functions.
#pragma once

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {

/// Adds the program; without a question it runs from the empty memory, else from its values.
void from_kappa(Translation& translation);

}  // namespace ordo::machine::rmc
