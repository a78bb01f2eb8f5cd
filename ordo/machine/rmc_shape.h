// Shapes of programs that translators out look for. None of these recurses.
#pragma once

#include <optional>
#include <vector>

#include "ordo/machine/rmc_term.h"

namespace ordo::machine::rmc {

/// Whether a program without calls has at most `nodes` nodes where what is shared counts each time.
bool fits_as_tree(const Terms& terms, ProgramId program, std::size_t nodes);

/// The parts of a sequence in order, with `new` binders taken off wherever they stand: variables
/// are different, so their scopes do not matter.
std::vector<ProgramId> sequence_parts(const Terms& terms, ProgramId program);
/// The summands in order, without `fail`.
std::vector<ProgramId> summands(const Terms& terms, ProgramId program);

/// `new X... . g<head>; [goal n]g; ...; [goal 1]g`.
struct HornClause {
  TermId head;
  std::vector<TermId> goals;  ///< the first is on top
};
/// `(c1 + ... + ck)*` of clauses over one stack.
struct HornProgram {
  Symbol location;
  std::vector<HornClause> clauses;
};
/// `[end]g; [Gm]g; ...; [G1]g; program; g<end>`, calls expanded.
struct HornQuery {
  HornProgram program;
  std::vector<TermId> goals;
};
std::optional<HornProgram> horn_program(const Terms& terms, ProgramId program);
std::optional<HornQuery> horn_query(const Terms& terms, ProgramId program);

/// Whether a program is made of skip, fail, sequence, sum, star and pushes and pops of ground
/// terms.
bool is_regular(const Terms& terms, ProgramId program);

}  // namespace ordo::machine::rmc
