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

double median_step(nets::Net& net, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
                   const Examples& examples, const FitOptions& fit) {
  const Examples batch = examples.first(std::min(fit.batch_size, examples.size()));
  std::vector<double> seconds;
  for (int step = 0; step < kTimedSteps; ++step) {
    const auto begin = std::chrono::steady_clock::now();
    // Not learning: a rate of zero leaves the network alone and costs the same.
    net.differentiate(batch.inputs, batch.labels, parameters).loss.item<double>();
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
  const FitOptions fit = fit_options(options.learning);
  const auto net = nets::make_net(spec_for(options.learning, data), context.random.split("init"));
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
  result.steps_per_epoch = (data.train.size() + fit.batch_size - 1) / fit.batch_size;
  result.rate = fit.rate;
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
  return Json::object({{"parameters", plan.parameters},
                       {"tensors", std::move(tensors)},
                       {"train-examples", plan.train_examples},
                       {"validation-examples", plan.validation_examples},
                       {"test-examples", plan.test_examples},
                       {"classes", plan.classes},
                       {"steps-per-epoch", plan.steps_per_epoch},
                       {"rate", plan.rate},
                       {"data-mib", plan.data_mib},
                       {"seconds-per-step", plan.seconds_per_step},
                       {"seconds-per-epoch", plan.seconds_per_epoch()}});
}

std::string to_text(const Plan& plan) {
  std::string text;
  for (const Plan::Tensor& tensor : plan.tensors) {
    text += fmt::format("  {:<32} [{}]\n", tensor.name, fmt::join(tensor.shape, ", "));
  }
  return text + fmt::format(
                    "{} parameters, {} classes, learning rate {}\n"
                    "{} training, {} validation, {} test examples: {:.1f} MiB on the device\n"
                    "{} steps an epoch at {:.3f} ms: {:.2f} s an epoch\n",
                    plan.parameters, plan.classes, plan.rate, plan.train_examples,
                    plan.validation_examples, plan.test_examples, plan.data_mib,
                    plan.steps_per_epoch, 1e3 * plan.seconds_per_step, plan.seconds_per_epoch());
}

}  // namespace ordo::train
