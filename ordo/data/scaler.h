// Input scaling, fitted once and kept with the model: y = (x - shift) * factor, by feature or by
// channel. New data are scaled by the old numbers, because the weights expect them; how far the new
// data have moved is what drift.h reports.
//
// What shares numbers is a group, see groups.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/data/groups.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

enum class Scaling {
  none,      ///< y = x
  unit,      ///< the range [low, high] becomes [0, 1]
  centred,   ///< the range becomes [-1, 1]: unit, then mean .5 and deviation .5
  standard,  ///< each group gets mean 0 and standard deviation 1
};

/// "none", "unit", "centred", "standard".
std::string_view to_string(Scaling scaling);
/// Throws UsageError naming the choices.
Scaling scaling_of(const std::string& name);

struct Scaler {
  Scaling scaling = Scaling::none;
  Shape example_shape = {};             ///< of one example
  std::vector<float> shift = {};        ///< [groups]
  std::vector<float> factor = {};       ///< [groups]
  std::vector<GroupStatistics> fitted;  ///< [groups]
  std::vector<std::string> names = {};  ///< [groups] of a table's columns; else empty
  std::int64_t examples = 0;            ///< how many it was fitted on

  std::int64_t groups() const { return static_cast<std::int64_t>(shift.size()); }
};

/// Fits on the examples `on` (the training set: never on what is tested). `unit` and `centred` take
/// the data's declared range, else the smallest and largest value of each group. A group without
/// spread gets factor 1 and is only shifted. Throws UsageError if `on` is empty.
Scaler fit_scaler(const Labelled& data, IndexSpan on, Scaling scaling);

Json to_json(const Scaler& scaler);
/// Throws InputError with `source` and the JSON pointer of what is wrong.
Scaler scaler_from_json(const Json& json, const std::string& source);

/// Throws InputError naming both shapes if the data's examples are not shaped as the scaler's, and
/// naming the column if a table's columns have other names.
void require_fits(const Scaler& scaler, const Labelled& data);

/// The examples `which`, scaled, one after the other into `out` [|which| * example_count]:
/// gathering and scaling in one pass. Bytes go through a table of 256 values where one group covers
/// all.
void gather(const Scaler& scaler, const Labelled& data, IndexSpan which, std::span<float> out);

}  // namespace ordo::data
