// Effect sizes: how large a difference is, in units that do not depend on the measure's own.
#pragma once

#include <span>

namespace ordo::stats {

/// Cohen's d: difference of means over the pooled standard deviation. With no spread at all it is 0
/// for equal means and infinite otherwise. Each sample needs 2 values.
double cohen_d(std::span<const double> first, std::span<const double> second);
/// d_z: mean over standard deviation of paired differences; 0 or infinite without spread.
double cohen_dz(std::span<const double> differences);
/// Hedges' g: d times the exact small-sample correction
/// J(m) = gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)), m = n1 + n2 - 2 (Hedges 1981).
double hedges_g(std::span<const double> first, std::span<const double> second);
/// Cliff's delta: P(X > Y) - P(X < Y) over all pairs. O((n + m) log(n + m)).
double cliffs_delta(std::span<const double> first, std::span<const double> second);
/// Common-language effect, Vargha and Delaney's A: P(X > Y) + P(X = Y) / 2.
double common_language(std::span<const double> first, std::span<const double> second);

}  // namespace ordo::stats
