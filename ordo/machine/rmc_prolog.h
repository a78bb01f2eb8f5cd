// Horn clauses of a Prolog text: facts `h.`, rules `h :- g1, ..., gn.` and queries `?- g1, ...,
// gm.` What is beyond them (cut, negation, assignment, directives) is reported where it stands.
#pragma once

#include <vector>

#include "ordo/machine/rmc_arith.h"
#include "ordo/machine/rmc_prolog_terms.h"

namespace ordo::machine::rmc {

/// `head :- goals`, or a query: goals without a head.
struct PrologClause {
  PrologId head = 0;
  std::vector<PrologId> goals;
  Span span;
};

struct PrologProgram {
  PrologTerms terms;
  std::vector<PrologClause> clauses;
  std::vector<PrologClause> queries;
};

/// Adds a text's clauses to `program`. Problems are collected with their places; reading goes on
/// after the clause's full stop.
void read_prolog(const SourceMap& sources, SourceId file, PrologProgram& program,
                 Diagnostics& problems);
/// Adds the query that a text `G1, ..., Gm` means; `?-` and the full stop may be left out.
void read_prolog_query(const SourceMap& sources, SourceId file, PrologProgram& program,
                       Diagnostics& problems);
/// Reports goals that no clause can answer.
/// With arithmetic, add/3 and lt/2 are there and must not be defined.
void check_prolog_predicates(const PrologProgram& program, Arithmetic arithmetic,
                             Diagnostics& problems);

/// `text` as Prolog writes an atom: quoted where it must be.
std::string prolog_atom(std::string_view text);

}  // namespace ordo::machine::rmc
