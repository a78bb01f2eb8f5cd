// Regular programs as automata that count. A program of pops of constants from one stack, under
// `;`, `+` and `*`, has a position for each of its pops (Glushkov 1961); the automaton's states are
// these positions and 0, the start. Edges and ends have weights, the number of runs they stand for,
// so that the ways to read a prefix of the stack are the weighted paths: exact multiplicities.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ordo/machine/rmc_term.h"

namespace ordo::machine::rmc {

struct WordAutomaton {
  struct Edge {
    std::uint32_t target;
    std::uint64_t weight;
  };
  Symbol stack = kMain;
  std::vector<Symbol> letters;           ///< of each position; that of 0 means nothing
  std::vector<std::vector<Edge>> edges;  ///< by source
  std::vector<std::uint64_t> ends;       ///< runs that stop at a position
  std::size_t edge_count = 0;
};

/// Nothing if the program is not regular, has a star of something that may do nothing (each result
/// infinitely often), more than 4,096 pops or a million edges, or weights beyond 64 bits.
std::optional<WordAutomaton> word_automaton(Terms& terms, ProgramId program);

}  // namespace ordo::machine::rmc
