// Why warm starts generalise worse, after Ash and Adams: a network that has converged has small
// gradients on what it knows and large ones on what is new, so new examples dominate. Shrinking
// brings the two towards each other.
#pragma once

#include <vector>

#include "ordo/base/context.h"
#include "ordo/nets/net.h"
#include "ordo/train/examples.h"

namespace ordo::train {

/// Frobenius norm of each example's own gradient of the loss, [n]: over the weights (and biases) of
/// linear and convolution layers, from what went in and the gradient of what came out. With batch
/// norms the network is in training mode, and an example's gradient is its part of the batch's.
torch::Tensor gradient_norms(nets::Net& net, const Examples& examples);

struct GradientBalance {
  double old_norm = 0, new_norm = 0;  ///< mean gradient norm of old and new examples
  double ratio() const { return new_norm / old_norm; }
};

/// At most `limit` examples of each kind are looked at, the first of each.
GradientBalance gradient_balance(nets::Net& net, const Examples& examples, std::int64_t old_size,
                                 std::int64_t limit = 1000);

}  // namespace ordo::train
