#include "ordo/nets/mlp.h"

#include <algorithm>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/array.h"
#include "ordo/base/error.h"
#include "ordo/nets/kind.h"

namespace ordo::nets {
namespace {

using kernels::Activation;

std::vector<std::string> layer_names(std::size_t hidden) {
  std::vector<std::string> names;
  for (std::size_t layer = 0; layer < hidden; ++layer)
    names.push_back(fmt::format("layers.{}", layer));
  names.push_back("head");
  return names;
}

}  // namespace

void MlpOptions::describe(OptionSet& set) {
  set.add("hidden", hidden, "Widths of the hidden layers.").range(1, kMaxWidth);
  set.add("activation", activation, "What follows a hidden layer.").choices({"relu", "tanh"});
  set.add("batch-norm", batch_norm, "Normalise each hidden layer over the batch.");
  norm.describe(set);
  set.add("dropout", dropout, "Probability with which a hidden unit is dropped in training.")
      .range(0, 0.999);
  set.add("bias", bias, "Whether layers have biases.");
}

Mlp::Mlp(const Spec& spec, const MlpOptions& options)
    : options_(options),
      width_(count_of(spec.input)),
      gradient_(layer_names(options.hidden.size()),
                options.activation == "relu" ? Activation::relu : Activation::tanh) {
  const GhostOptions norm = options_.norm.options();
  torch::nn::ModuleList layers, norms, dropouts;
  std::int64_t width = width_;
  for (const std::int64_t next : options_.hidden) {
    layers->push_back(layers_.emplace_back(width, next, options_.bias));
    if (options_.batch_norm) norms->push_back(norms_.emplace_back(next, norm));
    if (options_.dropout > 0) dropouts->push_back(dropouts_.emplace_back(options_.dropout));
    width = next;
  }
  register_module("layers", layers);
  register_module("norms", norms);
  register_module("dropouts", dropouts);
  head_ = register_module("head", Linear(width, spec.outputs, options_.bias));
}

torch::Tensor Mlp::flat(const torch::Tensor& input) const {
  if (input.dim() < 2 || input.numel() != input.size(0) * width_) {
    throw UsageError(fmt::format("expected a batch of shape [n, {}], found {}", width_,
                                 c10::str(input.sizes())));
  }
  return input.dim() == 2 ? input : input.flatten(1);
}

torch::Tensor Mlp::forward(const torch::Tensor& input) {
  torch::Tensor value = flat(input);
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    value = layers_[layer](value);
    if (options_.batch_norm) value = norms_[layer](value);
    value = options_.activation == "relu" ? torch::relu_(value) : torch::tanh_(value);
    if (options_.dropout > 0) value = dropouts_[layer](value);
  }
  return head_(value);
}

// Whoever captures wants autograd's gradients, a frozen layer none, and other devices and types
// LibTorch's kernels.
bool Mlp::goes_without_autograd(const torch::Tensor& input, const torch::Tensor& labels) const {
  const auto is_plain = [&](const Linear& layer) {
    return !layer->slot.is_on() && layer->weight.requires_grad() &&
           (!layer->bias.defined() || layer->bias.requires_grad()) &&
           layer->weight.scalar_type() == input.scalar_type();
  };
  return norms_.empty() && dropouts_.empty() && input.is_cpu() && head_->weight.is_cpu() &&
         (input.scalar_type() == torch::kFloat32 || input.scalar_type() == torch::kFloat64) &&
         labels.is_cpu() && labels.scalar_type() == torch::kInt64 && is_plain(head_) &&
         std::ranges::all_of(layers_, is_plain);
}

Net::LossAndLogits Mlp::differentiate(const torch::Tensor& input, const torch::Tensor& labels,
                                      FlatParameters& parameters) {
  if (!goes_without_autograd(input, labels)) {
    return Net::differentiate(input, labels, parameters);
  }
  require_own(parameters);
  return gradient_(flat(input).contiguous(), labels.contiguous(), parameters);
}

namespace {

struct LogisticOptions {
  bool bias = true;
  void describe(OptionSet& set) { set.add("bias", bias, "Whether classes have biases."); }
};

std::shared_ptr<Net> make_mlp(const Spec& spec, const MlpOptions& options) {
  return std::make_shared<Mlp>(spec, options);
}

std::shared_ptr<Net> make_logistic(const Spec& spec, const LogisticOptions& options) {
  return std::make_shared<Mlp>(spec, MlpOptions{.hidden = {}, .bias = options.bias});
}

}  // namespace

Kind mlp_kind() {
  return kind_of<MlpOptions>(
      "mlp", "Multilayer perceptron: linear layers with an activation between; any input.",
      make_mlp);
}

Kind logistic_kind() {
  return kind_of<LogisticOptions>("logistic", "Multinomial logistic regression; any input.",
                                  make_logistic);
}

}  // namespace ordo::nets
