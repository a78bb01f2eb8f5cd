// Intervals for the probability of success behind `successes` in `trials`. All throw UsageError if
// there are more successes than trials; without trials the answer is [0, 1].
#pragma once

#include <cstdint>

#include "ordo/stats/interval.h"

namespace ordo::stats {

/// Exact: never covers less than `level` (Clopper and Pearson 1934). One-sided intervals end at 0
/// or 1 on their open side.
Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, double level = 0.95,
                         Side side = Side::both);
/// Wilson's score interval (1927): shorter, covers `level` on average over probabilities.
Interval wilson(std::uint64_t successes, std::uint64_t trials, double level = 0.95,
                Side side = Side::both);

}  // namespace ordo::stats
