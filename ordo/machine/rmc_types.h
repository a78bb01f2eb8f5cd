// Stack types: a program takes, at each location, a vector of sorts to another one, whatever lies
// below (rows with a tail variable).
//
//   skip : e => e        M; N  composes       M + N  both alike       M* : s => s
//   [t]a : e => a: A     a<t> : a: A => e     where t : A
//
// Terms have the sorts that `fun` declares; functors without a declaration are of the sort `term`.
// A location declared `loc g : A*.` holds any number of A: pushes and pops keep its type.
#pragma once

#include <string>
#include <vector>

#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

/// The principal type, top of each stack rightmost: "s t => t s", "in: term => main: s"; "" after
/// an error, which is reported where it stands.
std::string infer(Terms& terms, const Module& module, ProgramId program, Diagnostics& problems);

}  // namespace ordo::machine::rmc
