// Ghost batch normalisation: the functions that GhostBatchNorm in _ghost.py is made of.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ordo/nets/ghost_batch_norm.h"
#include "python/native/bind.h"

namespace ordo::python {
namespace {

using Sizes = std::vector<std::int64_t>;

constexpr const char* kSizes =
    "The rows of each ghost of a batch of `rows`, in order; `remainder` is 'merge', 'split' or\n"
    "'error'. Raises UsageError for a ghost size of 1 or below 0.";

constexpr const char* kNormalise =
    "Normalises `input` [n, c, ...] in ghosts of `sizes` rows, which sum to n; weight and bias "
    "[c]\n"
    "or None. Returns the output, and each ghost's mean and biased variance [ghosts, c] in "
    "float64.\n"
    "Differentiable any number of times.";

constexpr const char* kTrack =
    "Moves running statistics [c] in place by what a batch's ghosts had; `running` is 'ema_var',\n"
    "'paper_std' or 'paper_literal'.";

}  // namespace

void bind_ghost_batch_norm(py::module_& module) {
  module.def(
      "ghost_sizes",
      [](std::int64_t rows, std::int64_t ghost_size, const std::string& remainder,
         std::int64_t values_a_row) {
        return nets::ghost_sizes(
            rows, {.ghost_size = ghost_size, .remainder = nets::remainder_of(remainder)},
            values_a_row);
      },
      py::arg("rows"), py::arg("ghost_size"), py::arg("remainder"), py::arg("values_a_row"),
      kSizes);

  module.def(
      "ghost_batch_norm",
      [](const torch::Tensor& input, const std::optional<torch::Tensor>& weight,
         const std::optional<torch::Tensor>& bias, const Sizes& sizes, double eps) {
        nets::GhostNormalised batch = nets::ghost_batch_norm(
            input, weight.value_or(torch::Tensor()), bias.value_or(torch::Tensor()), sizes, eps);
        return std::make_tuple(std::move(batch.output), std::move(batch.mean),
                               std::move(batch.variance));
      },
      py::arg("input"), py::arg("weight"), py::arg("bias"), py::arg("sizes"), py::arg("eps"),
      WithoutGil(), kNormalise);

  module.def(
      "track_ghosts",
      [](const torch::Tensor& mean, const torch::Tensor& variance, const Sizes& sizes,
         std::int64_t values_a_row, std::int64_t ghost_size, double momentum, double eps,
         const std::string& running, torch::Tensor running_mean, torch::Tensor running_spread) {
        nets::track_ghosts({.output = {}, .mean = mean, .variance = variance}, sizes, values_a_row,
                           {.ghost_size = ghost_size,
                            .eps = eps,
                            .momentum = momentum,
                            .running = nets::running_of(running)},
                           running_mean, running_spread);
      },
      py::arg("mean"), py::arg("variance"), py::arg("sizes"), py::arg("values_a_row"),
      py::arg("ghost_size"), py::arg("momentum"), py::arg("eps"), py::arg("running"),
      py::arg("running_mean"), py::arg("running_spread"), WithoutGil(), kTrack);
}

}  // namespace ordo::python
