// Learning rates over time, and clipping.
#pragma once

#include <cstdint>
#include <string>

#include "ordo/base/json.h"
#include "ordo/base/options.h"
#include "ordo/nets/parameters.h"

namespace ordo::optimize {

/// The factor on the base rate at each step: an optional linear warm-up, then the shape.
struct Schedule {
  std::string shape = "constant";  ///< constant, step, cosine, linear, exponential
  std::int64_t warmup = 0;         ///< steps of linear warm-up from 0
  std::int64_t total = 0;          ///< steps at which cosine and linear reach `floor`
  std::int64_t every = 0;          ///< steps between drops (step)
  double factor = 0.1;             ///< of a drop (step), a step (exponential)
  double floor = 0;                ///< the last factor (cosine, linear)
  void describe(OptionSet& set);
};
/// Throws UsageError if the shape's own fields are missing.
double rate_factor(const Schedule& schedule, std::int64_t step);

/// Scales the gradients so that their norm is at most `limit`; returns the norm before. A norm that
/// is not finite leaves them as they are.
double clip_norm(nets::FlatParameters& parameters, double limit);

}  // namespace ordo::optimize
