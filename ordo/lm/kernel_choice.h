// When steps of a model are computed by kernels of this room, and what stands in for them.
#pragma once

#include <initializer_list>

#include <torch/torch.h>

namespace ordo::lm {

/// What kernels take: float32 on the CPU.
bool is_plain(const torch::Tensor& tensor);

/// Whether what is computed of these tensors, some of which may be undefined, will be
/// differentiated.
bool learns(std::initializer_list<torch::Tensor> tensors);

/// A gradient that shall be differentiated itself: that of `result`, composed of LibTorch's
/// operations on `inputs`.
torch::autograd::tensor_list composed_gradients(const torch::Tensor& result,
                                                const torch::autograd::tensor_list& inputs,
                                                const torch::Tensor& gradient);

}  // namespace ordo::lm
