// Training on windows of tokens: a seeded order, accumulated gradients, one fused optimizer step
// each. It can be stopped between any two steps and goes on with the same numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "ordo/base/context.h"
#include "ordo/lm/model.h"
#include "ordo/lm/token_windows.h"
#include "ordo/nets/parameters.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/optimize/schedule.h"
#include "ordo/tensor/process_group.h"

namespace ordo::lm {

struct FitOptions {
  std::int64_t steps = 1000;        ///< of the optimizer
  std::int64_t batch = 16;          ///< windows that are read at once
  std::int64_t accumulate = 1;      ///< batches whose gradients make a step together
  double rate = 0.003;              ///< base learning rate
  optimize::Schedule schedule;      ///< factors on it
  double clip = 1;                  ///< largest norm of the gradient; 0: any
  bool recompute = false;           ///< gradient checkpointing: less memory, a third more work
  std::int64_t evaluate_every = 0;  ///< steps; 0: only at the end
};

struct FitResult {
  std::int64_t steps = 0, tokens = 0;  ///< tokens that were predicted
  double seconds = 0;                  ///< of training, evaluation and saving not counted
  double loss = 0;                     ///< nats a token over the last steps, on the fly
  std::optional<double> validation_loss;
};

/// Mean loss in nats a token over all windows. The processes of a group read a part each, get the
/// same number, and are all interrupted when one of them is.
double mean_loss(Model& model, const TokenWindows& windows, std::int64_t batch,
                 const Context& context, tensor::ProcessGroup* group = nullptr);

class WindowOrder;

class Fit {
 public:
  /// All must outlive the fit. `parameters` are those that learn: the model's, or those of adapters
  /// in it. The order of windows comes from `stream`.
  Fit(Model& model, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
      const FitOptions& options, const Random& stream);

  /// Called between steps about every `save_every` seconds, and once before Interrupted is thrown.
  std::function<void()> save;
  double save_every = std::numeric_limits<double>::infinity();
  /// The other processes that train this model: each reads its part of every batch, all take the
  /// same steps, and all stop when one is asked to.
  std::shared_ptr<tensor::ProcessGroup> group;

  /// Trains until `options.steps` steps are done. Reports "loss", "rate", "gradient-norm" and
  /// "validation-loss". Throws NumericError naming step and rate if the loss is not finite,
  /// Interrupted when asked to stop.
  FitResult run(const TokenWindows& train, const TokenWindows* validation, Context& context);

  /// Where it stands, but for the parameters and the optimizer's tensors.
  Json state() const;
  /// Throws InputError with the JSON pointer of what is wrong.
  void load_state(const Json& state);

 private:
  double step(const TokenWindows& train, WindowOrder& order);
  double loss_of(const TokenWindows::Batch& batch, double share);

  Model& model_;
  nets::FlatParameters& parameters_;
  optimize::Optimizer& optimizer_;
  FitOptions options_;
  Random stream_;
  std::int64_t step_ = 0;
  double seconds_ = 0, recent_loss_ = 0, gradient_norm_ = 0;
};

}  // namespace ordo::lm
