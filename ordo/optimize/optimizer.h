// First-order optimizers over flat parameters, behind one registry. Each step is one pass of a
// fused kernel over all parameters.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/base/options.h"
#include "ordo/nets/parameters.h"
#include "ordo/tensor/arrays.h"

namespace ordo::optimize {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// Updates the values from the gradients at learning rate `rate`.
  virtual void step(nets::FlatParameters& parameters, double rate) = 0;
  /// Everything that resuming needs, by name; empty before the first step. Loading it into a fresh
  /// optimizer of the same kind continues with the same numbers.
  virtual tensor::NamedTensors state() const = 0;
  /// Throws InputError if names or shapes are not its own.
  virtual void load_state(const tensor::NamedTensors& state) = 0;
  /// Forgets all state, as after shrink and perturb.
  virtual void reset() = 0;
};

/// sgd, adam, adamw, rmsprop, adagrad. `options` are the kind's own ("momentum", "betas", ...).
/// Throws UsageError for an unknown name or option (with the nearest).
std::unique_ptr<Optimizer> make_optimizer(const std::string& name, const JsonObject& options);

struct OptimizerKind {
  std::string name, what;
  double default_rate = 0.001;
  std::string options;  ///< a Markdown table
};
std::vector<OptimizerKind> optimizer_kinds();

}  // namespace ordo::optimize
