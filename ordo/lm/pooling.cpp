#include "ordo/lm/pooling.h"

#include <torch/torch.h>

namespace ordo::lm {

torch::Tensor mean_of_tokens(const torch::Tensor& hidden, const torch::Tensor& real) {
  if (!real.defined()) return hidden.mean(1);
  const torch::Tensor weights = real.to(hidden.scalar_type()).unsqueeze(2);
  return (hidden * weights).sum(1) / weights.sum(1);
}

torch::Tensor last_token(const torch::Tensor& hidden, const torch::Tensor& real) {
  if (!real.defined()) return hidden.select(1, -1);
  const torch::Tensor places = torch::arange(real.size(1), real.options().dtype(torch::kInt64));
  const torch::Tensor last = places.where(real, torch::zeros_like(places)).amax(1);
  return hidden.gather(1, last.view({-1, 1, 1}).expand({-1, 1, hidden.size(2)})).squeeze(1);
}

}  // namespace ordo::lm
