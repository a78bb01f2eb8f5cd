#include "ordo/train/landscape.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/layers.h"
#include "ordo/nets/model_folder.h"
#include "ordo/tensor/device.h"
#include "ordo/tensor/random.h"
#include "ordo/train/distance_fit.h"
#include "ordo/train/prepare.h"

namespace ordo::train {
namespace {

// The losses' mean and deviation, gathered one by one (Welford, Technometrics 4, 1962).
class Spread {
 public:
  void add(double value) {
    ++count_;
    const double delta = value - mean_;
    mean_ += delta / count_;
    squares_ += delta * (value - mean_);
  }
  double mean() const { return mean_; }
  double deviation() const { return std::sqrt(squares_ / (count_ - 1)); }

 private:
  double count_ = 0, mean_ = 0, squares_ = 0;
};

double loss_of(nets::Net& net, const Examples& examples) {
  return torch::cross_entropy_loss(net.forward(examples.inputs).to(torch::kFloat64),
                                   examples.labels)
      .item<double>();
}

void require(const LandscapeOptions& options) {
  if (options.samples < 2) throw UsageError("--samples: a deviation needs two samples at least");
  if (options.radii.empty()) throw UsageError("--radii: expected at least one radius");
  for (const double radius : options.radii) {
    if (!(radius > 0)) throw UsageError(fmt::format("--radii: {:g} is not above 0", radius));
  }
}

}  // namespace

void LandscapeOptions::describe(OptionSet& set) {
  data.describe(set);
  set.add("model", model,
          "Network whose fresh weights are the centre, NAME or NAME:key=value,... .");
  set.add("from", from, "Model whose weights are the centre instead.").placeholder("DIR");
  set.add("radii", radii, "Distances from the centre.");
  set.add("samples", samples, "Directions drawn at each distance.").range(2);
  set.add("examples", examples, "Training examples that the loss is of.").range(2);
  set.add("device", device, "cpu, cuda or cuda:N.");
}

Landscape landscape(const LandscapeOptions& options, const data::Folders& folders,
                    Context& context) {
  require(options);
  tensor::set_threads(context.threads);
  LearningRecipe learning;
  learning.model = options.model;
  learning.device = options.device;
  const Placement placement = placement_of(learning);
  DataHistory history;
  std::shared_ptr<nets::Net> net;
  if (!options.from.empty()) {
    const nets::Model model = nets::load_model(options.from);
    history = {
        .scaler = data::scaler_from_json(model.scaling, (options.from / "model.json").string()),
        .classes = model.classes,
        .split = std::nullopt,
        .source = options.from.string()};
    net = model.net;
  }
  const PreparedData data =
      prepare_data(options.data, history, folders, placement, context.random.split("data"));
  if (!net) net = nets::make_net(spec_for(learning, data), context.random.split("init"));
  net->to(placement.device, placement.dtype);
  nets::FlatParameters parameters(*net);
  const torch::NoGradGuard no_grad;
  net->train();
  nets::set_dropout_streams(*net, context.random.split("dropout"));

  const Examples examples = data.train.first(std::min(options.examples, data.train.size()));
  Landscape result{.centre = loss_of(*net, examples),
                   .samples = options.samples,
                   .examples = examples.size(),
                   .parameters = parameters.values().numel()};
  const torch::Tensor centre = parameters.values().clone();
  torch::Tensor direction = torch::empty_like(centre);
  std::vector<double> radii = options.radii, deviations;
  std::ranges::sort(radii);
  const Random stream = context.random.split("directions");
  std::vector<Spread> spreads(radii.size());
  for (std::int64_t sample = 0; sample < options.samples; ++sample) {
    context.check_stop();
    tensor::fill(direction, tensor::Draw::normal(1),
                 stream.split(static_cast<std::uint64_t>(sample)));
    const double norm = direction.to(torch::kFloat64).norm().item<double>();
    for (std::size_t index = 0; index < radii.size(); ++index) {
      parameters.values().copy_(torch::add(centre, direction, radii[index] / norm));
      const double loss = loss_of(*net, examples);
      if (!std::isfinite(loss)) {
        throw NumericError(fmt::format(
            "the loss at distance {:g} is not finite; leave such large --radii out", radii[index]));
      }
      spreads[index].add(loss);
    }
    context.progress("landscape", static_cast<double>(sample + 1),
                     static_cast<double>(options.samples), "directions");
  }
  for (std::size_t index = 0; index < radii.size(); ++index) {
    result.radii.push_back({radii[index], spreads[index].mean(), spreads[index].deviation()});
    deviations.push_back(result.radii.back().deviation);
  }
  if (radii.size() >= 2 && radii.front() < radii.back() &&
      *std::ranges::min_element(deviations) > 0) {
    const PowerFit fit = fit_power(radii, deviations);
    result.slope = fit.log_power;
    result.r2 = fit.log_r2;
  }
  return result;
}

Json to_json(const Landscape& landscape) {
  Json::Array radii;
  for (const Landscape::At& at : landscape.radii) {
    radii.push_back(
        Json::object({{"radius", at.radius}, {"mean", at.mean}, {"deviation", at.deviation}}));
  }
  return Json::object({{"centre", landscape.centre},
                       {"radii", std::move(radii)},
                       {"slope", landscape.slope},
                       {"r2", landscape.r2},
                       {"alpha", 2 * landscape.slope},
                       {"samples", landscape.samples},
                       {"examples", landscape.examples},
                       {"parameters", landscape.parameters}});
}

std::string to_text(const Landscape& landscape) {
  std::string text = fmt::format(
      "loss of {} examples around a point of {} parameters: {:.4f} there; {} directions\n"
      "distance      mean  deviation\n",
      landscape.examples, landscape.parameters, landscape.centre, landscape.samples);
  for (const Landscape::At& at : landscape.radii) {
    text += fmt::format("{:<8g}  {:>8.4f}  {:>9.4g}\n", at.radius, at.mean, at.deviation);
  }
  if (landscape.slope != 0) {
    text += fmt::format("the deviation grows as distance^{:.3f} (R2 {:.4f}): alpha = {:.2f}\n",
                        landscape.slope, landscape.r2, 2 * landscape.slope);
  }
  return text;
}

}  // namespace ordo::train
