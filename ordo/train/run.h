// `ordo train run`: trains one network, anew, from a model of before, or where it was interrupted.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ordo/base/context.h"
#include "ordo/data/catalogue.h"
#include "ordo/tensor/process_group.h"
#include "ordo/train/batch_recipe.h"
#include "ordo/train/distance.h"
#include "ordo/train/evaluate.h"
#include "ordo/train/prepare.h"
#include "ordo/train/recipe.h"

namespace ordo::train {

struct RunOptions {
  DataRecipe data;
  LearningRecipe learning;
  BatchRecipe batch;
  std::filesystem::path from;       ///< folder of a model to start from; empty: a fresh network
  std::string init = "sp";          ///< warm-start method, when there is a model to start from
  bool grow_head = false;           ///< classes that the model does not know get new outputs
  std::filesystem::path out;        ///< folder for the model; empty: it is not kept
  bool resume = false;              ///< go on where `out` was interrupted
  double save_every = 30;           ///< seconds between checkpoints
  std::int64_t evaluate_every = 1;  ///< epochs between evaluations on the validation part
  void describe(OptionSet& set);
};

struct RunResult {
  Fit fit;
  Evaluation test, validation;
  std::int64_t parameters = 0;
  std::int64_t train_examples = 0, noisy_labels = 0;
  double images_per_second = 0;
  std::vector<std::string> layers;   ///< that distances are of
  std::vector<Distance> distances;   ///< if they were asked for
  std::optional<DistanceFits> fits;  ///< of the distances, if there are enough
  std::filesystem::path out;
  std::optional<data::Drift> drift;
};
Json to_json(const RunResult& result);
std::string to_text(const RunResult& result);
/// 0 if the fit reached what was asked for, else that of a limit.
ExitCode exit_code(const RunResult& result);

/// With a rendezvous of several processes, each trains on its part of every batch, and the first
/// keeps the model.
RunResult run(const RunOptions& options, const data::Folders& folders,
              const tensor::Rendezvous& rendezvous, Context& context);

}  // namespace ordo::train
