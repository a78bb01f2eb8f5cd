#include "ordo/nets/layers.h"

#include <cmath>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::nets {
namespace {

// PyTorch's default for a weight and its bias: uniform within 1/sqrt(fan_in).
std::vector<Initial> weight_and_bias(std::int64_t fan_in, bool with_bias) {
  const auto draw = tensor::Draw::uniform(1 / std::sqrt(static_cast<double>(fan_in)));
  std::vector<Initial> initials = {{"weight", Role::weight, draw}};
  if (with_bias) initials.push_back({"bias", Role::bias, draw});
  return initials;
}

}  // namespace

LinearImpl::LinearImpl(std::int64_t in, std::int64_t out, bool with_bias) {
  weight = register_parameter("weight", torch::empty({out, in}));
  if (with_bias) bias = register_parameter("bias", torch::empty({out}));
}

torch::Tensor LinearImpl::forward(const torch::Tensor& input) {
  return slot.pass(input, torch::linear(input, weight, bias));
}

std::vector<Initial> LinearImpl::initials() const {
  return weight_and_bias(weight.size(1), bias.defined());
}

Conv2dImpl::Conv2dImpl(const ConvShape& wanted) : shape(wanted) {
  weight =
      register_parameter("weight", torch::empty({shape.out, shape.in, shape.kernel, shape.kernel}));
  if (shape.bias) bias = register_parameter("bias", torch::empty({shape.out}));
}

torch::Tensor Conv2dImpl::forward(const torch::Tensor& input) {
  return slot.pass(input, torch::conv2d(input, weight, bias, shape.stride, shape.padding));
}

std::vector<Initial> Conv2dImpl::initials() const {
  return weight_and_bias(shape.in * shape.kernel * shape.kernel, shape.bias);
}

DropoutImpl::DropoutImpl(double probability) : probability_(probability) {}

torch::Tensor DropoutImpl::forward(const torch::Tensor& input) {
  if (!is_training() || probability_ == 0) return input;
  return tensor::dropout(input, probability_, stream_.split(passes_++));
}

void DropoutImpl::set_stream(const Random& stream) {
  stream_ = stream;
  passes_ = 0;
}

void set_dropout_streams(torch::nn::Module& net, const Random& stream) {
  for (const auto& module : net.named_modules("", /*include_self=*/false)) {
    if (auto* const dropout = module.value()->as<DropoutImpl>()) {
      dropout->set_stream(stream.split(module.key()));
    }
  }
}

}  // namespace ordo::nets
