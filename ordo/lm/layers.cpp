#include "ordo/lm/layers.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "ordo/lm/few_rows.h"
#include "ordo/lm/fused.h"
#include "ordo/lm/kernel_choice.h"
#include "ordo/tensor/parallel.h"

namespace ordo::lm {

using models::Activation;
using nets::Initial;
using nets::Role;
using tensor::Draw;

torch::Dtype wide(torch::Dtype dtype) {
  return dtype == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

namespace {

// Multiply-adds that are worth another thread.
constexpr std::int64_t kGrain = 1 << 16;

bool is_for_few_rows(const torch::Tensor& input, const torch::Tensor& weight,
                     const torch::Tensor& bias) {
  return !learns({input, weight, bias}) && is_plain(input) && is_plain(weight) &&
         weight.is_contiguous() && weight.size(1) > 0 && input.dim() > 1 &&
         input.size(-1) == weight.size(1) && input.numel() <= kernels::kFewRows * weight.size(1);
}

}  // namespace

torch::Tensor affine(const torch::Tensor& input, const torch::Tensor& weight,
                     const torch::Tensor& bias) {
  if (!is_for_few_rows(input, weight, bias)) return torch::linear(input, weight, bias);
  const torch::Tensor values = input.detach().contiguous();
  const std::int64_t size = weight.size(1), outputs = weight.size(0);
  const std::int64_t rows = values.numel() / size;
  std::vector<std::int64_t> shape = values.sizes().vec();
  shape.back() = outputs;
  torch::Tensor result = torch::empty(shape, values.options());
  const auto* const from = values.const_data_ptr<float>();
  const auto* const by = weight.const_data_ptr<float>();
  auto* const to = result.data_ptr<float>();
  tensor::parallel_for(outputs, std::max<std::int64_t>(1, kGrain / (rows * size)),
                       [&](std::int64_t begin, std::int64_t end) {
                         kernels::multiply_few_rows(from, rows, size, by, outputs, begin, end, to);
                       });
  return bias.defined() ? result.add_(bias.detach()) : result;
}

LinearImpl::LinearImpl(const LinearShape& shape)
    : nets::LinearImpl(shape.in, shape.out, shape.bias), deviation_(shape.deviation) {}

AdapterImpl::AdapterImpl(const torch::Tensor& weight, std::int64_t rank, double scale)
    : scale_(scale) {
  const auto options = weight.detach().options();
  down = register_parameter("lora_A", torch::empty({rank, weight.size(1)}, options));
  up = register_parameter("lora_B", torch::empty({weight.size(0), rank}, options));
}

torch::Tensor AdapterImpl::forward(const torch::Tensor& input) {
  return torch::linear(torch::linear(input, down), up) * scale_;
}

torch::Tensor AdapterImpl::product() const { return up.matmul(down) * scale_; }

std::vector<Initial> AdapterImpl::initials() const {
  const double bound = 1 / std::sqrt(static_cast<double>(down.size(1)));
  return {{"lora_A", Role::weight, Draw::uniform(bound)},
          {"lora_B", Role::weight, Draw::constant(0)}};
}

torch::Tensor LinearImpl::forward(const torch::Tensor& input) {
  torch::Tensor output = affine(input, weight, bias);
  if (adapter) output = output + adapter->forward(input);
  return slot.pass(input, output);
}

std::vector<Initial> LinearImpl::initials() const {
  std::vector<Initial> initials = {{"weight", Role::weight, Draw::normal(deviation_)}};
  if (bias.defined()) initials.push_back({"bias", Role::bias, Draw::constant(0)});
  return initials;
}

TiedLinearImpl::TiedLinearImpl(const torch::Tensor& embedding) : LinearImpl(LinearShape{}) {
  parameters_.erase("weight");
  weight = embedding;
}

Linear make_head(const models::Config& config, const torch::Tensor& embedding) {
  if (config.tied) {
    const std::shared_ptr<LinearImpl> tied = std::make_shared<TiedLinearImpl>(embedding);
    return tied;
  }
  return Linear(LinearShape{
      .in = config.hidden, .out = config.vocabulary, .deviation = config.initial_deviation});
}

EmbeddingImpl::EmbeddingImpl(std::int64_t rows, std::int64_t width, double deviation)
    : deviation_(deviation) {
  weight = register_parameter("weight", torch::empty({rows, width}));
}

torch::Tensor EmbeddingImpl::forward(const torch::Tensor& indices) {
  return torch::embedding(weight, indices);
}

std::vector<Initial> EmbeddingImpl::initials() const {
  return {{"weight", Role::weight, Draw::normal(deviation_)}};
}

RmsNormImpl::RmsNormImpl(std::int64_t width, double epsilon) : epsilon_(epsilon) {
  weight = register_parameter("weight", torch::empty({width}));
}

torch::Tensor RmsNormImpl::forward(const torch::Tensor& input) {
  return rms_norm(input, weight, epsilon_);
}

std::vector<Initial> RmsNormImpl::initials() const {
  return {{"weight", Role::norm, Draw::constant(1)}};
}

LayerNormImpl::LayerNormImpl(std::int64_t width, double epsilon) : epsilon_(epsilon) {
  weight = register_parameter("weight", torch::empty({width}));
  bias = register_parameter("bias", torch::empty({width}));
}

torch::Tensor LayerNormImpl::forward(const torch::Tensor& input) {
  return torch::layer_norm(input, {weight.size(0)}, weight, bias, epsilon_);
}

std::vector<Initial> LayerNormImpl::initials() const {
  return {{"weight", Role::norm, Draw::constant(1)}, {"bias", Role::norm, Draw::constant(0)}};
}

torch::Tensor gated(Activation activation, const torch::Tensor& gate, const torch::Tensor& up) {
  return activation == Activation::silu ? silu_product(gate, up) : activate(activation, gate) * up;
}

torch::Tensor activate(Activation activation, const torch::Tensor& input) {
  switch (activation) {
    case Activation::silu:
      return torch::silu(input);
    case Activation::gelu:
      return torch::gelu(input);
    case Activation::gelu_tanh:
      return torch::gelu(input, "tanh");
    case Activation::relu:
      return torch::relu(input);
  }
  return input;
}

}  // namespace ordo::lm
