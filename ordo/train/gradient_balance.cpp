#include "ordo/train/gradient_balance.h"

#include <algorithm>

#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/capture.h"
#include "ordo/nets/layers.h"

namespace ordo::train {
namespace {

constexpr std::int64_t kBatch = 250;

// Squared norms [n] of a linear layer's per-example gradients: |x|^2 |d|^2, and |d|^2 for the bias.
torch::Tensor squared_norms(const nets::LinearImpl& layer, const nets::Captured& captured) {
  const torch::Tensor out = captured.output_gradient.square().sum(1);
  const torch::Tensor in = captured.input.square().sum(1);
  return layer.bias.defined() ? out * (in + 1) : out * in;
}

// Of a convolution: the gradient is the sum over places of d x^T, which has to be formed.
torch::Tensor squared_norms(const nets::Conv2dImpl& layer, const nets::Captured& captured) {
  const nets::ConvShape& shape = layer.shape;
  const torch::Tensor patches = torch::nn::functional::unfold(
      captured.input, torch::nn::functional::UnfoldFuncOptions({shape.kernel, shape.kernel})
                          .padding(shape.padding)
                          .stride(shape.stride));                           // [n, in k k, places]
  const torch::Tensor out = captured.output_gradient.flatten(2);            // [n, out, places]
  const torch::Tensor gradient = torch::bmm(out, patches.transpose(1, 2));  // [n, out, in k k]
  torch::Tensor squared = gradient.square().sum({1, 2});
  if (layer.bias.defined()) squared = squared + out.sum(2).square().sum(1);
  return squared;
}

}  // namespace

torch::Tensor gradient_norms(nets::Net& net, const Examples& examples) {
  const bool was_training = net.is_training();
  net.train();
  std::vector<torch::Tensor> parts;
  for (std::int64_t begin = 0; begin < examples.size(); begin += kBatch) {
    const Examples batch = examples.range(begin, std::min(begin + kBatch, examples.size()));
    nets::Capture capture(net);
    const torch::Tensor loss = torch::nn::functional::cross_entropy(
        net.forward(batch.inputs), batch.labels,
        torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum));
    std::vector<torch::Tensor> leaves;
    for (const torch::Tensor& parameter : net.parameters()) leaves.push_back(parameter);
    torch::autograd::grad({loss}, leaves);
    torch::NoGradGuard no_grad;
    torch::Tensor squared = torch::zeros({batch.size()}, batch.inputs.options());
    const auto modules = net.named_modules();
    for (const nets::Capture::Site& site : capture.sites()) {
      torch::nn::Module* layer = modules[site.layer].get();
      if (const auto* linear = dynamic_cast<nets::LinearImpl*>(layer)) {
        squared += squared_norms(*linear, *site.captured);
      } else if (const auto* conv = dynamic_cast<nets::Conv2dImpl*>(layer)) {
        squared += squared_norms(*conv, *site.captured);
      }
    }
    parts.push_back(squared.sqrt());
  }
  net.train(was_training);
  return torch::cat(parts);
}

GradientBalance gradient_balance(nets::Net& net, const Examples& examples, std::int64_t old_size,
                                 std::int64_t limit) {
  if (old_size <= 0 || old_size >= examples.size()) {
    throw UsageError("the balance of gradients needs old examples and new ones");
  }
  const auto mean_norm = [&](std::int64_t begin, std::int64_t end) {
    return gradient_norms(net, examples.range(begin, std::min(begin + limit, end)))
        .mean()
        .item<double>();
  };
  return {.old_norm = mean_norm(0, old_size), .new_norm = mean_norm(old_size, examples.size())};
}

}  // namespace ordo::train
