// What a run of a program yields, and how it is asked for.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ordo/machine/limits.h"
#include "ordo/machine/rmc_arith.h"
#include "ordo/machine/rmc_syntax.h"
#include "ordo/machine/rmc_unify.h"

namespace ordo::machine::rmc {

enum class Search {
  interleave,  ///< fair: branches take turns
  dfs,         ///< left branch first, as Prolog; an infinite branch hides what is right of it
  bfs,         ///< fair: by number of transitions
  iddfs        ///< depth first with a growing limit on unfoldings of `*`
};

/// Whether a star yields each result as often as it is reached, or explores each state once.
enum class StarMode { bag, set };

/// Who runs the program: what its shape asks for (rmc_core.h), or the general machine.
enum class CoreChoice { by_shape, general };

struct RunOptions {
  Limits limits;
  Search search = Search::interleave;
  StarMode star = StarMode::bag;
  OccursCheck occurs_check = OccursCheck::on;
  CoreChoice core = CoreChoice::by_shape;
  Arithmetic arithmetic = Arithmetic::off;
  std::uint64_t max_depth = 0;                    ///< unfoldings of `*` on a branch; 0: no limit
  double timeout = 0;                             ///< seconds; 0: no limit
  std::size_t heap_words = std::size_t{1} << 18;  ///< a heap below this is not collected
  std::uint64_t quantum = 1 << 14;  ///< interleave: transitions before branches take turns
};

/// A final memory and what the free variables of the query stand for there. Unbound variables that
/// the run made are variables of the pool.
struct Answer {
  Memory memory;  ///< by location's name; empty stacks left out
  std::vector<std::pair<VarId, TermId>> bindings;
};

void sort_by_location(const Terms& terms, Memory& memory);

/// "X = [a], Y = _G1; main: a b": bindings that say something, then the stacks; "true" for an
/// answer that says nothing. Fresh variables are called _G1, _G2, ... by first occurrence, so equal
/// texts mean answers that are equal up to renaming.
std::string print_answer(const Terms& terms, const Answer& answer);
/// The same in two parts: name and value of each free variable; and the stacks.
struct AnswerText {
  std::vector<std::pair<std::string, std::string>> bindings;
  std::vector<std::pair<std::string, std::vector<std::string>>> stacks;  ///< bottom first
};
AnswerText answer_text(const Terms& terms, const Answer& answer);

}  // namespace ordo::machine::rmc
