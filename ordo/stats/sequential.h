// Looking more than once: how much of alpha each look may use.
//
// Claims use `next_look_level`, a split that needs nothing but the union bound, so it holds for any
// test (permutation included) and looks that nobody planned. `group_sequential_levels` is sharper
// but wants looks at fractions of a known final size and nearly normal estimates.
#pragma once

#include <span>
#include <vector>

namespace ordo::stats {

/// Level of the next look when the earlier looks used `spent`: the first look of a study gets
/// `first_share` of alpha, each added look half of what is left (0.8, 0.1, 0.05, ... of alpha), so
/// all looks together never use more than alpha. Throws UsageError if more than alpha was spent.
///
/// Cost, for 80 % power in one look: the registered look at 0.8 alpha needs 9 % more seeds than a
/// study that can never be extended (alpha = 0.05). 0.5 would cost 27 %; 1 allows no second look.
/// The union bound wants looks whose sizes do not depend on the data. One added look of the worst
/// possible size, chosen after seeing the first, still stays within alpha (0.05 to 0.005), because
/// looks at growing data are correlated: sequential_test.cpp integrates that worst case.
double next_look_level(double alpha, std::span<const double> spent, double first_share = 0.8);

/// Lan and DeMets' (1983) spending functions of the information fraction t in [0, 1].
enum class Spending {
  obrien_fleming,  ///< 2 - 2 Phi(z(1 - alpha / 2) / sqrt(t)): almost nothing early
  pocock,          ///< alpha log(1 + (e - 1) t): nearly even
};
double spent_alpha(Spending spending, double alpha, double fraction);

struct LookLevel {
  double fraction = 0;  ///< of the final information (seeds now / seeds at the end)
  double spent = 0;     ///< cumulative alpha up to and with this look
  double critical = 0;  ///< reject if z exceeds this
  double level = 0;     ///< the nominal one-sided level, P(Z > critical)
};

/// Nominal one-sided levels of looks at increasing `fractions` (last <= 1) such that the
/// probability of ever crossing under the null is spent_alpha at each look, for statistics with
/// correlation sqrt(t_i / t_j): recursive integration of the density of the uncrossed paths
/// (Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, ch. 19).
std::vector<LookLevel> group_sequential_levels(Spending spending, double alpha,
                                               std::span<const double> fractions);

}  // namespace ordo::stats
