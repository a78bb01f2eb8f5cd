// For fuzz targets: what every reader of labelled examples must give.
#pragma once

#include <cmath>

#include "ordo/data/labelled.h"

namespace ordo::data {

/// Ends the process unless the examples fit their labels, the labels their classes, and all
/// elements are finite.
inline void trap_unless_sound(const Labelled& data) {
  const bool fits = !data.examples.shape().empty() && data.examples.shape()[0] == data.size() &&
                    data.own_training >= 0 && data.own_training <= data.size();
  if (!fits) __builtin_trap();
  for (const std::int64_t label : data.labels) {
    if (label < 0 || label >= static_cast<std::int64_t>(data.classes.size())) __builtin_trap();
  }
  for (const double element : data.examples.to_doubles()) {
    if (!std::isfinite(element)) __builtin_trap();
  }
  if (hash_of(data).size() != 64) __builtin_trap();
}

}  // namespace ordo::data
