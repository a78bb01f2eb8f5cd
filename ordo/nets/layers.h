// The layers that networks are made of. Initialisation is PyTorch's default (uniform within
// 1/sqrt(fan_in) for weights and biases; ones and zeros for norms), drawn from our streams.
#pragma once

#include <cstdint>
#include <vector>

#include "ordo/nets/capture.h"
#include "ordo/nets/ghost_batch_norm.h"
#include "ordo/nets/parameters.h"

namespace ordo::nets {

/// y = x Wᵀ + b; x [..., in], W [out, in].
class LinearImpl : public Layer {
 public:
  LinearImpl(std::int64_t in, std::int64_t out, bool with_bias = true);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<Initial> initials() const override;

  torch::Tensor weight, bias;  ///< bias undefined without one
  CaptureSlot slot;
};
TORCH_MODULE(Linear);

struct ConvShape {
  std::int64_t in = 1, out = 1;
  std::int64_t kernel = 3;  ///< square
  std::int64_t stride = 1;
  std::int64_t padding = 1;
  bool bias = true;
};

/// x [n, in, height, width], W [out, in, kernel, kernel].
class Conv2dImpl : public Layer {
 public:
  explicit Conv2dImpl(const ConvShape& shape);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<Initial> initials() const override;

  torch::Tensor weight, bias;
  ConvShape shape;
  CaptureSlot slot;
};
TORCH_MODULE(Conv2d);

/// Dropout from our Philox in training, the identity in evaluation.
class DropoutImpl : public Layer {
 public:
  explicit DropoutImpl(double probability);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<Initial> initials() const override { return {}; }
  /// The stream of the next forward passes: pass k uses stream.split(k).
  void set_stream(const Random& stream);

 private:
  double probability_;
  Random stream_{0};
  std::uint64_t passes_ = 0;
};
TORCH_MODULE(Dropout);

/// Gives each dropout layer of a network the stream of its name.
void set_dropout_streams(torch::nn::Module& net, const Random& stream);

}  // namespace ordo::nets
