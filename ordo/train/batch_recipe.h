// How a training that was tuned with small batches is carried over to large ones (Hoffer, Hubara
// and Soudry, NIPS 2017): the rate and the gradient's noise, ghosts, the regime. Options, and what
// they come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/options.h"
#include "ordo/nets/model_folder.h"
#include "ordo/train/recipe.h"
#include "ordo/train/regime.h"
#include "ordo/train/trainer.h"

namespace ordo::train {

struct BatchRecipe {
  std::int64_t base_batch = 0;  ///< that rate and regime were made for; 0: --batch-size
  std::string lr_scaling = "none";
  std::int64_t ghost_bn = 0;  ///< rows of a ghost; 0: none
  std::string gbn = "layer";  ///< "layer", "accumulate"
  std::string grad_noise = "none";
  std::string regime;  ///< a name or a JSON file; empty: none
  bool regime_adapt = false;
  std::string regime_unit = "updates";
  std::string track_distance = "none";
  // What the authors' scripts call them.
  bool lr_bb_fix = false, no_lr_bb_fix = false, regime_bb_fix = false;
  std::int64_t mini_batch_size = 0;
  void describe(OptionSet& set);
};
Json to_json(BatchRecipe recipe);

/// What a recipe comes to, for so many examples.
struct BatchPlan {
  std::int64_t base_batch = 0;
  double rate_factor = 1;
  std::optional<Regime::Schedule> schedule;
  FitOptions fit;  ///< rate with the factor in it
  std::vector<std::string> warnings;
};
/// Throws UsageError for options that contradict each other, InputError for the regime.
BatchPlan plan_batches(const BatchRecipe& recipe, const LearningRecipe& learning,
                       std::int64_t examples);

/// Sets the ghost size of all batch norms of a network (0: whole batches), and of the spec that
/// says how it is built; weights and running statistics stay. Throws UsageError if it has none, or
/// for a size that none can have.
void set_ghosts(nets::Spec& spec, nets::Net& net, std::int64_t ghost_size);

}  // namespace ordo::train
