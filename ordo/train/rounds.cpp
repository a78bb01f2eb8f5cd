#include "ordo/train/rounds.h"

#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/train/prepare.h"
#include "ordo/train/round_start.h"

namespace ordo::train {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double correlation_of(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor x = a.to(torch::kFloat64) - a.to(torch::kFloat64).mean();
  const torch::Tensor y = b.to(torch::kFloat64) - b.to(torch::kFloat64).mean();
  return (x.dot(y) / (x.norm() * y.norm())).item<double>();
}

}  // namespace

RoundSizes two_phase_sizes(std::int64_t examples, double fraction) {
  const auto first = static_cast<std::int64_t>(static_cast<double>(examples) * fraction);
  if (first < 1 || first >= examples) {
    throw UsageError(fmt::format(
        "a first phase of {:g} of {} examples leaves one of the two phases without new ones",
        fraction, examples));
  }
  return {first, examples};
}

RoundSizes online_sizes(std::int64_t examples, std::int64_t chunk) {
  if (chunk < 1) throw UsageError("a chunk needs at least one example");
  RoundSizes sizes;
  for (std::int64_t size = chunk; size < examples; size += chunk) sizes.push_back(size);
  sizes.push_back(examples);
  return sizes;
}

Lineage::Lineage(const nets::Spec& spec, const LearningRecipe& recipe, const Random& stream)
    : spec_(spec), recipe_(recipe), stream_(stream) {
  const Placement placement = placement_of(recipe);
  net_ = nets::make_net(spec, stream.split("init"));
  net_->to(placement.device, placement.dtype);
  parameters_ = std::make_unique<nets::FlatParameters>(*net_);
  const NamedSpec optimizer = parse_named_spec(recipe.optimizer);
  optimizer_ = optimize::make_optimizer(optimizer.name, optimizer.options);
  origin_ = parameters_->values().clone();
}

Lineage Lineage::fork() const {
  Lineage copy(spec_, recipe_, stream_);
  torch::NoGradGuard no_grad;
  copy.parameters_->values().copy_(parameters_->values());
  const auto from = net_->buffers();
  const auto to = copy.net_->buffers();
  for (std::size_t index = 0; index < from.size(); ++index) {
    torch::Tensor target = to[index];
    target.copy_(from[index]);
  }
  if (!optimizer_->state().empty()) copy.optimizer_->load_state(optimizer_->state());
  copy.rounds_ = rounds_;
  copy.seen_ = seen_;
  return copy;
}

RoundResult Lineage::round(const NamedSpec& method, const Examples& train, std::int64_t size,
                           const Examples& test, Context& context) {
  const Random stream = stream_.split("round").split(static_cast<std::uint64_t>(rounds_));
  const Examples examples = train.first(size);
  const torch::Tensor before = parameters_->values().clone();
  RoundResult result{.examples = size};

  Trainer trainer(*net_, *parameters_, *optimizer_, fit_options(recipe_), stream);
  if (rounds_ > 0) {
    const auto begin = std::chrono::steady_clock::now();
    Round round{.net = *net_,
                .parameters = *parameters_,
                .optimizer = *optimizer_,
                .examples = examples,
                .old_size = seen_,
                .batch_size = recipe_.batch_size,
                .stream = stream.split("start")};
    const auto start = make_round_start(method);
    start->apply(round, context);
    trainer.adjust_gradients = start->during([&] { return origin_; }, round.stream);
    result.start_seconds = seconds_since(begin);
  }
  result.fit = trainer.fit(examples, context);
  ++rounds_;
  seen_ = size;

  const Evaluation evaluation = evaluate(*net_, test, context);
  result.accuracy = evaluation.accuracy;
  result.loss = evaluation.loss;
  torch::NoGradGuard no_grad;
  result.distance = (parameters_->values() - before).norm().item<double>();
  result.correlation = correlation_of(parameters_->values(), before);
  return result;
}

}  // namespace ordo::train
