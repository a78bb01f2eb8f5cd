#include "ordo/train/prepare.h"

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/data/sampling.h"
#include "ordo/tensor/device.h"
#include "ordo/train/named_spec.h"

namespace ordo::train {
namespace {

data::Scaling scaling_for(const std::string& name, const data::Labelled& data) {
  if (name != "auto") return data::scaling_of(name);
  return data.range ? data::Scaling::unit : data::Scaling::standard;
}

// The history's split, if there is one: what was tested on must not be trained on later.
data::Split split_for(data::SplitOptions wanted, const DataHistory& history,
                      const data::Labelled& data) {
  if (!history.split) return data::make_split(data, wanted);
  data::Split split = data::restore_split(*history.split, data, history.source);
  data::SplitOptions defaults;
  const Json asked = describe(wanted).to_json(), kept = describe(split.options).to_json();
  if (!(asked == kept) && !(asked == describe(defaults).to_json())) {
    throw UsageError(fmt::format(
        "{} was trained on another split ({}); leave the split's options out to keep it",
        history.source, kept.dump()));
  }
  return split;
}

}  // namespace

Placement placement_of(const LearningRecipe& recipe) {
  return {.device = tensor::parse_device(recipe.device),
          .dtype = tensor::parse_dtype(recipe.dtype)};
}

nets::Spec spec_for(const LearningRecipe& recipe, const PreparedData& data) {
  const NamedSpec named = parse_named_spec(recipe.model.value_or("mlp"));
  return {.name = named.name,
          .options = named.options,
          .input = data.input,
          .outputs = static_cast<std::int64_t>(data.classes.size())};
}

PreparedData prepare_data(const DataRecipe& recipe, const DataHistory& history,
                          const data::Folders& folders, const Placement& placement,
                          const Random& stream) {
  data::LoadOptions load = recipe.load;
  if (!history.classes.empty()) load.classes = history.classes;
  const data::Labelled labelled = data::load(recipe.data, load, folders);

  PreparedData prepared;
  prepared.split = split_for(recipe.split, history, labelled);
  data::Indices train = prepared.split.train;
  if (recipe.train_size > 0) {
    // A random part of what the split shuffled is a prefix of another shuffle of it.
    Random drawing = stream.split("train-size");
    train = data::subsample(train, recipe.train_size, data::Draw::simple, labelled.labels, drawing);
    drawing.shuffle(std::span<std::int64_t>(train));
  }
  std::vector<std::int64_t> labels = labelled.labels;
  if (recipe.label_noise > 0) {
    data::NoisyLabels noisy = data::add_label_noise(labelled, train, recipe.label_noise,
                                                    data::LabelNoise::any, stream.split("noise"));
    labels = std::move(noisy.labels);
    prepared.noisy_labels = noisy.changed;
  }
  if (history.scaler) {
    data::require_fits(*history.scaler, labelled);
    prepared.scaler = *history.scaler;
    prepared.drift = data::drift(*history.scaler, labelled, train);
  } else {
    prepared.scaler = data::fit_scaler(labelled, train, scaling_for(recipe.scaling, labelled));
  }
  prepared.classes = labelled.classes;
  prepared.input = input_shape(labelled);
  prepared.hash = data::hash_of(labelled);
  const auto examples = [&](data::IndexSpan which, std::span<const std::int64_t> classes) {
    return make_examples(labelled, prepared.scaler, which, classes, placement);
  };
  prepared.train = examples(train, labels);
  prepared.validation = examples(prepared.split.validation, labelled.labels);
  prepared.test = examples(prepared.split.test, labelled.labels);
  return prepared;
}

}  // namespace ordo::train
