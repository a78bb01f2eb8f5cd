#include "ordo/train/recipe.h"

#include "ordo/optimize/optimizer.h"
#include "ordo/train/named_spec.h"

namespace ordo::train {

void DataRecipe::describe(OptionSet& set) {
  set.add("data", data, "Data set by name (see 'ordo data list'), or a file or folder of yours.");
  load.describe(set);
  split.describe(set);
  set.add("scaling", scaling, "Input scaling; auto: unit for images, standard for tables.")
      .choices({"auto", "none", "unit", "centred", "standard"});
  set.add("train-size", train_size, "Training examples, drawn from the training part; 0: all.")
      .range(0);
  set.add("label-noise", label_noise, "Fraction of training labels drawn anew from all classes.")
      .range(0, 1);
}

void LearningRecipe::describe(OptionSet& set) {
  set.add("model", model,
          "Network, NAME or NAME:key=value,... ('ordo train list' shows them); by default mlp.");
  set.add("optimizer", optimizer, "Optimizer, NAME or NAME:key=value,... .");
  set.add("rate", rate, "Learning rate; by default the optimizer's own.").range(0);
  set.add("batch-size", batch_size, "Examples in a step.").range(1).short_name('b');
  schedule.describe(set);
  set.add("clip", clip, "Largest norm of the gradient; 0: any.").range(0);
  set.add("until-accuracy", stop.until_accuracy,
          "Train until this accuracy on the training examples as they come by; 0: never mind.")
      .range(0, 1);
  set.add("criterion", criterion, "How that accuracy is counted.").choices({"plain", "legacy"});
  set.add("epochs", stop.epochs, "Train exactly so many epochs instead; 0: until the accuracy.")
      .range(0);
  set.add("steps", stop.steps, "Train exactly so many steps instead; 0: as --epochs says.")
      .range(0);
  set.add("max-epochs", stop.max_epochs, "Give up after so many epochs; 0: never.").range(0);
  set.add("max-steps", stop.max_steps, "Give up after so many steps; 0: never.").range(0);
  set.add("stall-epochs", stop.stall_epochs,
          "Give up after so many epochs without a better accuracy; 0: never.")
      .range(0);
  set.add("max-seconds", stop.max_seconds, "Give up after so many seconds of training; 0: never.")
      .range(0);
  set.add("device", device, "cpu, cuda or cuda:N.");
  set.add("dtype", dtype, "Type of the numbers.").choices({"float32", "float64", "bfloat16"});
}

FitOptions fit_options(const LearningRecipe& recipe) {
  FitOptions options{.batch_size = recipe.batch_size,
                     .rate = 0,
                     .schedule = recipe.schedule,
                     .clip = recipe.clip,
                     .stop = recipe.stop};
  options.stop.criterion = recipe.criterion == "legacy" ? Criterion::legacy : Criterion::plain;
  if (recipe.rate) {
    options.rate = *recipe.rate;
    return options;
  }
  const std::string name = parse_named_spec(recipe.optimizer).name;
  for (const optimize::OptimizerKind& kind : optimize::optimizer_kinds()) {
    if (kind.name == name) options.rate = kind.default_rate;
  }
  return options;
}

Json to_json(DataRecipe recipe) { return describe(recipe).to_json(); }
Json to_json(LearningRecipe recipe) { return describe(recipe).to_json(); }

}  // namespace ordo::train
