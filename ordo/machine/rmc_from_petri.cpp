#include "ordo/machine/rmc_from_petri.h"

namespace ordo::machine::rmc {
namespace {

enum class Below { nothing, mark };

Memory marking_memory(Terms& terms, const PetriNet& net, const std::vector<Symbol>& locations,
                      Below below) {
  Memory memory;
  for (const Symbol location : locations) {
    memory.push_back({location, {}});
    if (below == Below::mark) memory.back().items.push_back(terms.constant("end"));
  }
  const TermId token = terms.constant("t");
  for (const auto& [place, count] : net.marking) {
    std::vector<TermId>& items = memory[place].items;
    items.insert(items.end(), count, token);
  }
  std::erase_if(memory, [](const MemoryEntry& entry) { return entry.items.empty(); });
  return memory;
}

}  // namespace

ProgramId petri_program(Terms& terms, const PetriNet& net, const std::vector<Symbol>& locations) {
  const TermId token = terms.constant("t");
  std::vector<ProgramId> transitions;
  for (const PetriNet::Transition& transition : net.transitions) {
    std::vector<ProgramId> parts;
    for (const auto& [place, count] : transition.takes)
      parts.insert(parts.end(), count, terms.pop(locations[place], token));
    for (const auto& [place, count] : transition.gives)
      parts.insert(parts.end(), count, terms.push(token, locations[place]));
    transitions.push_back(terms.seq(parts));
  }
  return terms.star(terms.sum(transitions));
}

void from_petri(Translation& t) {
  const PetriNet net = read_petri(t.sources, t.file, t.problems);
  std::vector<Symbol> locations;
  for (const std::string& name : location_names(net.places))
    locations.push_back(t.terms.location(name));
  const ProgramId program = t.define(petri_program(t.terms, net, locations));
  t.ask(program, marking_memory(t.terms, net, locations, Below::nothing));
  if (!t.question) return;
  const PetriTokens wanted = read_petri_tokens(t.sources, *t.question, net, t.problems);
  std::vector<ProgramId> parts{program};
  for (const auto& [place, count] : wanted)
    parts.insert(parts.end(), count, t.terms.pop(locations[place], t.terms.constant("t")));
  for (const Symbol location : locations)
    parts.push_back(t.terms.pop(location, t.terms.constant("end")));
  t.ask(t.terms.seq(parts), marking_memory(t.terms, net, locations, Below::mark));
}

}  // namespace ordo::machine::rmc
