// How two columns go together: correlations and the area under the ROC curve, each with an
// interval. Pairs must be finite; too few of them or a constant column throws, see each function.
#pragma once

#include <span>

#include "ordo/stats/interval.h"

namespace ordo::stats {

struct Association {
  double estimate = 0;  ///< the coefficient
  Interval interval;    ///< two-sided, at the level asked for
  double p_value = 1;   ///< two-sided, of no association (AUROC: of 0.5)
};

/// Pearson's r; interval by Fisher's z (needs 4 pairs, else the whole [-1, 1]), p by Student's t on
/// n - 2 degrees. Throws NumericError for a constant column, UsageError for fewer than 2 pairs.
Association pearson(std::span<const double> x, std::span<const double> y, double level = 0.95);

/// Spearman's rho: r of midranks. Interval by Fisher's z with the standard error
/// sqrt((1 + rho^2 / 2) / (n - 3)) of Bonett and Wright (2000); p by Student's t. Throws as
/// `pearson`.
Association spearman(std::span<const double> x, std::span<const double> y, double level = 0.95);

/// Kendall's tau-b. Interval by Fisher's z with variance 0.437 / (n - 4) (Fieller, Hartley and
/// Pearson 1957); p from the normal approximation with Kendall's tie correction. O(n^2). Throws as
/// `pearson`.
Association kendall(std::span<const double> x, std::span<const double> y, double level = 0.95);

/// Area under the ROC curve, P(positive scores higher) + P(tie) / 2, with the interval of DeLong,
/// DeLong and Clarke-Pearson (1988) on the logit scale, where it cannot leave [0, 1]; p is Mann and
/// Whitney's. Each class needs 1 value. Where DeLong's variance vanishes: at an estimate of 0 or 1
/// Clopper and Pearson's interval for min(n, m) disjoint pairs that all agree, else (all scores
/// tied, or 1 value in a class) [0, 1].
Association auroc(std::span<const double> positive, std::span<const double> negative,
                  double level = 0.95);

}  // namespace ordo::stats
