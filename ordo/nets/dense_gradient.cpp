#include "ordo/nets/dense_gradient.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/parallel.h"

namespace ordo::nets {
namespace {

using kernels::Activation;

constexpr std::int64_t kGrain = 1 << 15;  // elements that are worth a thread

// work(begin, end) over lines of `length` elements each.
template <class Work>
void for_lines(std::int64_t lines, std::int64_t length, const Work& work) {
  if (lines * length <= kGrain) return work(0, lines);
  tensor::parallel_for(lines, std::max<std::int64_t>(1, kGrain / length), work);
}

template <class T>
const T* pointer(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr<T>() : nullptr;
}
template <class T>
T* mutable_pointer(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr<T>() : nullptr;
}

void require_labels(const torch::Tensor& labels, std::int64_t batch, std::int64_t classes) {
  if (labels.dim() != 1 || labels.size(0) != batch) {
    throw UsageError(
        fmt::format("expected labels of shape [{}], found {}", batch, c10::str(labels.sizes())));
  }
  const std::int64_t* const label = labels.const_data_ptr<std::int64_t>();
  for (std::int64_t example = 0; example < batch; ++example) {
    if (label[example] >= 0 && label[example] < classes) continue;
    throw UsageError(
        fmt::format("example {} of the batch has label {}, but the network has {} outputs", example,
                    label[example], classes));
  }
}

template <class T>
void add_bias(torch::Tensor& values, const torch::Tensor& bias, Activation activation) {
  const std::int64_t columns = values.size(1);
  for_lines(values.size(0), columns, [&](std::int64_t begin, std::int64_t end) {
    kernels::add_bias(mutable_pointer<T>(values), pointer<T>(bias), columns, begin, end,
                      activation);
  });
  if (activation == Activation::tanh) at::tanh_(values);
}

template <class T>
void backward(torch::Tensor& errors, const torch::Tensor& hidden, torch::Tensor& bias_gradient,
              Activation activation) {
  const kernels::Backward<T> matrices = {mutable_pointer<T>(errors), pointer<T>(hidden),
                                         mutable_pointer<T>(bias_gradient), errors.size(0),
                                         errors.size(1)};
  for_lines(matrices.columns, matrices.rows, [&](std::int64_t begin, std::int64_t end) {
    kernels::backward(matrices, begin, end, activation);
  });
}

}  // namespace

DenseGradient::DenseGradient(std::vector<std::string> layers, Activation activation)
    : names_(std::move(layers)), activation_(activation) {}

void DenseGradient::bind(const FlatParameters& parameters) {
  const auto& entries = parameters.entries();
  const auto entry_of = [&](const std::string& name) {
    return std::ranges::find(entries, name, [](const auto& entry) { return entry.parameter.name; });
  };
  layers_.clear();
  batch_ = 0;
  for (const std::string& name : names_) {
    Layer& layer = layers_.emplace_back();
    const auto weight = entry_of(name + ".weight"), bias = entry_of(name + ".bias");
    layer.weight = parameters.value(*weight);
    layer.weight_transposed = layer.weight.t();
    layer.weight_gradient = parameters.gradient(*weight);
    if (bias == entries.end()) continue;
    layer.bias = parameters.value(*bias);
    layer.bias_gradient = parameters.gradient(*bias);
  }
}

void DenseGradient::make_room(std::int64_t batch) {
  batch_ = batch;
  for (Layer& layer : layers_) {
    const std::vector<std::int64_t> shape = {batch, layer.weight.size(0)};
    if (&layer != &layers_.back()) layer.output = torch::empty(shape, layer.weight.options());
    layer.errors = torch::empty(shape, layer.weight.options());
    layer.errors_transposed = layer.errors.t();
  }
}

template <class T>
Net::LossAndLogits DenseGradient::differentiate(const torch::Tensor& input,
                                                const torch::Tensor& labels) {
  const auto input_of = [&](std::size_t layer) -> const torch::Tensor& {
    return layer == 0 ? input : layers_[layer - 1].output;
  };
  const std::size_t last = layers_.size() - 1;
  for (std::size_t layer = 0; layer < last; ++layer) {
    Layer& at = layers_[layer];
    at::mm_out(at.output, input_of(layer), at.weight_transposed);
    add_bias<T>(at.output, at.bias, activation_);
  }
  Layer& head = layers_[last];
  torch::Tensor logits = at::mm(input_of(last), head.weight_transposed);
  add_bias<T>(logits, head.bias, Activation::identity);

  const std::int64_t classes = logits.size(1);
  torch::Tensor loss = at::empty({}, logits.options());
  *loss.mutable_data_ptr<T>() = static_cast<T>(kernels::softmax_cross_entropy(
      pointer<T>(logits), pointer<std::int64_t>(labels), mutable_pointer<T>(head.errors), batch_,
      classes, 1 / static_cast<double>(batch_)));

  backward<T>(head.errors, {}, head.bias_gradient, Activation::identity);
  for (std::size_t layer = last;; --layer) {
    Layer& at = layers_[layer];
    at::mm_out(at.weight_gradient, at.errors_transposed, input_of(layer));
    if (layer == 0) break;
    Layer& below = layers_[layer - 1];
    at::mm_out(below.errors, at.errors, at.weight);
    backward<T>(below.errors, below.output, below.bias_gradient, activation_);
  }
  return {std::move(loss), std::move(logits)};
}

Net::LossAndLogits DenseGradient::operator()(const torch::Tensor& input,
                                             const torch::Tensor& labels,
                                             FlatParameters& parameters) {
  const at::AutoDispatchBelowADInplaceOrView plain_kernels;
  if (parameters.values().const_data_ptr() != values_ ||
      parameters.gradients().const_data_ptr() != gradients_) {
    bind(parameters);
    values_ = parameters.values().const_data_ptr();
    gradients_ = parameters.gradients().const_data_ptr();
  }
  if (input.size(0) != batch_) make_room(input.size(0));
  require_labels(labels, batch_, layers_.back().weight.size(0));
  return input.scalar_type() == torch::kFloat64 ? differentiate<double>(input, labels)
                                                : differentiate<float>(input, labels);
}

}  // namespace ordo::nets
