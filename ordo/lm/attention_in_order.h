// Attention of a whole text's tokens to themselves and to those before them, by kernels of our own
// (attention_kernels.h). Derivatives of every order: a gradient that is itself to be differentiated
// is composed of LibTorch's operations.
#pragma once

#include <torch/types.h>

namespace ordo::lm {

/// Whether there are kernels: float32 on the CPU, as many keys as queries, and heads of a multiple
/// of 32 numbers.
bool can_attend_in_order(const torch::Tensor& query, const torch::Tensor& keys,
                         const torch::Tensor& values);

/// softmax(scale q kᵀ) v over [rows, heads or key heads, length, head size], where no token sees a
/// later one; consecutive query heads share a key head. `scale` is above 0.
torch::Tensor attend_in_order(const torch::Tensor& query, const torch::Tensor& keys,
                              const torch::Tensor& values, double scale);

}  // namespace ordo::lm
