// What happens to a trained network before it is trained again on more data. Most methods are one
// operation, shrink and perturb (Ash and Adams, NeurIPS 2020): theta <- lambda theta + gamma phi,
// phi a freshly drawn network, with other lambda, gamma and layers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"
#include "ordo/nets/net.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/train/examples.h"
#include "ordo/train/named_spec.h"
#include "ordo/train/trainer.h"

namespace ordo::train {

/// A round about to begin: what it trains, on what, and what methods leave for its training.
struct Round {
  nets::Net& net;
  nets::FlatParameters& parameters;
  optimize::Optimizer& optimizer;
  Examples examples;          ///< all that the round trains on
  std::int64_t old_size = 0;  ///< examples from here on are new in this round
  std::int64_t batch_size = 128;
  Random stream{0};  ///< of this round's start
};

class RoundStart {
 public:
  virtual ~RoundStart() = default;
  virtual void apply(Round& round, Context& context) const = 0;
  /// What the method goes on doing while the round trains (Trainer::adjust_gradients), if it does.
  /// Asked anew when an interrupted round goes on, so it depends on nothing that `apply` drew.
  /// `origin` draws [n] the values that the network began its life with; `stream` is the round's
  /// start.
  virtual GradientHook during(const std::function<torch::Tensor()>& origin,
                              const Random& stream) const;
};

/// The methods of round_start_kinds by name. Throws UsageError for an unknown method or option
/// (with the nearest) and for values out of range.
std::unique_ptr<RoundStart> make_round_start(const NamedSpec& spec);

struct RoundStartKind {
  std::string name, what;
  std::string options;  ///< a Markdown table
};
std::vector<RoundStartKind> round_start_kinds();

// ---- shrink and perturb ----

struct ShrinkPerturb {
  double shrink = 0.4;         ///< lambda, in [0, 1]
  double perturb = 0.1;        ///< gamma >= 0; with noise "gaussian" the standard deviation
  std::string noise = "init";  ///< "init": a fresh network; "gaussian": N(0, 1)
  std::vector<std::string> include = {"weights", "biases", "norms"};
  std::string layers = "all";       ///< "all", "head", "body" (all but the head)
  std::string buffers = "reset";    ///< "reset", "keep", "recalibrate"
  std::string optimizer = "reset";  ///< "reset", "keep"
  void describe(OptionSet& set);
};

/// Blends the parameters in place; phi is what nets::initialise draws from `stream`, so that
/// lambda = 0, gamma = 1 is a fresh network bit for bit. Buffers and optimizer are not touched.
void shrink_perturb(nets::Net& net, nets::FlatParameters& parameters, const ShrinkPerturb& options,
                    const Random& stream);

/// Forward passes over the examples in training mode without learning, from reset statistics: the
/// running statistics become those of the network as it is, each batch with equal weight.
void recalibrate(nets::Net& net, const Examples& examples, std::int64_t batch_size);

}  // namespace ordo::train
