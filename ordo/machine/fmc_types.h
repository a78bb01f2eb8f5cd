// Stack types with principal inference. A type says what a term takes from the tops of the stacks
// and what it leaves there, for each jump that it may exit with:
//
//   <x>.[x].[x] : ..s a => *: ..s a a
//
// First-order unification with a tail variable per stack, a row for untouched locations and a row
// for exits; definitions generalise, variables bound by pops are monomorphic.
#pragma once

#include <string>
#include <unordered_map>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

/// The type of a closed term, as text; problems are reported with the term's place.
/// Nullopt-like empty text if there are problems. Cost: nearly linear in the term's size.
std::string infer(const Terms& terms, const Module& module, TermId term, Diagnostics& problems);

}  // namespace ordo::machine::fmc
