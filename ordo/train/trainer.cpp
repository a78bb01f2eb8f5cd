#include "ordo/train/trainer.h"

#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/data/batch_order.h"
#include "ordo/nets/layers.h"
#include "ordo/tensor/random.h"
#include "ordo/train/evaluate.h"
#include "ordo/train/regime.h"

namespace ordo::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The rows [begin, end) of a batch that this process takes: whole ghosts, if there are any.
struct Part {
  std::int64_t begin, end;
};
Part own_part(std::int64_t rows, const tensor::ProcessGroup* group,
              const nets::GhostOptions& ghosts) {
  if (group == nullptr) return {0, rows};
  const std::int64_t world = group->world(), rank = group->rank();
  if (ghosts.ghost_size == 0) return {rows * rank / world, rows * (rank + 1) / world};
  const std::vector<std::int64_t> sizes = nets::ghost_sizes(rows, ghosts);
  const auto count = static_cast<std::int64_t>(sizes.size());
  const auto begin_of = [&](std::int64_t ghost) {
    return std::accumulate(sizes.begin(), sizes.begin() + ghost, std::int64_t{0});
  };
  return {begin_of(count * rank / world), begin_of(count * (rank + 1) / world)};
}

bool has_dropout(nets::Net& net) {
  for (const auto& module : net.modules()) {
    if (dynamic_cast<nets::DropoutImpl*>(module.get()) != nullptr) return true;
  }
  return false;
}

}  // namespace

std::string to_string(StopReason reason) {
  switch (reason) {
    case StopReason::converged:
      return "converged";
    case StopReason::epochs:
      return "epochs";
    case StopReason::steps:
      return "steps";
    case StopReason::max_epochs:
      return "max-epochs";
    case StopReason::max_steps:
      return "max-steps";
    case StopReason::stalled:
      return "stalled";
    case StopReason::max_seconds:
      return "max-seconds";
  }
  return {};
}

Json to_json(const Fit& fit) {
  return Json::object({{"reason", to_string(fit.reason)},
                       {"epochs", fit.epochs},
                       {"steps", fit.steps},
                       {"examples", fit.examples},
                       {"seconds", fit.seconds},
                       {"train-accuracy", fit.accuracy},
                       {"train-loss", fit.loss}});
}

Trainer::Trainer(nets::Net& net, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
                 const FitOptions& options, const Random& stream)
    : net_(net),
      parameters_(parameters),
      optimizer_(&optimizer),
      options_(options),
      stream_(stream),
      accuracy_(options.stop.criterion) {}

double Trainer::rate() const {
  return options_.rate * optimize::rate_factor(options_.schedule, step_);
}

Trainer::StepResult Trainer::differentiate(const Batcher::Batch& examples,
                                           const torch::Tensor& weights) {
  const nets::Net::LossAndLogits result =
      weights.defined()
          ? net_.differentiate_weighted(examples.inputs, examples.labels, weights, parameters_)
          : net_.differentiate(examples.inputs, examples.labels, parameters_);
  return {result.loss.item<double>(),
          static_cast<double>(count_correct(result.logits, examples.labels))};
}

// One ghost after another. Ghosts may differ in size: each counts by its share of the rows.
Trainer::StepResult Trainer::accumulate(const Batcher::Batch& examples,
                                        const torch::Tensor& weights) {
  const std::int64_t rows = examples.labels.size(0);
  const std::vector<std::int64_t> sizes = nets::ghost_sizes(rows, options_.ghosts);
  if (sizes.size() == 1) return differentiate(examples, weights);
  if (!accumulated_.defined()) accumulated_ = torch::empty_like(parameters_.gradients());
  accumulated_.zero_();
  StepResult sum;
  std::int64_t row = 0;
  for (const std::int64_t size : sizes) {
    const auto part = [&](const torch::Tensor& all) {
      return all.defined() ? all.narrow(0, row, size) : all;
    };
    const double share = static_cast<double>(size) / static_cast<double>(rows);
    const StepResult one =
        differentiate({part(examples.inputs), part(examples.labels)}, part(weights));
    accumulated_.add_(parameters_.gradients(), share);
    sum.loss += share * one.loss;
    sum.correct += one.correct;
    row += size;
  }
  parameters_.gradients().copy_(accumulated_);
  return sum;
}

// A factor for each example of the whole batch, the same however many processes share it.
torch::Tensor Trainer::noise(std::int64_t examples) const {
  torch::Tensor weights = torch::empty({examples}, parameters_.gradients().options());
  tensor::fill(weights, tensor::Draw::normal(std::sqrt(options_.noise_variance)),
               stream_.split("noise").split(static_cast<std::uint64_t>(step_)));
  return weights.add_(1);
}

