// A small imperative language into the Functional Machine Calculus.
//
//   program   ::= statement*
//   statement ::= x := e; | print e; | throw E(e); | break; | continue;
//               | if e { ... } [else { ... }] | while e { ... } | try { ... } catch E(x) { ... }
//   e         ::= comparisons = < <= > over + - over * / % over numbers, strings, x, read, (e), -e
//
// A variable is a cell (a stack of one value); `print` pushes on `out`, `read` pops `in`. Each
// variable that is assigned starts as 0. An expression leaves its value on the main stack, right
// operand first. Branches end in a jump of their own, so that the handlers of a conditional never
// catch what a branch exits with.
#pragma once

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

/// Parses and translates; problems are collected with their places. Throws InputError for nesting
/// above 10,000 levels.
TermId from_while(Terms& terms, const SourceMap& sources, SourceId file, Diagnostics& problems);

}  // namespace ordo::machine::fmc
