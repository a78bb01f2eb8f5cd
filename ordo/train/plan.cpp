#include "ordo/train/plan.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/stats/estimates.h"
#include "ordo/tensor/device.h"
#include "ordo/train/named_spec.h"

namespace ordo::train {
namespace {

constexpr int kTimedSteps = 20;

// One step of ghosts that are accumulated is as many passes as there are ghosts.
void differentiate(nets::Net& net, nets::FlatParameters& parameters, const Examples& batch,
                   const FitOptions& fit) {
  if (fit.ghost_form == GhostForm::layer) {
    net.differentiate(batch.inputs, batch.labels, parameters).loss.item<double>();
    return;
  }
  std::int64_t row = 0;
  for (const std::int64_t size : nets::ghost_sizes(batch.size(), fit.ghosts)) {
    const Examples ghost = batch.range(row, row + size);
    net.differentiate(ghost.inputs, ghost.labels, parameters).loss.item<double>();
    row += size;
  }
}

// The regime's phases as they will be.
std::vector<Plan::Phase> phases_of(const BatchPlan& batch, const NamedSpec& optimizer,
                                   std::int64_t steps_an_epoch) {
  std::vector<Plan::Phase> phases;
  if (!batch.schedule) return phases;
  RegimePlayer player(*batch.schedule, optimizer, batch.fit.rate / batch.rate_factor,
                      batch.rate_factor);
  for (const Regime::ChangeAt& change : batch.schedule->changes) {
    player.advance(change.update);
    phases.push_back(
        {.update = change.update,
         .epoch = static_cast<double>(change.update) / static_cast<double>(steps_an_epoch),
         .rate = player.rate(),
         .optimizer = to_string(player.spec())});
  }
  return phases;
}

double median_step(nets::Net& net, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
                   const Examples& examples, const FitOptions& fit) {
  const Examples batch = examples.first(std::min(fit.batch_size, examples.size()));
  std::vector<double> seconds;
  for (int step = 0; step < kTimedSteps; ++step) {
    const auto begin = std::chrono::steady_clock::now();
    // Not learning: a rate of zero leaves the network alone and costs the same.
    differentiate(net, parameters, batch, fit);
    optimizer.step(parameters, 0);
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return stats::median(seconds);
}

}  // namespace

Plan plan(const RunOptions& options, const data::Folders& folders, Context& context) {
  tensor::set_threads(context.threads);
  const Placement placement = placement_of(options.learning);
  const PreparedData data =
      prepare_data(options.data, {}, folders, placement, context.random.split("data"));
  const BatchPlan batch = plan_batches(options.batch, options.learning, data.train.size());
  const FitOptions& fit = batch.fit;
  nets::Spec spec = spec_for(options.learning, data);
  const auto net = nets::make_net(spec, context.random.split("init"));
  if (fit.ghosts.ghost_size > 0 && fit.ghost_form == GhostForm::layer) {
    set_ghosts(spec, *net, fit.ghosts.ghost_size);
  }
  net->to(placement.device, placement.dtype);
  nets::FlatParameters parameters(*net);
  const NamedSpec named = parse_named_spec(options.learning.optimizer);
  const auto optimizer = optimize::make_optimizer(named.name, named.options);

  Plan result;
  for (const auto& entry : parameters.entries()) {
    result.tensors.push_back({entry.parameter.name, entry.parameter.value.sizes().vec()});
  }
  result.parameters = parameters.values().numel();
  result.train_examples = data.train.size();
  result.validation_examples = data.validation.size();
  result.test_examples = data.test.size();
  result.classes = static_cast<std::int64_t>(data.classes.size());
  result.steps_per_epoch = steps_per_epoch(data.train.size(), fit.batch_size);
  result.rate = fit.rate;
  result.batch_size = fit.batch_size;
  result.base_batch = batch.base_batch;
  result.ghost_size = fit.ghosts.ghost_size;
  result.noise_variance = fit.noise_variance;
  result.regime = phases_of(batch, named, result.steps_per_epoch);
  if (!result.regime.empty()) result.rate = result.regime.front().rate;
  result.updates = fit.stop.steps > 0 ? fit.stop.steps : fit.stop.epochs * result.steps_per_epoch;
  result.warnings = batch.warnings;
  for (const Examples* part : {&data.train, &data.validation, &data.test}) {
    result.data_mib += static_cast<double>(part->inputs.nbytes()) / (1 << 20);
  }
  net->train();
  result.seconds_per_step = median_step(*net, parameters, *optimizer, data.train, fit);
  return result;
}

Json to_json(const Plan& plan) {
  Json::Array tensors;
  for (const Plan::Tensor& tensor : plan.tensors) {
    tensors.push_back(
        Json::object({{"name", tensor.name}, {"shape", Json::array_of(tensor.shape)}}));
  }
  Json::Array regime;
  for (const Plan::Phase& phase : plan.regime) {
    regime.push_back(Json::object({{"update", phase.update},
                                   {"epoch", phase.epoch},
                                   {"rate", phase.rate},
                                   {"optimizer", phase.optimizer}}));
  }
  return Json::object({{"parameters", plan.parameters},
                       {"tensors", std::move(tensors)},
                       {"train-examples", plan.train_examples},
                       {"validation-examples", plan.validation_examples},
                       {"test-examples", plan.test_examples},
                       {"classes", plan.classes},
                       {"steps-per-epoch", plan.steps_per_epoch},
                       {"rate", plan.rate},
                       {"batch-size", plan.batch_size},
                       {"base-batch", plan.base_batch},
                       {"ghost-size", plan.ghost_size},
                       {"noise-variance", plan.noise_variance},
                       {"regime", std::move(regime)},
                       {"updates", plan.updates},
                       {"epochs", plan.epochs()},
                       {"seconds", plan.seconds()},
                       {"warnings", Json::array_of(plan.warnings)},
                       {"data-mib", plan.data_mib},
                       {"seconds-per-step", plan.seconds_per_step},
                       {"seconds-per-epoch", plan.seconds_per_epoch()}});
}

std::string to_text(const Plan& plan) {
  std::string text;
  for (const Plan::Tensor& tensor : plan.tensors) {
    text += fmt::format("  {:<32} [{}]\n", tensor.name, fmt::join(tensor.shape, ", "));
  }
  text += fmt::format(
      "{} parameters, {} classes, learning rate {:.6g}\n"
      "{} training, {} validation, {} test examples: {:.1f} MiB on the device\n"
      "{} steps an epoch at {:.3f} ms: {:.2f} s an epoch\n",
      plan.parameters, plan.classes, plan.rate, plan.train_examples, plan.validation_examples,
      plan.test_examples, plan.data_mib, plan.steps_per_epoch, 1e3 * plan.seconds_per_step,
      plan.seconds_per_epoch());
  if (plan.ghost_size > 0) {
    text += fmt::format("batches of {} in ghosts of {}\n", plan.batch_size, plan.ghost_size);
  }
  if (plan.noise_variance > 0) {
    text += fmt::format("factors on the losses of variance {:g}\n", plan.noise_variance);
  }
  if (!plan.regime.empty()) text += "  update     epoch  rate        optimizer\n";
  for (const Plan::Phase& phase : plan.regime) {
    text += fmt::format("{:>8}  {:>8.2f}  {:<10.6g}  {}\n", phase.update, phase.epoch, phase.rate,
                        phase.optimizer);
  }
  if (plan.updates > 0) {
    text += fmt::format("{} updates, {:.6g} epochs: {:.1f} s of training on this machine\n",
                        plan.updates, plan.epochs(), plan.seconds());
  }
  for (const std::string& warning : plan.warnings) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace ordo::train
