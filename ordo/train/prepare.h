// From a recipe to what training needs: examples on the device, and the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/data/catalogue.h"
#include "ordo/data/drift.h"
#include "ordo/data/scaler.h"
#include "ordo/nets/model_folder.h"
#include "ordo/train/examples.h"
#include "ordo/train/recipe.h"

namespace ordo::train {

struct PreparedData {
  data::Split split;
  data::Scaler scaler;
  std::vector<std::string> classes;
  std::vector<std::int64_t> input;   ///< shape of an example, as networks see it
  Examples train;                    ///< in the split's order: a prefix is what came first
  Examples validation, test;         ///< may be empty
  std::int64_t noisy_labels = 0;     ///< training labels that noise changed
  std::optional<data::Drift> drift;  ///< from the examples that a given scaler was fitted on
  std::string hash;                  ///< SHA-256 of the data
};

/// What an earlier model dictates to the data of the next.
struct DataHistory {
  std::optional<data::Scaler> scaler;
  std::vector<std::string> classes;  ///< the head's, in its order
  std::optional<Json> split;         ///< record of the split that the model was trained on
  std::string source;                ///< where it comes from, for messages
};

/// Loads, splits, draws, perturbs labels and scales. What is drawn from the training part and which
/// labels are noisy comes from `stream`. Throws UsageError if the recipe asks for another split
/// than history's, besides what loading throws.
PreparedData prepare_data(const DataRecipe& recipe, const DataHistory& history,
                          const data::Folders& folders, const Placement& placement,
                          const Random& stream);

/// Type and device of a recipe. Throws UsageError.
Placement placement_of(const LearningRecipe& recipe);

/// The architecture that the recipe names, for these data.
nets::Spec spec_for(const LearningRecipe& recipe, const PreparedData& data);

}  // namespace ordo::train
