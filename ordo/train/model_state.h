// A model on disk with everything that goes on from it: the folder of nets::Model, and beside it
// optimizer.safetensors, split.json, state.json, results.csv and origin.safetensors. The folder is
// replaced as a whole, so that there is always one that is complete.
#pragma once

#include <filesystem>
#include <string>

#include "ordo/base/json.h"
#include "ordo/nets/model_folder.h"
#include "ordo/optimize/optimizer.h"

namespace ordo::train {

inline constexpr int kStateVersion = 1;

/// What a folder holds besides the network.
struct ModelState {
  tensor::NamedTensors optimizer;
  Json split;            ///< record of the split; null if none
  Json recipe;           ///< what the training was asked for, to be compared when it is resumed
  Json fit;              ///< Trainer::state()
  std::string results;   ///< results.csv: a line an epoch; empty: none
  Json distance;         ///< DistanceTracker::state(); null if none
  torch::Tensor origin;  ///< the weights that distances count from, if there are any
  bool finished = false;
};

/// Throws IoError.
void save_state(const std::filesystem::path& folder, const nets::Model& model,
                const ModelState& state);
/// Throws IoError, InputError naming file and field.
ModelState load_state(const std::filesystem::path& folder);

}  // namespace ordo::train
