// The shallow network for CIFAR of Hoffer, Hubara and Soudry (NIPS 2017): twice a 5 x 5
// convolution, max-pooling 3 x 3 of stride 2, batch norm and ReLU; then two linear layers with
// batch norm, ReLU and dropout, and the head. Layers before a norm have no biases.
#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/kind.h"
#include "ordo/nets/layers.h"

namespace ordo::nets {
namespace {

struct C1Options {
  std::int64_t channels = 64;
  std::vector<std::int64_t> hidden = {384, 192};
  double dropout = 0.5;
  NormKeys norm;

  void describe(OptionSet& set) {
    set.add("channels", channels, "Channels of both convolutions.").range(1, kMaxWidth);
    set.add("hidden", hidden, "Widths of the linear layers before the head.").range(1, kMaxWidth);
    set.add("dropout", dropout, "Probability with which a hidden unit is dropped in training.")
        .range(0, 0.999);
    norm.describe(set);
  }
};

class C1 : public Net {
 public:
  C1(const Spec& spec, const C1Options& options) : image_(image_shape(spec)) {
    const GhostOptions norm = options.norm.options();
    torch::nn::ModuleList convolutions, layers, norms, dropouts;
    ImageShape now = image_;
    for (int layer = 0; layer < 2; ++layer) {
      convolutions->push_back(convolutions_.emplace_back(ConvShape{
          .in = now.channels, .out = options.channels, .kernel = 5, .padding = 2, .bias = false}));
      norms->push_back(norms_.emplace_back(options.channels, norm));
      now = {options.channels, (now.height - 3) / 2 + 1, (now.width - 3) / 2 + 1};
      if (now.height < 1 || now.width < 1 || image_.height < 3 || image_.width < 3) {
        throw UsageError(
            fmt::format("images of {} x {} are too small to be pooled twice; the "
                        "network 'c1' needs 7 x 7 at least",
                        image_.height, image_.width));
      }
    }
    std::int64_t width = now.channels * now.height * now.width;
    for (const std::int64_t next : options.hidden) {
      layers->push_back(layers_.emplace_back(width, next, /*with_bias=*/false));
      norms->push_back(norms_.emplace_back(next, norm));
      dropouts->push_back(dropouts_.emplace_back(options.dropout));
      width = next;
    }
    register_module("convolutions", convolutions);
    register_module("layers", layers);
    register_module("norms", norms);
    register_module("dropouts", dropouts);
    head_ = register_module("head", Linear(width, spec.outputs));
  }

  torch::Tensor forward(const torch::Tensor& input) override {
    torch::Tensor value = as_images(input, image_);
    auto norm = norms_.begin();
    for (Conv2d& convolution : convolutions_) {
      value = (*norm++)(torch::max_pool2d(convolution(value), 3, 2));
      torch::relu_(value);
    }
    value = value.flatten(1);
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      value = (*norm++)(layers_[layer](value));
      torch::relu_(value);
      value = dropouts_[layer](value);
    }
    return head_(value);
  }

  std::string head() const override { return "head"; }

 private:
  ImageShape image_;
  std::vector<Conv2d> convolutions_;
  std::vector<Linear> layers_;
  std::vector<GhostBatchNorm> norms_;  // of the convolutions, then of the layers
  std::vector<Dropout> dropouts_;
  Linear head_{nullptr};
};

std::shared_ptr<Net> make_c1(const Spec& spec, const C1Options& options) {
  return std::make_shared<C1>(spec, options);
}

}  // namespace

Kind c1_kind() {
  return kind_of<C1Options>(
      "c1", "Two convolutions with max-pooling, two linear layers with dropout; images.", make_c1);
}

}  // namespace ordo::nets
