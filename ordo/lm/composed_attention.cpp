#include "ordo/lm/composed_attention.h"

#include <limits>

#include <torch/torch.h>

namespace ordo::lm {

using torch::Tensor;

namespace {

// Keys of fewer heads, once for each query head.
Tensor repeated(const Tensor& heads, std::int64_t count) {
  return count == heads.size(1) ? heads : heads.repeat_interleave(count / heads.size(1), 1);
}

}  // namespace

Tensor composed_attention(const Tensor& query, const Tensor& keys, const Tensor& values,
                          const Mask& mask, double scale) {
  Tensor scores = query.matmul(repeated(keys, query.size(1)).transpose(-1, -2)) * scale;
  if (mask.added.defined()) scores = scores + mask.added;
  if (mask.in_order) {
    const Tensor later =
        torch::ones({scores.size(-2), scores.size(-1)}, scores.options().dtype(torch::kBool))
            .triu(1);
    scores = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
  }
  // A token that sees nothing takes nothing in: its softmax is 0 / 0.
  Tensor shares = scores.softmax(-1);
  if (mask.added.defined()) {
    shares = shares.masked_fill(scores.isneginf().all(-1, /*keepdim=*/true), 0);
  }
  return shares.matmul(repeated(values, query.size(1)));
}

}  // namespace ordo::lm
