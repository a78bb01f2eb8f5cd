#include "ordo/train/dash.h"

#include <algorithm>

#include <torch/torch.h>

namespace ordo::train {
namespace {

// A parameter as weight vectors: [rows, size].
torch::Tensor as_vectors(const torch::Tensor& value, nets::Role role) {
  if (role == nets::Role::bias) return value.view({1, -1});
  if (value.dim() == 4) return value.view({value.size(0) * value.size(1), -1});
  return value;
}

}  // namespace

void DashOptions::describe(OptionSet& set) {
  set.add("least", least, "Smallest factor (lambda).").range(0, 1);
  set.add("alpha", alpha, "Weight of the newest batch in the running direction.").range(0, 1);
}

void shrink_by_direction(torch::Tensor& weight, const torch::Tensor& direction, double least) {
  const torch::Tensor products = (weight * direction).sum(1, /*keepdim=*/true);
  const torch::Tensor norms = weight.norm(2, 1, true) * direction.norm(2, 1, true);
  // A vector without direction, or of a parameter without gradient, is left alone.
  const torch::Tensor cosines =
      torch::where(norms > 0, products / norms, torch::ones_like(products));
  weight.mul_(cosines.clamp(least, 1));
}

void dash(nets::Net& net, nets::FlatParameters& parameters, const Examples& examples,
          std::int64_t batch_size, const DashOptions& options, const Context& context) {
  const bool was_training = net.is_training();
  net.train();
  torch::Tensor direction = torch::zeros_like(parameters.gradients());
  for (std::int64_t begin = 0; begin < examples.size(); begin += batch_size) {
    context.check_stop();
    if (begin > 0 && examples.size() - begin < 2) break;  // batch norms need two
    const Examples batch = examples.range(begin, std::min(begin + batch_size, examples.size()));
    net.differentiate(batch.inputs, batch.labels, parameters);
    direction.mul_(1 - options.alpha).sub_(parameters.gradients(), options.alpha);
  }
  torch::NoGradGuard no_grad;
  for (const nets::FlatParameters::Entry& entry : parameters.entries()) {
    const nets::Role role = entry.parameter.role;
    if (role == nets::Role::norm) continue;
    torch::Tensor weight = as_vectors(parameters.value(entry), role);
    const torch::Tensor towards =
        direction.narrow(0, entry.offset, weight.numel()).view(weight.sizes());
    shrink_by_direction(weight, towards, options.least);
  }
  net.train(was_training);
}

}  // namespace ordo::train
