// Attention as matrix products and a softmax, with derivatives of every order.
#pragma once

#include <torch/types.h>

#include "ordo/lm/pass.h"

namespace ordo::lm {

/// softmax(scale q kᵀ + mask) v over [rows, heads or key heads, length, head size].
torch::Tensor composed_attention(const torch::Tensor& query, const torch::Tensor& keys,
                                 const torch::Tensor& values, const Mask& mask, double scale);

}  // namespace ordo::lm
