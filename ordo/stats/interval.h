// What every method of this room answers with: an interval, and which side of it was asked for.
#pragma once

#include <limits>

namespace ordo::stats {

/// Which bounds an interval has. A one-sided interval puts the whole error on its one bound.
enum class Side {
  both,   ///< [lower, upper], half of the error on each
  lower,  ///< [lower, inf): "at least"
  upper,  ///< (-inf, upper]: "at most"
};

/// What a test's p-value counts as evidence against its null hypothesis.
enum class Alternative {
  two_sided,  ///< a difference in either direction
  greater,    ///< the parameter lies above the null's
  less,       ///< the parameter lies below the null's
};

/// A closed interval; a bound that the data cannot give is infinite.
struct Interval {
  double lower = -std::numeric_limits<double>::infinity();  ///< lower confidence bound
  double upper = std::numeric_limits<double>::infinity();   ///< upper confidence bound

  bool contains(double value) const { return lower <= value && value <= upper; }
};

/// The error left to each bound that `side` has, of an interval at confidence `level`.
inline double tail_error(double level, Side side) {
  return side == Side::both ? (1 - level) / 2 : 1 - level;
}

}  // namespace ordo::stats
