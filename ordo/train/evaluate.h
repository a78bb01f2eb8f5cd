// How good a network is on examples it was not trained on.
#pragma once

#include <cstdint>

#include "ordo/base/context.h"
#include "ordo/nets/net.h"
#include "ordo/train/examples.h"

namespace ordo::train {

struct Evaluation {
  double accuracy = 0;       ///< fraction of examples whose largest logit is their class
  double top5_accuracy = 0;  ///< whose class is among the five largest
  double loss = 0;           ///< mean cross-entropy in nats
  std::int64_t examples = 0;
};

/// In evaluation mode, without gradients, in batches; leaves the network's mode as it was. Throws
/// Interrupted when asked to stop.
Evaluation evaluate(nets::Net& net, const Examples& examples, const Context& context);

/// How many rows of `logits` [n, classes] have their largest entry (the first of equals) at their
/// label [n].
std::int64_t count_correct(const torch::Tensor& logits, const torch::Tensor& labels);
/// How many have fewer than `k` entries above that of their label.
std::int64_t count_in_top(const torch::Tensor& logits, const torch::Tensor& labels, std::int64_t k);

}  // namespace ordo::train
