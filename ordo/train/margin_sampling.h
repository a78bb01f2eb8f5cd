// Active learning by margins: label next what the network can least decide between its two first
// choices.
#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

namespace ordo::train {

/// The rows of `probabilities` [n, classes] with the `count` smallest differences between the
/// largest entry and the next, smallest first; equal ones in their order. Throws UsageError for
/// fewer rows than `count` or fewer than two classes.
std::vector<std::int64_t> smallest_margins(const torch::Tensor& probabilities, std::int64_t count);

}  // namespace ordo::train
