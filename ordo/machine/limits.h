// Limits of a run, the same for both machines.
#pragma once

#include <cstdint>
#include <string>

#include "ordo/base/options.h"

namespace ordo::machine {

struct Limits {
  std::uint64_t max_steps = 1'000'000'000;  ///< transitions or rewriting steps; 0: no limit
  std::uint64_t max_answers = 100;          ///< answers of a search that are kept; 0: no limit
  std::uint64_t max_memory = 4096;          ///< MiB of the machine's own memory

  void describe(OptionSet& set) {
    set.add("max-steps", max_steps, "Stop after this many steps (0: never).").placeholder("N");
    set.add("max-answers", max_answers, "Stop a search after this many answers (0: never).")
        .placeholder("N");
    set.add("max-memory", max_memory, "Stop when the machine holds this many MiB.")
        .range(1, 1 << 20)
        .placeholder("MIB");
  }
  std::uint64_t steps() const { return max_steps == 0 ? ~std::uint64_t{0} : max_steps; }
  std::uint64_t answers() const { return max_answers == 0 ? ~std::uint64_t{0} : max_answers; }
  std::uint64_t memory_bytes() const { return max_memory << 20; }
};

/// Which limit ended a run.
enum class Limit { none, steps, answers, memory, depth, time };

/// "max-steps" and so on, as the option is called; "" for none.
inline std::string to_string(Limit limit) {
  switch (limit) {
    case Limit::none:
      return "";
    case Limit::steps:
      return "max-steps";
    case Limit::answers:
      return "max-answers";
    case Limit::memory:
      return "max-memory";
    case Limit::depth:
      return "max-depth";
    case Limit::time:
      return "timeout";
  }
  return "";
}

}  // namespace ordo::machine
