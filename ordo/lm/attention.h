// Scaled dot-product attention over heads, with a pass's positions, mask and cache.
#pragma once

#include <cstdint>

#include <torch/types.h>

#include "ordo/lm/pass.h"

namespace ordo::lm {

/// How attention is computed.
enum class AttentionKernel {
  fused,     ///< never holds all scores at once; derivatives of first order (attention_in_order.h:
             ///< all)
  composed,  ///< matrix products and a softmax; derivatives of every order
};

/// [rows, heads or key heads, length, head size].
struct Heads {
  torch::Tensor query, key, value;
};

/// [rows, length, count * size] as [rows, count, length, size].
torch::Tensor split_heads(const torch::Tensor& joined, std::int64_t count);

struct AttentionPlace {
  std::int64_t layer = 0;
  std::int64_t window = 0;  ///< of the layer, as in its model's configuration
  double scale = 1;         ///< of scores
  AttentionKernel kernel = AttentionKernel::fused;
};

/// softmax(scale q kᵀ + mask) v with queries and keys turned by their positions; consecutive query
/// heads share a key head. Result [rows, length, heads * size].
torch::Tensor attend(const Heads& heads, const Pass& pass, const AttentionPlace& place);

}  // namespace ordo::lm
