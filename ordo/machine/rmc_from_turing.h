// Turing machines into the Relational Machine Calculus: the tape's left part is the stack `l` (its
// top is the cell next to the head), the rest is `r` (its top is the cell under the head).
//
//   q a -> q' b right     st<q>; r<a>; [b]l; [q']st
//   q a -> q' b left      new X. st<q>; r<a>; l<X>; [b]r; [X]r; [q']st
//   q a -> q' b stay      st<q>; r<a>; [b]r; [q']st
//   q blank -> ...        also st<q>; r<right_end>; [right_end]r; [blank]r; [q]st
//                         and  st<q>; r<left_end>; [left_end]l; [blank]r; [q]st
//
// The marks left_end and right_end lie below the tape's two stacks; a state that reads blanks makes
// one where its head stands on a mark. A run is an accepting computation. The text, comments from
// `--` or `%`:
//
//   blank B          the symbol of empty cells (else `_`)
//   start Q
//   final Q ...
//   tape S ...       optional; asked as a query
//   head N           optional: which cell of the tape, from 1
//   Q S -> Q' S' left|right|stay
#pragma once

#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {

/// Adds the machine's program, and queries for the text's tape and the question's.
void from_turing(Translation& translation);

}  // namespace ordo::machine::rmc
