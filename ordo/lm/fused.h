// Steps between a model's matrix products, each in one pass over memory where numbers are float32
// on the CPU (fused_kernels.h), composed of LibTorch's operations elsewhere. Derivatives of every
// order: a gradient that is itself to be differentiated is composed, too.
#pragma once

#include <torch/types.h>

namespace ordo::lm {

/// x / sqrt(mean(x²) + epsilon) * weight over the last dimension; 16-bit inputs are normalised in
/// float32.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

/// silu(gate) * up, of one shape.
torch::Tensor silu_product(const torch::Tensor& gate, const torch::Tensor& up);

/// Cosine and sine of each position's angles, [rows or 1, 1, length, dimensions], the second half
/// of the dimensions as the first.
struct Rotation {
  torch::Tensor cosine, sine;
};

/// `heads` [rows, heads, length, size] with their first dimensions turned, the others as they are.
torch::Tensor turn(const torch::Tensor& heads, const Rotation& rotation);

/// log of the sum of e^x over each row of `x` [rows, size], float64, without gradients.
torch::Tensor log_sum_exp(const torch::Tensor& x);

}  // namespace ordo::lm
