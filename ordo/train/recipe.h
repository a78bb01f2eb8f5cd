// Everything that says how a network is trained. A recipe is a TOML file or flags: the same names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ordo/base/options.h"
#include "ordo/data/labelled.h"
#include "ordo/data/split.h"
#include "ordo/train/trainer.h"

namespace ordo::train {

/// What is learnt from.
struct DataRecipe {
  std::string data = "digits";  ///< a name of `ordo data list`, or the user's file or folder
  data::LoadOptions load;
  data::SplitOptions split;
  std::string scaling = "auto";  ///< "auto", or as data::scaling_of takes it
  std::int64_t train_size = 0;   ///< examples drawn from the training part; 0: all
  double label_noise = 0;        ///< fraction of training labels drawn anew from all classes
  void describe(OptionSet& set);
};

/// How the network is built and learns.
struct LearningRecipe {
  std::optional<std::string> model;  ///< NAME[:key=value,...]; by default a perceptron, "mlp"
  std::string optimizer = "adam";    ///< NAME[:key=value,...]
  std::optional<double> rate;        ///< the optimizer's own default
  std::int64_t batch_size = 128;
  optimize::Schedule schedule;
  double clip = 0;
  StopRules stop;
  std::string criterion = "plain";
  std::string device = "cpu";
  std::string dtype = "float32";
  void describe(OptionSet& set);
};

/// The trainer's options: the rate by default the optimizer's. Throws UsageError.
FitOptions fit_options(const LearningRecipe& recipe);

/// All of them as JSON, for checkpoints and records.
Json to_json(DataRecipe recipe);
Json to_json(LearningRecipe recipe);

}  // namespace ordo::train
