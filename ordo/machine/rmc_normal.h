// Normal forms. A program without stars is a finite sum of spans
//
//   new X... . (pops by location) ; (equations on free variables) ; (pushes by location)
//
// with multiplicities. A span is what running a branch on stacks of unknowns leaves: a pop that
// meets a push unifies with it, one that meets the bottom becomes a pop of the span, and what is
// left pushed becomes its pushes. Stars stand between spans; their bodies are in normal form.
// Wires that only pass an item on, a<X>; [X]a at the bottom of a stack, are taken away (the law
// eta, which holds where the stack is deep enough).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/machine/limits.h"
#include "ordo/machine/rmc_syntax.h"
#include "ordo/machine/rmc_unify.h"

namespace ordo::machine::rmc {

enum class Eta { on, off };

struct NormalOptions {
  Eta eta = Eta::on;
  std::uint64_t max_spans = 1'000'000;  ///< stop beyond this many summands
};

/// One piece of a summand between stars: what it takes from each stack and leaves there.
struct SpanStack {
  Symbol location;
  std::vector<TermId> pops;    ///< first popped first
  std::vector<TermId> pushes;  ///< bottom first
};
using SpanPart = std::vector<SpanStack>;  ///< by the locations' names

/// A summand: span, star, span, ..., span. Variables that are not free are bound by it.
struct Summand {
  std::vector<SpanPart> spans;  ///< one more than stars
  std::vector<ProgramId> stars;
  std::vector<std::pair<TermId, TermId>> equations;  ///< a free variable and what it equals
  ProgramId program = 0;  ///< with its bound variables named by first occurrence
  std::string text;       ///< of the program: equal for equal summands
};

struct NormalForm {
  std::vector<Summand> summands;  ///< sorted by text
  ProgramId program = 0;          ///< the same as a program
  bool complete = true;           ///< false: stopped at max_spans
};

/// The normal form of a program, calls expanded. Throws Interrupted.
NormalForm normalise(Terms& terms, ProgramId program, const NormalOptions& options,
                     Context& context);

/// `new X Y .... parts`, the bound variables among those of the parts that `is_bound` names called
/// X, Y, Z, X1, ... by first occurrence.
ProgramId name_by_occurrence(Terms& terms, const std::vector<ProgramId>& parts,
                             const std::function<bool(VarId)>& is_bound);

enum class Compare { multisets, sets };
/// Whether two programs have the same summands; as sets, also without those that another one
/// subsumes. For programs without stars this decides equality (by multisets, up to idempotence of
/// `+`); with stars, true means equal and false means not shown equal.
bool equal(Terms& terms, ProgramId left, ProgramId right, Compare compare,
           const NormalOptions& options, Context& context);

}  // namespace ordo::machine::rmc
