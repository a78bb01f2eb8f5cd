// A small convolution network: square convolutions that halve the image (stride 2), each followed
// by batch normalisation and ReLU, then one linear layer over what is left. The default on images
// of 28 x 28 has 8 and 16 channels, so the head sees 16 * 7 * 7 = 784 numbers.
#include <torch/torch.h>

#include "ordo/nets/kind.h"
#include "ordo/nets/layers.h"

namespace ordo::nets {
namespace {

struct CnnOptions {
  std::vector<std::int64_t> channels = {8, 16};
  std::int64_t kernel = 3;
  std::int64_t stride = 2;
  bool batch_norm = true;
  NormKeys norm;

  void describe(OptionSet& set) {
    set.add("channels", channels, "Channels after each convolution.").range(1, kMaxWidth);
    set.add("kernel", kernel, "Side of the convolutions' windows; odd keeps images centred.")
        .range(1, 63);
    set.add("stride", stride, "Step of the convolutions: each divides the image's sides by it.")
        .range(1, 63);
    set.add("batch-norm", batch_norm,
            "Normalise each convolution over the batch (which then has no bias).");
    norm.describe(set);
  }
};

class Cnn : public Net {
 public:
  Cnn(const Spec& spec, const CnnOptions& options) : image_(image_shape(spec)) {
    const GhostOptions norm = options.norm.options();
    torch::nn::ModuleList convolutions, norms;
    ImageShape now = image_;
    const std::int64_t padding = options.kernel / 2;
    const auto after = [&](std::int64_t side) {
      return (side + 2 * padding - options.kernel) / options.stride + 1;
    };
    for (const std::int64_t channels : options.channels) {
      convolutions->push_back(convolutions_.emplace_back(ConvShape{.in = now.channels,
                                                                   .out = channels,
                                                                   .kernel = options.kernel,
                                                                   .stride = options.stride,
                                                                   .padding = padding,
                                                                   .bias = !options.batch_norm}));
      if (options.batch_norm) norms->push_back(norms_.emplace_back(channels, norm));
      now = {channels, after(now.height), after(now.width)};
    }
    register_module("convolutions", convolutions);
    register_module("norms", norms);
    head_ = register_module("head", Linear(now.channels * now.height * now.width, spec.outputs));
  }

  torch::Tensor forward(const torch::Tensor& input) override {
    torch::Tensor value = as_images(input, image_);
    for (std::size_t layer = 0; layer < convolutions_.size(); ++layer) {
      value = convolutions_[layer](value);
      if (!norms_.empty()) value = norms_[layer](value);
      value = torch::relu_(value);
    }
    return head_(value.flatten(1));
  }

  std::string head() const override { return "head"; }

 private:
  ImageShape image_;
  std::vector<Conv2d> convolutions_;
  std::vector<GhostBatchNorm> norms_;  // one a convolution, or none
  Linear head_{nullptr};
};

std::shared_ptr<Net> make_cnn(const Spec& spec, const CnnOptions& options) {
  return std::make_shared<Cnn>(spec, options);
}

}  // namespace

Kind cnn_kind() {
  return kind_of<CnnOptions>(
      "cnn", "Small convolution network: strided convolutions and a linear head; images.",
      make_cnn);
}

}  // namespace ordo::nets
