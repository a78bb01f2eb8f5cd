// The oriented equations as a rewriting relation: a program is a sum of rows, a row a sequence of
// items in the scope of its variables, and each step rewrites one place by one rule. Whatever the
// order, the end is the normal form (rmc_normal computes it directly).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/machine/rmc_normal.h"

namespace ordo::machine::rmc {

enum class Rule {
  unit,        ///< M; skip = M
  annihilate,  ///< a row with fail is no row
  distribute,  ///< (M + N); P = M; P + N; P
  extrude,     ///< (new X. M); P = new X. (M; P)
  unfold,      ///< a definition's name is its body
  commute,     ///< what does not touch the same stack changes places: pops, equations, pushes
  meet,        ///< [s]a; a<t> = {s = t}
  decompose,   ///< {f(s...) = f(t...)} = {s = t}; ..., {X = X} = skip
  clash,       ///< {f(...) = g(...)} = fail; so is {X = t} if X occurs in t
  substitute,  ///< new X. ({X = t}; M) = M[t/X]
  eta,         ///< new X. (a<X>; [X]a) = skip
  star         ///< a star's body in its normal form; fail* = skip
};
std::string_view to_string(Rule rule);

struct ReduceStep {
  Rule rule;
  std::size_t row;       ///< from 0
  std::size_t position;  ///< of the item in its row, from 0
  std::string before;    ///< the row
  std::string after;     ///< the row, or rows, that it became
};

enum class Strategy { normal, random };
struct ReduceOptions {
  Strategy strategy = Strategy::normal;  ///< normal: the first place of the first row; random draws
                                         ///< from the context's stream
  Eta eta = Eta::on;
  std::uint64_t max_steps = 1'000'000;
  bool log = false;
};

struct ReduceResult {
  ProgramId program = 0;  ///< rows sorted, variables named by first occurrence
  bool normal = false;    ///< false: stopped at max_steps
  std::uint64_t steps = 0;
  std::vector<ReduceStep> log;
};

ReduceResult reduce(Terms& terms, ProgramId program, const ReduceOptions& options,
                    Context& context);

}  // namespace ordo::machine::rmc
