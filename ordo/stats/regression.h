// Straight lines through points: slopes with intervals, exponents from log-log slopes, and which of
// two transforms of x explains y better.
#pragma once

#include <span>

#include "ordo/base/random.h"
#include "ordo/stats/bootstrap.h"
#include "ordo/stats/interval.h"

namespace ordo::stats {

struct Line {
  double slope = 0;           ///< least-squares slope
  double intercept = 0;       ///< value at x = 0
  Interval slope_interval;    ///< Student, n - 2 degrees; infinite for 2 points
  double slope_error = 0;     ///< standard error of the slope; 0 for 2 points
  double residual_error = 0;  ///< residual standard deviation (divisor n - 2); 0 for 2 points
  double r_squared = 0;       ///< 1 - RSS / TSS; 1 if y is constant (nothing left to explain)
};

/// Least-squares line. Throws UsageError for fewer than 2 points, NumericError if x is constant.
Line fit_line(std::span<const double> x, std::span<const double> y, double level = 0.95);

/// The line of log(y) on log(x): y ~ exp(intercept) x^slope. Throws NumericError, naming the
/// position, for a value <= 0; else as `fit_line`.
Line fit_power_law(std::span<const double> x, std::span<const double> y, double level = 0.95);

struct FitComparison {
  double first = 0;              ///< R^2 of y on the first x
  double second = 0;             ///< R^2 of y on the second x
  BootstrapInterval difference;  ///< first - second, BCa over points
};

/// Which of two columns (two transforms of one x, say) is the better straight-line predictor of y?
/// Resamples that make a column or y constant count as a difference of 0. Needs 3 points.
FitComparison compare_fits(std::span<const double> first, std::span<const double> second,
                           std::span<const double> y, const BootstrapOptions& options,
                           Random& random);

}  // namespace ordo::stats
