#include "ordo/lm/checkpointed_block.h"

#include <torch/torch.h>

namespace ordo::lm {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& hidden, Model* model,
                        std::int64_t layer, const Pass* pass) {
    context->save_for_backward({hidden});
    context->saved_data["model"] = reinterpret_cast<std::int64_t>(model);
    context->saved_data["layer"] = layer;
    context->saved_data["pass"] = reinterpret_cast<std::int64_t>(pass);
    const torch::NoGradGuard no_grad;
    return model->block(layer, hidden, *pass);
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    auto* const model = reinterpret_cast<Model*>(context->saved_data["model"].toInt());
    const auto* const pass = reinterpret_cast<const Pass*>(context->saved_data["pass"].toInt());
    const Tensor input = context->get_saved_variables()[0].detach().requires_grad_();
    const torch::AutoGradMode with_grad(true);
    const Tensor output = model->block(context->saved_data["layer"].toInt(), input, *pass);
    torch::autograd::backward({output}, {gradients[0]});
    return {input.grad(), {}, {}, {}};
  }
};

}  // namespace

Tensor checkpointed_block(Model& model, std::int64_t layer, const Tensor& hidden,
                          const Pass& pass) {
  return Recomputed::apply(hidden, &model, layer, &pass);
}

}  // namespace ordo::lm
