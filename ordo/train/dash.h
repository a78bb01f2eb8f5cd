// DASH, direction-aware shrinking (Shin et al., NeurIPS 2024): before a round, the descent
// direction U is estimated over the round's batches without learning, U <- (1 - alpha) U + alpha
// (-grad), and each weight vector shrinks by how far it points away from it: w <- w clip(cos(U, w),
// lambda, 1). A weight vector is a row of a linear layer, an (out, in) slice of a convolution's
// kernel, or a whole bias. Batch norms stay as they are.
#pragma once

#include <cstdint>

#include "ordo/base/context.h"
#include "ordo/base/options.h"
#include "ordo/nets/net.h"
#include "ordo/train/examples.h"

namespace ordo::train {

struct DashOptions {
  double least = 0.3;  ///< lambda, the smallest factor, in [0, 1]
  double alpha = 0.3;  ///< weight of the newest batch in U, in (0, 1]
  void describe(OptionSet& set);
};

/// One epoch of gradients, in the order of the examples.
void dash(nets::Net& net, nets::FlatParameters& parameters, const Examples& examples,
          std::int64_t batch_size, const DashOptions& options, const Context& context);

/// The shrinking alone: rows of `weight` [rows, size] in place, given U [rows, size].
void shrink_by_direction(torch::Tensor& weight, const torch::Tensor& direction, double least);

}  // namespace ordo::train
