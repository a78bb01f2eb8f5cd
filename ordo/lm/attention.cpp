#include "ordo/lm/attention.h"

#include <limits>

#include <torch/torch.h>

namespace ordo::lm {
namespace {

using torch::Tensor;

// Keys of fewer heads, once for each query head.
Tensor repeated(const Tensor& heads, std::int64_t count) {
  return count == heads.size(1) ? heads : heads.repeat_interleave(count / heads.size(1), 1);
}

Tensor composed(const Tensor& query, const Cache::KeysAndValues& all, const Mask& mask,
                double scale) {
  const Tensor keys = repeated(all.keys, query.size(1));
  Tensor scores = query.matmul(keys.transpose(-1, -2)) * scale;
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
  return shares.matmul(repeated(all.values, query.size(1)));
}

}  // namespace

Tensor split_heads(const Tensor& joined, std::int64_t count) {
  return joined.unflatten(-1, {count, -1}).transpose(1, 2);
}

Tensor attend(const Heads& heads, const Pass& pass, const AttentionPlace& place) {
  const bool turns = pass.rotation.cosine.defined();
  const Tensor query = turns ? turn(heads.query, pass.rotation) : heads.query;
  Cache::KeysAndValues all = {turns ? turn(heads.key, pass.rotation) : heads.key, heads.value};
  if (pass.cache != nullptr) all = pass.cache->append(place.layer, all);
  const Mask& mask = pass.masks.at(place.window);
  Tensor result;
  if (place.kernel == AttentionKernel::composed) {
    result = composed(query, all, mask, place.scale);
  } else {
    const auto added =
        mask.added.defined() ? std::optional<Tensor>(mask.added) : std::optional<Tensor>();
    const bool shares_keys = query.size(1) != all.keys.size(1);
    result = at::scaled_dot_product_attention(query, all.keys, all.values, added, /*dropout_p=*/0,
                                              mask.in_order, place.scale, shares_keys);
  }
  return result.transpose(1, 2).flatten(2);
}

}  // namespace ordo::lm
