#include "ordo/lm/kernel_choice.h"

#include <algorithm>

namespace ordo::lm {

using torch::Tensor;

bool is_plain(const Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == torch::kFloat32;
}

bool learns(std::initializer_list<Tensor> tensors) {
  return torch::GradMode::is_enabled() && std::ranges::any_of(tensors, [](const Tensor& one) {
           return one.defined() && one.requires_grad();
         });
}

torch::autograd::tensor_list composed_gradients(const Tensor& result,
                                                const torch::autograd::tensor_list& inputs,
                                                const Tensor& gradient) {
  return torch::autograd::grad({result}, inputs, {gradient}, /*retain_graph=*/true,
                               /*create_graph=*/true, /*allow_unused=*/true);
}

}  // namespace ordo::lm
