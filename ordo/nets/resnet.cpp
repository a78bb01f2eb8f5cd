// Residual networks of basic blocks (He, Zhang, Ren, Sun, CVPR 2016) for small images: a 3 x 3 stem
// without pooling, stages of which all but the first halve the image, the mean over what is left,
// and a linear head. The default is the thin ResNet-18 of Ash and Adams (NeurIPS 2020): stem 16,
// stages 16, 32, 64, 128 of two blocks each.
#include <torch/torch.h>

#include "ordo/nets/kind.h"
#include "ordo/nets/layers.h"

namespace ordo::nets {
namespace {

struct ResNetOptions {
  std::int64_t stem = 16;
  std::vector<std::int64_t> widths = {16, 32, 64, 128};
  std::int64_t blocks = 2;
  NormKeys norm;

  void describe(OptionSet& set) {
    set.add("stem", stem, "Channels of the first convolution.").range(1, kMaxWidth);
    set.add("widths", widths, "Channels of the stages.").range(1, kMaxWidth);
    set.add("blocks", blocks, "Blocks of two convolutions in each stage.").range(1, 100);
    norm.describe(set);
  }
};

// relu(x + norm(conv(relu(norm(conv(x)))))), where x is projected by a 1 x 1 convolution if its
// shape changes.
class Block : public torch::nn::Module {
 public:
  Block(std::int64_t in, std::int64_t out, std::int64_t stride, const GhostOptions& norm) {
    conv1_ = register_module(
        "conv1", Conv2d(ConvShape{.in = in, .out = out, .stride = stride, .bias = false}));
    norm1_ = register_module("norm1", GhostBatchNorm(out, norm));
    conv2_ = register_module("conv2", Conv2d(ConvShape{.in = out, .out = out, .bias = false}));
    norm2_ = register_module("norm2", GhostBatchNorm(out, norm));
    if (stride == 1 && in == out) return;
    shortcut_ = register_module(
        "shortcut",
        Conv2d(ConvShape{
            .in = in, .out = out, .kernel = 1, .stride = stride, .padding = 0, .bias = false}));
    shortcut_norm_ = register_module("shortcut_norm", GhostBatchNorm(out, norm));
  }

  torch::Tensor forward(const torch::Tensor& input) {
    torch::Tensor value = norm1_(conv1_(input));
    value = norm2_(conv2_(torch::relu_(value)));
    value += shortcut_ ? shortcut_norm_(shortcut_(input)) : input;
    return torch::relu_(value);
  }

 private:
  Conv2d conv1_{nullptr}, conv2_{nullptr}, shortcut_{nullptr};
  GhostBatchNorm norm1_{nullptr}, norm2_{nullptr}, shortcut_norm_{nullptr};
};

class ResNet : public Net {
 public:
  ResNet(const Spec& spec, const ResNetOptions& options) : image_(image_shape(spec)) {
    const GhostOptions norm = options.norm.options();
    stem_ = register_module(
        "stem", Conv2d(ConvShape{.in = image_.channels, .out = options.stem, .bias = false}));
    stem_norm_ = register_module("stem_norm", GhostBatchNorm(options.stem, norm));
    torch::nn::ModuleList blocks;
    std::int64_t width = options.stem;
    for (std::size_t stage = 0; stage < options.widths.size(); ++stage) {
      for (std::int64_t block = 0; block < options.blocks; ++block) {
        const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
        blocks_.push_back(std::make_shared<Block>(width, options.widths[stage], stride, norm));
        blocks->push_back(blocks_.back());
        width = options.widths[stage];
      }
    }
    register_module("blocks", blocks);
    head_ = register_module("head", Linear(width, spec.outputs));
  }

  torch::Tensor forward(const torch::Tensor& input) override {
    torch::Tensor value = stem_norm_(stem_(as_images(input, image_)));
    torch::relu_(value);
    for (const auto& block : blocks_) value = block->forward(value);
    return head_(value.mean({2, 3}));
  }

  std::string head() const override { return "head"; }

 private:
  ImageShape image_;
  Conv2d stem_{nullptr};
  GhostBatchNorm stem_norm_{nullptr};
  std::vector<std::shared_ptr<Block>> blocks_;
  Linear head_{nullptr};
};

std::shared_ptr<Net> make_resnet(const Spec& spec, const ResNetOptions& options) {
  return std::make_shared<ResNet>(spec, options);
}

}  // namespace

Kind resnet_kind() {
  return kind_of<ResNetOptions>(
      "resnet", "Residual network for small images, by default the thin ResNet-18; images.",
      make_resnet);
}

}  // namespace ordo::nets
