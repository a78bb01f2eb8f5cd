// Polarised interaction nets (Lafont 1990) into the Relational Machine Calculus. A constructor is a
// functor; a destructor whose principal port meets x and whose auxiliary ports meet y... is the
// goal d(x, y...) on the stack `g`; wires are variables; a rule is a clause, a net a query:
//
//   add(y, r) >< z    => r = y.                    new Y. g<add(z, Y, Y)>
//   add(y, r) >< s(x) => r = s(w), add(y, w) >< x. new Y X W. g<add(s(X), Y, s(W))>; [add(X, Y,
//   W)]g net add(z, r) >< s(z).                         [end]g; [add(s(z), z, R)]g; rules; g<end>
//
// Every wire must lead from an output to an input: a constructor's principal port is an output, its
// auxiliary ports and a destructor's principal port are inputs, and what a destructor's auxiliary
// ports are is inferred. Right sides are put in order, producers first. By induction an input is
// then complete when its destructor is popped, so that popping never guesses an agent. Nets for
// which this fails are refused.
#pragma once

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {

/// Adds the rules' program, and a query for each net of the text and the question's.
void from_inet(Translation& translation);

}  // namespace ordo::machine::rmc
