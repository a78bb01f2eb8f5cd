// How well hidden states foretell tokens, without holding the scores of all tokens at once, which
// would be the largest tensor of a pass by far.
#pragma once

#include <torch/types.h>

#include "ordo/lm/layers.h"

namespace ordo::lm {

class Model;

/// Mean cross entropy of `targets` [...] int64 where the head scores them after `hidden` [...,
/// width]. Where numbers are float32 on the CPU, gradients are computed beside the loss, some rows
/// at a time; elsewhere, and where a capture or an adapter waits at the head, scores are held.
torch::Tensor token_loss(LinearImpl& head, const torch::Tensor& hidden,
                         const torch::Tensor& targets);

/// log p of each target [n] int64 after `hidden` [n, width], without gradients; float64 for a model
/// of float64, else float32.
torch::Tensor token_log_probabilities(Model& model, const torch::Tensor& hidden,
                                      const torch::Tensor& targets);

}  // namespace ordo::lm
