#include "ordo/lm/attention.h"

#include <torch/torch.h>

#include "ordo/lm/attention_in_order.h"
#include "ordo/lm/composed_attention.h"

namespace ordo::lm {

using torch::Tensor;

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
    result = composed_attention(query, all.keys, all.values, mask, place.scale);
  } else if (mask.in_order && can_attend_in_order(query, all.keys, all.values)) {
    result = attend_in_order(query, all.keys, all.values, place.scale);
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
