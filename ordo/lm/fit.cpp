#include "ordo/lm/fit.h"

#include <chrono>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/data/batch_order.h"
#include "ordo/lm/checkpointed_block.h"
#include "ordo/lm/token_loss.h"

namespace ordo::lm {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

// Batch number n of a training, wherever it begins to count.
class WindowOrder {
 public:
  WindowOrder(const TokenWindows& windows, std::int64_t batch, const Random& stream,
              std::int64_t done)
      : all_(static_cast<std::size_t>(windows.count())) {
    std::iota(all_.begin(), all_.end(), std::int64_t{0});
    const std::int64_t size = std::min(batch, windows.count());
    order_.emplace(all_, data::BatchOptions{.size = size, .last = data::LastBatch::drop},
                   stream.split("order"));
    const std::int64_t per_epoch = order_->batches_per_epoch();
    order_->seek({.epoch = done / per_epoch, .offset = done % per_epoch * size});
  }
  data::IndexSpan next() { return order_->next(); }

 private:
  data::Indices all_;
  std::optional<data::BatchOrder> order_;
};

namespace {

constexpr double kForget = 0.95;  // of the running mean of losses, a step

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The sum of what the processes of a group have.
double total(double own, tensor::ProcessGroup* group) {
  if (group == nullptr) return own;
  Tensor number = torch::tensor(own, torch::kFloat64);
  group->all_reduce_sum(number);
  return number.item<double>();
}

bool is_stopped(const Context& context, tensor::ProcessGroup* group) {
  return total(context.stop.stop_requested() ? 1 : 0, group) > 0;
}

// The windows of a batch that this process reads; there may be none.
data::IndexSpan own_part(data::IndexSpan windows, const tensor::ProcessGroup* group) {
  if (group == nullptr) return windows;
  const auto world = static_cast<std::size_t>(group->world());
  const auto rank = static_cast<std::size_t>(group->rank());
  const std::size_t begin = windows.size() * rank / world;
  return windows.subspan(begin, windows.size() * (rank + 1) / world - begin);
}

}  // namespace

double mean_loss(Model& model, const TokenWindows& windows, std::int64_t batch,
                 const Context& context, tensor::ProcessGroup* group) {
  const torch::NoGradGuard no_grad;
  double sum = 0;
  for (std::int64_t begin = 0; begin < windows.count(); begin += batch) {
    if (is_stopped(context, group)) throw Interrupted();
    std::vector<std::int64_t> all(
        static_cast<std::size_t>(std::min(batch, windows.count() - begin)));
    std::iota(all.begin(), all.end(), begin);
    const data::IndexSpan part = own_part(all, group);
    if (part.empty()) continue;
    const TokenWindows::Batch read = windows.batch(part);
    const Tensor hidden = model.hidden({.tokens = read.tokens.to(model.device())}).flatten(0, 1);
    const Tensor each =
        token_log_probabilities(model, hidden, read.targets.to(model.device()).flatten());
    sum -= each.mean(torch::kFloat64).item<double>() * static_cast<double>(part.size());
  }
  return total(sum, group) / static_cast<double>(windows.count());
}

Fit::Fit(Model& model, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
         const FitOptions& options, const Random& stream)
    : model_(model),
      parameters_(parameters),
      optimizer_(optimizer),
      options_(options),
      stream_(stream) {}

// The loss of a batch times `share`, and its gradient added to what is there.
double Fit::loss_of(const TokenWindows::Batch& batch, double share) {
  const Input input{.tokens = batch.tokens.to(model_.device())};
  const Tensor targets = batch.targets.to(model_.device());
  if (!options_.recompute) {
    const Tensor loss = model_.loss(model_.hidden(input), targets) * share;
    loss.backward();
    return loss.item<double>();
  }
  const Pass pass = begin_pass(model_.config(), input, nullptr, model_.dtype());
  Tensor state = model_.embed(input, pass);
  if (!state.requires_grad()) state.requires_grad_();  // blocks that learn above frozen tables
  for (std::int64_t layer = 0; layer < model_.config().layers; ++layer) {
    state = checkpointed_block(model_, layer, state, pass);
  }
  const Tensor loss = model_.loss(model_.finish(state), targets) * share;
  loss.backward();
  return loss.item<double>();
}

double Fit::step(const TokenWindows& train, WindowOrder& order) {
  parameters_.gradients().zero_();
  double loss = 0;
  for (std::int64_t part = 0; part < options_.accumulate; ++part) {
    const data::IndexSpan windows = order.next();
    const data::IndexSpan own = own_part(windows, group.get());
    if (own.empty()) continue;
    const auto all = static_cast<double>(options_.accumulate) * static_cast<double>(windows.size());
    loss += loss_of(train.batch(own), static_cast<double>(own.size()) / all);
  }
  if (group) {
    group->all_reduce_sum(parameters_.gradients());
    loss = total(loss, group.get());
  }
  const double rate = options_.rate * optimize::rate_factor(options_.schedule, step_);
  if (!std::isfinite(loss)) {
    throw NumericError(fmt::format(
        "the loss is {} at step {}, at a learning rate of {:.3g}; try a smaller rate, or a warm-up",
        loss, step_ + 1, rate));
  }
  if (options_.clip > 0) gradient_norm_ = optimize::clip_norm(parameters_, options_.clip);
  optimizer_.step(parameters_, rate);
  ++step_;
  const double keep = std::min(kForget, 1 - 1 / static_cast<double>(step_));
  recent_loss_ = keep * recent_loss_ + (1 - keep) * loss;
  return loss;
}

FitResult Fit::run(const TokenWindows& train, const TokenWindows* validation, Context& context) {
  WindowOrder order(train, options_.batch, stream_, step_ * options_.accumulate);
  model_.train();
  FitResult result;
  auto begin = Clock::now();
  auto saved = begin;
  // What others do meanwhile is not training time.
  const auto outside = [&](const auto& work) {
    seconds_ += seconds_since(begin);
    work();
    begin = Clock::now();
  };
  const auto keep = [&] {
    if (save) save();
  };
  const auto evaluate = [&] {
    if (validation == nullptr) return;
    try {
      result.validation_loss = mean_loss(model_, *validation, options_.batch, context, group.get());
    } catch (const Interrupted&) {
      keep();
      throw;
    }
    context.metric("validation-loss", static_cast<double>(step_), *result.validation_loss);
  };
  while (step_ < options_.steps) {
    if (is_stopped(context, group.get())) {
      outside(keep);
      throw Interrupted();
    }
    const double rate = options_.rate * optimize::rate_factor(options_.schedule, step_);
    const double loss = step(train, order);
    const auto at = static_cast<double>(step_);
    context.metric("loss", at, loss);
    context.metric("rate", at, rate);
    if (options_.clip > 0) context.metric("gradient-norm", at, gradient_norm_);
    context.progress("training", at, static_cast<double>(options_.steps), "steps");
    if (step_ < options_.steps && options_.evaluate_every > 0 &&
        step_ % options_.evaluate_every == 0) {
      outside(evaluate);
    }
    if (save && step_ < options_.steps && seconds_since(saved) >= save_every) {
      outside(save);
      saved = Clock::now();
    }
  }
  outside(evaluate);
  result.steps = step_;
  result.tokens =
      step_ * options_.accumulate * std::min(options_.batch, train.count()) * train.length();
  result.seconds = seconds_;
  result.loss = recent_loss_;
  return result;
}

Json Fit::state() const {
  return Json::object({{"step", step_}, {"seconds", seconds_}, {"recent-loss", recent_loss_}});
}

void Fit::load_state(const Json& state) {
  step_ = state.at("step").as_int("/step");
  if (step_ < 0) throw InputError({.field = "/step"}, "expected 0 or more");
  seconds_ = state.at("seconds").as_double("/seconds");
  recent_loss_ = state.at("recent-loss").as_double("/recent-loss");
}

}  // namespace ordo::lm
