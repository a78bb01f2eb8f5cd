// Sums and maxima over many numbers, kLanes at a time that do not wait for each other, so that
// compilers turn them into vectors; for loops of target_clones.h.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ordo/base/target_clones.h"

namespace ordo {

inline constexpr int kLanes = 16;

/// The sum of term(i) for i = 0, ..., size - 1, in the type Sum.
template <class Sum, class Term>
ORDO_INLINE Sum sum_in_lanes(std::int64_t size, const Term& term) {
  Sum lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  Sum sum = 0;
  for (; i < size; ++i) sum += term(i);
  for (const Sum lane : lanes) sum += lane;
  return sum;
}

/// The largest of at least one number; NaN that are not the first may be passed over.
template <class T>
ORDO_INLINE T largest_in_lanes(const T* __restrict numbers, std::int64_t size) {
  T lanes[kLanes];
  std::fill(lanes, lanes + kLanes, numbers[0]);
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = numbers[i + lane] > lanes[lane] ? numbers[i + lane] : lanes[lane];
    }
  }
  T largest = lanes[0];
  for (const T lane : lanes) largest = lane > largest ? lane : largest;
  for (; i < size; ++i) largest = numbers[i] > largest ? numbers[i] : largest;
  return largest;
}

}  // namespace ordo
