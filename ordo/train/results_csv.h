// results.csv of a model's folder: a line an epoch of its training.
#pragma once

#include <optional>
#include <string>

#include "ordo/train/distance.h"
#include "ordo/train/evaluate.h"
#include "ordo/train/trainer.h"

namespace ordo::train {

/// The names of the columns; with a tracker, those of its layers too.
std::string results_header(const std::optional<DistanceTracker>& tracker);
/// An epoch's line. Columns of what was not measured are empty.
std::string results_line(const Epoch& epoch, const std::optional<Evaluation>& validation,
                         const std::optional<DistanceTracker>& tracker);

}  // namespace ordo::train
