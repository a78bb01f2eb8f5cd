// The layers that language models are made of. Linear layers are nets::Linear, so that
// nets::Capture finds them; fresh weights are normal, as language models draw them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ordo/models/config.h"
#include "ordo/nets/layers.h"

namespace ordo::lm {

struct LinearShape {
  std::int64_t in = 0, out = 0;
  bool bias = false;
  double deviation = 0.02;  ///< of fresh weights; fresh biases are zero
};

/// What may be added to a linear layer's result (Hu et al. 2022): scale (x Aᵀ) Bᵀ with few rows in
/// A, so that it has few numbers that learn. Fresh, it adds nothing: B is zero.
class AdapterImpl : public nets::Layer {
 public:
  AdapterImpl(const torch::Tensor& weight, std::int64_t rank, double scale);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<nets::Initial> initials() const override;
  /// scale B A, of the layer's shape.
  torch::Tensor product() const;

  torch::Tensor down, up;  ///< A [rank, in], B [out, rank]

 private:
  double scale_;
};

/// x Wᵀ + b, as torch::linear computes it, but for a few rows of float32 on the CPU without
/// gradients, which few_rows.h multiplies.
torch::Tensor affine(const torch::Tensor& input, const torch::Tensor& weight,
                     const torch::Tensor& bias);

/// y = x Wᵀ + b; x [..., in], W [out, in].
class LinearImpl : public nets::LinearImpl {
 public:
  explicit LinearImpl(const LinearShape& shape);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<nets::Initial> initials() const override;

  /// Not a part of the layer: its parameters belong to whoever put it here.
  std::shared_ptr<AdapterImpl> adapter;

 private:
  double deviation_;
};
TORCH_MODULE(Linear);

/// A linear layer without parameters of its own: its weight is an embedding's.
class TiedLinearImpl : public LinearImpl {
 public:
  explicit TiedLinearImpl(const torch::Tensor& embedding);
  std::vector<nets::Initial> initials() const override { return {}; }
};

/// The head of a model over `embedding` [vocabulary, hidden]: tied to it, or with weights of its
/// own.
Linear make_head(const models::Config& config, const torch::Tensor& embedding);

/// Rows of a table; indices [...] int64, result [..., width].
class EmbeddingImpl : public nets::Layer {
 public:
  EmbeddingImpl(std::int64_t rows, std::int64_t width, double deviation);
  torch::Tensor forward(const torch::Tensor& indices);
  std::vector<nets::Initial> initials() const override;

  torch::Tensor weight;

 private:
  double deviation_;
};
TORCH_MODULE(Embedding);

/// x / sqrt(mean(x²) + epsilon) * weight over the last dimension (Zhang and Sennrich 2019); 16-bit
/// inputs are normalised in float32.
class RmsNormImpl : public nets::Layer {
 public:
  RmsNormImpl(std::int64_t width, double epsilon);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<nets::Initial> initials() const override;

  torch::Tensor weight;

 private:
  double epsilon_;
};
TORCH_MODULE(RmsNorm);

/// (x - mean) / sqrt(variance + epsilon) * weight + bias over the last dimension.
class LayerNormImpl : public nets::Layer {
 public:
  LayerNormImpl(std::int64_t width, double epsilon);
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<nets::Initial> initials() const override;

  torch::Tensor weight, bias;

 private:
  double epsilon_;
};
TORCH_MODULE(LayerNorm);

torch::Tensor activate(models::Activation activation, const torch::Tensor& input);
/// activate(gate) * up.
torch::Tensor gated(models::Activation activation, const torch::Tensor& gate,
                    const torch::Tensor& up);

/// float64 for float64, else float32: what norms and angles are computed in.
torch::Dtype wide(torch::Dtype dtype);

}  // namespace ordo::lm
