// Gradient checkpointing (Chen et al. 2016): of each block only its input is kept, and the block is
// computed again when its gradient is needed. Memory for one block instead of all, for a third more
// work.
#pragma once

#include <cstdint>

#include <torch/types.h>

#include "ordo/lm/model.h"

namespace ordo::lm {

/// model.block(layer, hidden, pass). `model` and `pass` must live until the gradient is taken.
/// Gradients are accumulated into the parameters, as backward() does; torch::autograd::grad does
/// not see them.
torch::Tensor checkpointed_block(Model& model, std::int64_t layer, const torch::Tensor& hidden,
                                 const Pass& pass);

}  // namespace ordo::lm
