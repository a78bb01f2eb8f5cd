// A small imperative language into the Functional Machine Calculus.
//
//   program   ::= (fun f(x, ...) { ... } | statement)*
//   statement ::= x := e; | print e; | throw E(e); | break; | continue; | return e; | f(e, ...);
//               | if e { ... } [else { ... }] | while e { ... } | try { ... } catch E(x) { ... }
//   e         ::= comparisons = == != < <= > >= over + - over * / % over numbers, strings, x, read,
//                 f(e, ...), (e), -e                              comments: -- to the line's end
//
// A variable is a cell, a stack of one value; each starts as 0. `print` pushes on `out`, `read`
// pops `in`. An expression leaves its value on the main stack, right operand first.
//
// A function is a thunk in a cell of its name, filled before anything runs. Its parameters are
// cells too: a call pushes the arguments on them, which hides what they held, and whatever way the
// body ends, by `return` (the jump Ret), at its end (then the value is 0) or by an exception, pops
// them again. All other variables are shared by the whole program. Division by zero can be caught
// as DivZero, whose variable becomes 0. An exception leaves what an unfinished expression had
// pushed on the main stack, where nothing reads it.
#pragma once

#include <utility>
#include <vector>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

struct WhileProgram {
  TermId term = 0;
  std::vector<std::pair<TermId, Span>> statements;  ///< where in the text each came from
};

/// Parses and translates; problems are collected with their places. Nothing recurses.
WhileProgram from_while(Terms& terms, const SourceMap& sources, SourceId file,
                        Diagnostics& problems);

}  // namespace ordo::machine::fmc
