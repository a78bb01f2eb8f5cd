// Place/transition nets, out of one-line texts or PNML.
//
//   net     ::= line*                             comments from `--` or `%`
//   line    ::= name ':' tokens '->' tokens       a transition
//             | 'marking' ':' tokens              the initial marking
//   tokens  ::= [n] place (("+" or ",") [n] place)* | "0" or nothing
//
// Of PNML (ISO/IEC 15909-2) the P/T net type: places with initial markings, transitions, arcs with
// inscriptions, spread over pages; names, positions and tool-specific parts are skipped. Reference
// nodes, inhibitor arcs and other net types are refused.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ordo/machine/source.h"

namespace ordo::machine::rmc {

/// How many tokens of which places, each place once.
using PetriTokens = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

struct PetriNet {
  struct Transition {
    std::string name;
    PetriTokens takes, gives;
  };
  std::vector<std::string> places;  ///< names, each once
  std::vector<Transition> transitions;
  PetriTokens marking;  ///< at the start
};

/// Reads either form: a text that begins with '<' is PNML. Problems are collected with their
/// places; PNML's first one ends the reading (SourceError).
PetriNet read_petri(const SourceMap& sources, SourceId file, Diagnostics& problems);
/// "2 p + q": a marking over the places of `net`.
PetriTokens read_petri_tokens(const SourceMap& sources, SourceId file, const PetriNet& net,
                              Diagnostics& problems);

}  // namespace ordo::machine::rmc
