// Ratios of paired measures: steps(a) / steps(b) with an interval. A claim `a <= 0.9 * b` needs no
// ratio: it is a bound on the mean of a - 0.9 b (`differences` with a scale), which is defined even
// when b comes near zero. These are for saying how large the ratio is.
#pragma once

#include <span>

#include "ordo/base/random.h"
#include "ordo/stats/bootstrap.h"
#include "ordo/stats/interval.h"

namespace ordo::stats {

struct Ratio {
  double estimate = 0;  ///< numerator over denominator
  Interval interval;    ///< infinite where the data cannot bound the ratio; at least 0 if
                        ///< geometric
};

/// Ratio of means of pairs by Fieller's theorem (1954): all r for which Student's test of
/// mean(x - r y) = 0 does not reject. (-inf, inf) if the denominator's mean is not different from
/// zero at the same level. Throws NumericError if the denominator's mean is zero.
Ratio fieller_ratio(std::span<const double> numerator, std::span<const double> denominator,
                    double level = 0.95, Side side = Side::both);

/// Ratio of geometric means: exp of Student's interval of log(x) - log(y). For measures that vary
/// by factors (seconds, steps). Throws NumericError, naming the position, for a value <= 0.
Ratio geometric_ratio(std::span<const double> numerator, std::span<const double> denominator,
                      double level = 0.95, Side side = Side::both);

/// Ratio of means with a BCa interval over pairs. Throws NumericError if a resample's denominator
/// is zero.
BootstrapInterval bootstrap_ratio(std::span<const double> numerator,
                                  std::span<const double> denominator,
                                  const BootstrapOptions& options, Random& random);

}  // namespace ordo::stats
