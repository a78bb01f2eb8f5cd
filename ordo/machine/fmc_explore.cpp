// All outcomes of a term that reads rnd or nd. Each run follows a list of choices and stops where
// it needs one more; then both longer lists wait. A run that takes long waits again with twice the
// steps, so that no endless one hides the others.
#include <cmath>
#include <deque>
#include <unordered_map>

#include <fmt/format.h>

#include "ordo/machine/fmc_machine.h"

namespace ordo::machine::fmc {

Distribution explore(Terms& terms, const Module& module, TermId term, const MemoryText& memory,
                     const Limits& limits, Context& context) {
  struct Pending {
    std::vector<bool> choices;
    std::uint64_t budget;
  };
  Distribution found;
  std::unordered_map<std::string, std::size_t> known;
  std::deque<Pending> pending{{{}, 10'000}};
  std::uint64_t spent = 0;
  const auto weight = [](const Pending& p) {
    return std::ldexp(1.0, -static_cast<int>(p.choices.size()));
  };
  while (!pending.empty()) {
    if (spent >= limits.steps() || found.outcomes.size() >= limits.answers()) break;
    Pending next = std::move(pending.front());
    pending.pop_front();
    RunOptions options{limits, next.choices, true};
    options.limits.max_steps = std::min(next.budget, limits.steps() - spent);
    RunResult result = run(terms, module, term, memory, options, context);
    spent += std::max<std::uint64_t>(1, result.steps);
    if (result.wants_choice) {
      for (const bool choice : {true, false}) {
        Pending longer = next;
        longer.choices.push_back(choice);
        pending.push_back(std::move(longer));
      }
    } else if (result.status == Status::limit && result.reason == to_string(Limit::steps)) {
      pending.push_back({std::move(next.choices), 2 * next.budget});
    } else {
      const std::string key =
          fmt::format("{} {} {} {}", static_cast<int>(result.status), terms.text(result.exit),
                      result.reason, print_memory(terms, result.memory));
      const auto [place, fresh] = known.try_emplace(key, found.outcomes.size());
      if (fresh) found.outcomes.push_back({std::move(result), 0, 0});
      found.outcomes[place->second].weight += weight(next);
      ++found.outcomes[place->second].count;
    }
  }
  for (const Pending& left : pending) found.unexplored += weight(left);
  return found;
}

}  // namespace ordo::machine::fmc
