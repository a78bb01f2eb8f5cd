// Learning from data that arrive in pieces: each round trains on everything seen so far, from where
// a warm-start method puts the network, until it has converged. The two-phase experiment is two
// rounds (half of the data, then all), the online experiment one round a chunk.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/nets/net.h"
#include "ordo/train/evaluate.h"
#include "ordo/train/named_spec.h"
#include "ordo/train/recipe.h"

namespace ordo::train {

/// What one round came to.
struct RoundResult {
  std::int64_t examples = 0;  ///< trained on
  Fit fit;
  double start_seconds = 0;  ///< of the warm-start method
  double accuracy = 0;       ///< on the test examples
  double loss = 0;
  double distance = 0;     ///< |theta - theta at the round's beginning, before its start|
  double correlation = 0;  ///< Pearson, of the weights before the start and after the round
};

/// Sizes of the rounds' training sets: ascending, the last at most all examples.
using RoundSizes = std::vector<std::int64_t>;
RoundSizes two_phase_sizes(std::int64_t examples, double fraction);
RoundSizes online_sizes(std::int64_t examples, std::int64_t chunk);

/// A network on its way through rounds.
class Lineage {
 public:
  /// Begins with the network that nets::make_net(spec, stream.split("init")) draws.
  Lineage(const nets::Spec& spec, const LearningRecipe& recipe, const Random& stream);

  /// Starts (but for the first round) by `method` and trains on the first `size` of `train`.
  RoundResult round(const NamedSpec& method, const Examples& train, std::int64_t size,
                    const Examples& test, Context& context);
  /// A copy that goes its own way from here.
  Lineage fork() const;

  nets::Net& net() { return *net_; }
  nets::FlatParameters& parameters() { return *parameters_; }

 private:
  Lineage() = default;

  nets::Spec spec_;
  LearningRecipe recipe_;
  Random stream_{0};
  std::shared_ptr<nets::Net> net_;
  std::unique_ptr<nets::FlatParameters> parameters_;
  std::unique_ptr<optimize::Optimizer> optimizer_;
  torch::Tensor origin_;
  std::int64_t rounds_ = 0, seen_ = 0;
};

}  // namespace ordo::train
