// Hidden states of tokens as one vector a text.
#pragma once

#include <torch/types.h>

namespace ordo::lm {

/// The mean over real tokens: `hidden` [rows, length, width], `real` [rows, length] bool or
/// undefined, result [rows, width].
torch::Tensor mean_of_tokens(const torch::Tensor& hidden, const torch::Tensor& real);

/// The state of each row's last real token, [rows, width].
torch::Tensor last_token(const torch::Tensor& hidden, const torch::Tensor& real);

}  // namespace ordo::lm
