// Place/transition nets into the Relational Machine Calculus: a place is a location, a token the
// constant `t` on it, a transition pops what it takes and pushes what it gives, and a net is any
// number of firings:
//
//   t1: 2 p -> q                 (p<t>; p<t>; [t]q + ...)*
//   its marking 3 p              from {p: t t t}
//
// The memories that it ends with are the reachable markings, each as often as there are firing
// sequences to it; with `--star set` each once. A question "2 p + q" asks for that marking exactly:
// a mark `end` lies below the tokens and is popped after them.
#pragma once

#include "ordo/machine/rmc_dialect.h"
#include "ordo/machine/rmc_petri.h"

namespace ordo::machine::rmc {

/// Adds the net's program, a query from its marking, and the question's.
void from_petri(Translation& translation);

/// The program of a net; `locations` are the places' locations, in order.
ProgramId petri_program(Terms& terms, const PetriNet& net, const std::vector<Symbol>& locations);

}  // namespace ordo::machine::rmc
