// Moggi's computational metalanguage and Levy's call-by-push-value, both with effects, into the
// Functional Machine Calculus.
//
//   Moggi   M ::= x | 3 | "s" | C | \x. M | M N | return M | let x = M in N | effects
//           x => x     \x. M => <x>.M      M N => [N].M     return M => [M]
//           let x = M in N => M; <x>.N
//   CBPV    V ::= x | 3 | "s" | C | thunk M
//           M ::= force V | return V | M to x. N | \x. M | V ' M | effects
//           force V => [V].<x>.x   return V => [V]   M to x. N => M; <x>.N   V ' M => [V].M
//   effects   get c | set c V | read | write V | raise E V | try M catch E x. N
//             M; N (M gives no value) | if M then N else P | M <+> N (random) | M <|> N
//             (non-deterministic) add V W, and so on for the primitives
//
// `return`, `force`, `thunk` and the effects take single arguments: others stand in parentheses.
// <+> and <|> group to the right and bind tighter than `to` and `;`, which with \, let, if and try
// reach as far as they can.
#pragma once

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

enum class Metalanguage { moggi, push_value };

/// Parses and translates; free names stay free. Problems are collected with their places. Nothing
/// recurses.
TermId from_metalanguage(Terms& terms, const SourceMap& sources, SourceId file,
                         Metalanguage language, Diagnostics& problems);

}  // namespace ordo::machine::fmc
