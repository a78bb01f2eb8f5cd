// The training loop: batches in a seeded order, one fused optimizer step each, until a criterion or
// a guard says stop. It can be stopped between any two steps and goes on with the same numbers: the
// state of a fit is a place in the order, a few counts, and what the optimizer keeps.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "ordo/base/context.h"
#include "ordo/nets/net.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/optimize/schedule.h"
#include "ordo/tensor/process_group.h"
#include "ordo/train/criterion.h"
#include "ordo/train/examples.h"
#include "ordo/train/ghost_exchange.h"

namespace ordo::train {

/// When to stop. Zero switches a rule off.
struct StopRules {
  double until_accuracy = 0.99;  ///< on the fly, at the end of an epoch; converged
  Criterion criterion = Criterion::plain;
  std::int64_t epochs = 0;  ///< exactly so many, whatever the accuracy; done, not a guard
  std::int64_t steps = 0;   ///< the same in steps
  std::int64_t max_epochs = 300;
  std::int64_t max_steps = 0;
  std::int64_t stall_epochs = 0;  ///< epochs without a better accuracy on the fly
  double max_seconds = 0;         ///< of training, evaluation not counted
};

enum class StopReason { converged, epochs, steps, max_epochs, max_steps, stalled, max_seconds };
/// "converged", "max-epochs", ...
std::string to_string(StopReason reason);

/// Where a batch is divided into ghosts (nets::GhostOptions).
enum class GhostForm {
  layer,       ///< by the network's batch norms themselves
  accumulate,  ///< here: one ghost after another, their gradients summed by their share of rows
};

struct FitOptions {
  std::int64_t batch_size = 128;
  double rate = 0.001;  ///< base learning rate
  optimize::Schedule schedule;
  double clip = 0;  ///< largest norm of the gradient; 0: any
  StopRules stop;
  GhostForm ghost_form = GhostForm::layer;
  /// Size 0: no ghosts. In the form of layers it only says where a batch may be shared out.
  nets::GhostOptions ghosts = {.ghost_size = 0};
  /// Of a factor on each example's loss, of mean 1: gradient noise as of a smaller batch.
  double noise_variance = 0;
};

/// What an epoch was like.
struct Epoch {
  std::int64_t number = 0;   ///< from 1
  std::int64_t steps = 0;    ///< since the fit began
  double accuracy = 0;       ///< on the fly, by the criterion's measure
  double loss = 0;           ///< mean over the epoch's examples, on the fly
  double rate = 0;           ///< learning rate of its last step
  double gradient_norm = 0;  ///< mean over its steps, before clipping; 0 without clipping
};

struct Fit {
  StopReason reason = StopReason::epochs;
  std::int64_t epochs = 0, steps = 0, examples = 0;
  double seconds = 0;             ///< of training, evaluation and checkpoints not counted
  double accuracy = 0, loss = 0;  ///< of the last epoch, on the fly
  bool reached() const {
    return reason == StopReason::converged || reason == StopReason::epochs ||
           reason == StopReason::steps;
  }
};
Json to_json(const Fit& fit);

/// Called with the gradients of each step (counted from 0) before they are clipped and used.
using GradientHook = std::function<void(nets::FlatParameters&, std::int64_t step)>;

class Trainer {
 public:
  /// What is trained must outlive the trainer. Batch order and dropout come from `stream`.
  Trainer(nets::Net& net, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
          const FitOptions& options, const Random& stream);

  GradientHook adjust_gradients;  ///< penalties, noise
  /// Called before each step with the number of steps done: a regime sets rate and optimizer.
  std::function<void(std::int64_t steps)> before_step;
  /// Called after each step with the number of steps done and the step's rate.
  std::function<void(std::int64_t steps, double rate)> after_step;
  /// Called after each epoch: evaluation, metrics.
  std::function<void(const Epoch&)> after_epoch;
  /// Called between steps about every `save_every` seconds, and once before Interrupted is thrown.
  std::function<void()> save;
  double save_every = std::numeric_limits<double>::infinity();
  /// The other processes that train this model: each takes its part of every batch.
  std::shared_ptr<tensor::ProcessGroup> group;

  /// Trains until a rule stops it. Throws NumericError naming step and rate if the loss is not
  /// finite, Interrupted when asked to stop. After load_state it goes on where that was saved.
  Fit fit(const Examples& examples, Context& context);

  void set_rate(double rate) { options_.rate = rate; }  ///< base learning rate
  void set_optimizer(optimize::Optimizer& optimizer) { optimizer_ = &optimizer; }

  /// Where the fit stands, but for the network's and the optimizer's tensors.
  Json state() const;
  /// Throws InputError with the JSON pointer of what is wrong.
  void load_state(const Json& state);

 private:
  void step(Batcher& batcher, data::IndexSpan batch);
  struct StepResult {
    double loss = 0, correct = 0;
  };
  StepResult differentiate(const Batcher::Batch& examples, const torch::Tensor& weights);
  StepResult accumulate(const Batcher::Batch& examples, const torch::Tensor& weights);
  torch::Tensor noise(std::int64_t examples) const;
  bool epoch_over(Fit& fit, Context& context);
  double rate() const;

  nets::Net& net_;
  nets::FlatParameters& parameters_;
  optimize::Optimizer* optimizer_;
  FitOptions options_;
  Random stream_;
  torch::Tensor accumulated_;
  std::unique_ptr<GhostExchange> exchange_;

  // The state of a fit.
  std::int64_t step_ = 0, epoch_ = 0, offset_ = 0, examples_ = 0;
  double seconds_ = 0, epoch_loss_ = 0, last_loss_ = 0, last_accuracy_ = 0;
  double epoch_norm_ = 0, last_norm_ = 0;
  std::int64_t epoch_examples_ = 0, epoch_steps_ = 0;
  double best_accuracy_ = -1;
  std::int64_t best_epoch_ = 0;
  EpochAccuracy accuracy_;
};

}  // namespace ordo::train