void Trainer::step(Batcher& batcher, data::IndexSpan batch) {
  if (before_step) before_step(step_);
  const auto rows = static_cast<std::int64_t>(batch.size());
  const Part own = own_part(rows, group.get(), options_.ghosts);
  if (exchange_) exchange_->begin();
  double loss = 0, correct = 0;
  if (own.begin == own.end) {
    parameters_.gradients().zero_();
  } else {
    const Batcher::Batch examples = batcher.gather(batch.subspan(
        static_cast<std::size_t>(own.begin), static_cast<std::size_t>(own.end - own.begin)));
    const torch::Tensor weights =
        options_.noise_variance > 0 ? noise(rows).slice(0, own.begin, own.end) : torch::Tensor();
    const StepResult result = options_.ghost_form == GhostForm::accumulate
                                  ? accumulate(examples, weights)
                                  : differentiate(examples, weights);
    loss = result.loss;
    correct = result.correct;
  }
  if (group) {
    // Means over parts of unequal size: weigh each by its share of the batch.
    const double share = static_cast<double>(own.end - own.begin) / static_cast<double>(rows);
    parameters_.gradients().mul_(share);
    group->all_reduce_sum(parameters_.gradients());
    torch::Tensor counts = torch::tensor({loss * share, correct}, torch::kFloat64);
    group->all_reduce_sum(counts);
    loss = counts[0].item<double>();
    correct = counts[1].item<double>();
    if (exchange_) exchange_->end(*group);
  }
  if (!std::isfinite(loss)) {
    throw NumericError(fmt::format(
        "the loss became {} at step {} (epoch {}) with learning rate {:g}{}; try a smaller --rate, "
        "--warmup steps, or --clip 1",
        std::isnan(loss) ? "nan" : "infinite", step_ + 1, epoch_ + 1, rate(),
        options_.clip > 0
            ? fmt::format(" (norm of the last gradient before clipping {:g})", last_norm_)
            : ""));
  }
  if (adjust_gradients) adjust_gradients(parameters_, step_);
  if (options_.clip > 0) {
    last_norm_ = optimize::clip_norm(parameters_, options_.clip);
    epoch_norm_ += last_norm_;
  }
  const double rate_now = rate();
  optimizer_->step(parameters_, rate_now);
  accuracy_.add(std::llround(correct), static_cast<std::int64_t>(batch.size()));
  epoch_loss_ += loss * static_cast<double>(batch.size());
  epoch_examples_ += static_cast<std::int64_t>(batch.size());
  examples_ += static_cast<std::int64_t>(batch.size());
  ++step_;
  ++epoch_steps_;
  if (after_step) after_step(step_, rate_now);
}

// Closes an epoch; whether a rule stops the fit.
bool Trainer::epoch_over(Fit& fit, Context& context) {
  ++epoch_;
  last_accuracy_ = accuracy_.value();
  last_loss_ = epoch_loss_ / static_cast<double>(epoch_examples_);
  const double norm = epoch_norm_ / static_cast<double>(epoch_steps_);
  accuracy_.begin_epoch();
  epoch_loss_ = epoch_norm_ = 0;
  epoch_steps_ = 0;
  epoch_examples_ = 0;
  if (last_accuracy_ > best_accuracy_) {
    best_accuracy_ = last_accuracy_;
    best_epoch_ = epoch_;
  }
  if (after_epoch) {
    after_epoch({.number = epoch_,
                 .steps = step_,
                 .accuracy = last_accuracy_,
                 .loss = last_loss_,
                 .rate = rate(),
                 .gradient_norm = norm});
  }
  const StopRules& rules = options_.stop;
  if (rules.steps > 0) {
    context.progress("training", static_cast<double>(step_), static_cast<double>(rules.steps),
                     "steps");
  } else {
    context.progress("training", static_cast<double>(epoch_),
                     static_cast<double>(rules.epochs > 0 ? rules.epochs : rules.max_epochs),
                     "epochs");
  }
  const auto stop = [&](StopReason reason) {
    fit.reason = reason;
    return true;
  };
  if (rules.steps > 0) return false;  // step by step
  if (rules.epochs > 0) return epoch_ >= rules.epochs && stop(StopReason::epochs);
  if (rules.until_accuracy > 0 && last_accuracy_ >= rules.until_accuracy) {
    return stop(StopReason::converged);
  }
  if (rules.max_epochs > 0 && epoch_ >= rules.max_epochs) return stop(StopReason::max_epochs);
  if (rules.stall_epochs > 0 && epoch_ - best_epoch_ >= rules.stall_epochs) {
    return stop(StopReason::stalled);
  }
  return false;
}

