// How far new data have moved from those that the input scaling was fitted on. A model that is
// trained on goes on with its first scaling, which its weights expect; a large drift is the reason
// to start anew.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/data/labelled.h"
#include "ordo/data/scaler.h"

namespace ordo::data {

/// A group whose values moved.
struct GroupDrift {
  std::int64_t group = 0;
  std::string name = {};    ///< the column's, or "feature 3", "channel 0"
  double mean_shift = 0;    ///< (new mean - old mean) / old deviation
  double spread_ratio = 1;  ///< new deviation / old deviation
  double outside = 0;       ///< fraction of elements outside the old smallest and largest value
};

struct Drift {
  std::int64_t examples = 0;      ///< new examples looked at
  std::vector<GroupDrift> moved;  ///< groups beyond the limits, farthest first
  std::int64_t groups = 0;        ///< groups looked at
};

/// Compares new examples with those the scaler was fitted on. A group has moved if its mean did by
/// more than 0.25 old deviations or its spread by more than a factor of 2 (Rubin, 2001, for
/// comparing two groups), beyond what 3 standard errors of so few examples explain. Of fewer than
/// 20 examples only the means are compared.
Drift drift(const Scaler& scaler, const Labelled& data, IndexSpan which);

Json to_json(const Drift& drift);
std::string to_text(const Drift& drift);

}  // namespace ordo::data