Fit Trainer::fit(const Examples& examples, Context& context) {
  if (examples.size() == 0) throw UsageError("there is nothing to train on: no examples");
  data::Indices all(static_cast<std::size_t>(examples.size()));
  for (std::size_t index = 0; index < all.size(); ++index) {
    all[index] = static_cast<std::int64_t>(index);
  }
  // A batch of one has no variance for batch norms: one example is left out, another each epoch.
  const bool one_is_left =
      steps_per_epoch(examples.size(), options_.batch_size) * options_.batch_size ==
      examples.size() - 1;
  data::BatchOrder order(all,
                         {.size = options_.batch_size,
                          .last = one_is_left ? data::LastBatch::drop : data::LastBatch::keep},
                         stream_.split("order"));
  order.seek({.epoch = epoch_, .offset = offset_});
  Batcher batcher(examples);
  const bool with_dropout = has_dropout(net_);
  const Random dropout_stream = stream_.split("dropout");
  net_.train();

  if (group && options_.ghosts.ghost_size > 0) exchange_ = std::make_unique<GhostExchange>(net_);

  Fit fit;
  const StopRules& rules = options_.stop;
  auto begin = Clock::now();
  auto saved = begin;
  // What callbacks take is not training time.
  const auto outside = [&](const std::function<void()>& work) {
    seconds_ += seconds_since(begin);
    work();
    begin = Clock::now();
  };
  for (bool over = false; !over;) {
    if (context.stop.stop_requested()) {
      outside([&] {
        if (save) save();
      });
      throw Interrupted();
    }
    if (with_dropout) {
      nets::set_dropout_streams(net_, dropout_stream.split(static_cast<std::uint64_t>(step_)));
    }
    step(batcher, order.next());
    offset_ = order.position().offset;
    if (offset_ == 0) {
      outside([&] { over = epoch_over(fit, context); });
      net_.train();
    }
    if (!over && rules.steps > 0 && step_ >= rules.steps) {
      fit.reason = StopReason::steps;
      over = true;
    }
    if (!over && rules.max_steps > 0 && step_ >= rules.max_steps) {
      fit.reason = StopReason::max_steps;
      over = true;
    }
    if (!over && rules.max_seconds > 0 && seconds_ + seconds_since(begin) >= rules.max_seconds) {
      fit.reason = StopReason::max_seconds;
      over = true;
    }
    if (!over && save && seconds_since(saved) >= save_every) {
      outside(save);
      saved = Clock::now();
    }
  }
  seconds_ += seconds_since(begin);
  if (offset_ != 0) {  // stopped inside an epoch: tell of what was seen of it
    last_accuracy_ = accuracy_.value();
    last_loss_ = epoch_loss_ / static_cast<double>(epoch_examples_);
  }
  fit.epochs = epoch_;
  fit.steps = step_;
  fit.examples = examples_;
  fit.seconds = seconds_;
  fit.accuracy = last_accuracy_;
  fit.loss = last_loss_;
  return fit;
}

Json Trainer::state() const {
  return Json::object({{"step", step_},
                       {"epoch", epoch_},
                       {"offset", offset_},
                       {"examples", examples_},
                       {"seconds", seconds_},
                       {"epoch-loss", epoch_loss_},
                       {"epoch-examples", epoch_examples_},
                       {"epoch-steps", epoch_steps_},
                       {"epoch-norm", epoch_norm_},
                       {"last-accuracy", last_accuracy_},
                       {"last-loss", last_loss_},
                       {"best-accuracy", best_accuracy_},
                       {"best-epoch", best_epoch_},
                       {"accuracy", accuracy_.state()}});
}

void Trainer::load_state(const Json& state) {
  const auto integer = [&](const char* key) {
    const std::int64_t value = state.at(key).as_int(fmt::format("/{}", key));
    if (value < 0) throw InputError({.field = fmt::format("/{}", key)}, "expected 0 or more");
    return value;
  };
  const auto number = [&](const char* key) {
    return state.at(key).as_double(fmt::format("/{}", key));
  };
  step_ = integer("step");
  epoch_ = integer("epoch");
  offset_ = integer("offset");
  examples_ = integer("examples");
  epoch_examples_ = integer("epoch-examples");
  epoch_steps_ = integer("epoch-steps");
  best_epoch_ = integer("best-epoch");
  epoch_norm_ = number("epoch-norm");
  seconds_ = number("seconds");
  epoch_loss_ = number("epoch-loss");
  last_accuracy_ = number("last-accuracy");
  last_loss_ = number("last-loss");
  best_accuracy_ = number("best-accuracy");
  accuracy_.load_state(state.at("accuracy"));
}

}  // namespace ordo::train
