// Ghost batch normalisation (Hoffer, Hubara and Soudry, NIPS 2017, algorithm 1): the rows of a
// large batch are divided, in their order, into ghosts of g rows, and each is normalised by its own
// statistics, as if it were a small batch. With K ghosts, means mu_i and momentum eta, the running
// mean goes as K small batches would have moved it, one after the other:
//
//   mu <- (1 - eta)^K mu + sum_i (1 - eta)^(K - i) eta mu_i
//
// and so does the running (unbiased) variance. The paper's formula has |B_S| for K and i for K - i;
// weights that need not sum to 1. It is kept as `paper_literal`, to see what it does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ordo/base/options.h"
#include "ordo/nets/parameters.h"

namespace ordo::nets {

/// What happens to the n mod g rows that do not fill a ghost.
enum class Remainder {
  merge,  ///< they join the ghost before them if they are fewer than max(2, g / 2)
  split,  ///< they are a smaller ghost of their own, unless it would have one value a channel
  error,  ///< UsageError
};

/// What is tracked for evaluation.
enum class Running {
  ema_var,        ///< mean and unbiased variance, one exponential update a ghost
  paper_std,      ///< mean and sqrt(biased variance + eps), likewise
  paper_literal,  ///< the same by the formula as it is printed
};

/// From "merge", "ema_var", ... . Throw UsageError naming the choices.
Remainder remainder_of(const std::string& name);
Running running_of(const std::string& name);

struct GhostOptions {
  std::int64_t ghost_size = 128;  ///< rows that share statistics; 0: the whole batch
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = true;
  bool track_running_stats = true;
  Running running = Running::ema_var;
  Remainder remainder = Remainder::merge;
};

/// The rows of each ghost, in order; one of all rows if ghost_size is 0 or at least `rows`. A ghost
/// of one value a channel (`values_a_row` is 1 but for images) joins the one before it. Throws
/// UsageError for a ghost_size of 1 or below 0.
std::vector<std::int64_t> ghost_sizes(std::int64_t rows, const GhostOptions& options,
                                      std::int64_t values_a_row = 1);

struct GhostNormalised {
  torch::Tensor output;
  torch::Tensor mean, variance;  ///< [ghosts, channels], biased, float64; without gradients
};
/// Normalises `input` [n, c, ...] in the ghosts of `sizes`, which sum to n; weight and bias [c] may
/// be undefined. Differentiable any number of times. On the CPU float32 and float64 are one fused
/// pass each way over ghosts and channels; other types and devices are composed of LibTorch's
/// operations. Throws UsageError if a ghost has one value a channel.
GhostNormalised ghost_batch_norm(const torch::Tensor& input, const torch::Tensor& weight,
                                 const torch::Tensor& bias, const std::vector<std::int64_t>& sizes,
                                 double eps);

/// Moves running statistics [c] in place by what a batch's ghosts had: `spread` is the variance or,
/// as the paper has it, the deviation.
void track_ghosts(const GhostNormalised& batch, const std::vector<std::int64_t>& sizes,
                  std::int64_t values_a_row, const GhostOptions& options,
                  torch::Tensor& running_mean, torch::Tensor& running_spread);

/// Batch normalisation over all but dimension 1 of [n, c], [n, c, length], [n, c, height, width] or
/// [n, c, depth, height, width], in ghosts if asked for. Without them, and for batches of one
/// ghost, it is LibTorch's, bit by bit. Evaluation knows no ghosts. In training one value a
/// channel, which has no variance, throws UsageError.
class GhostBatchNormImpl : public Layer {
 public:
  explicit GhostBatchNormImpl(std::int64_t channels, const GhostOptions& options = {});
  torch::Tensor forward(const torch::Tensor& input);
  std::vector<Initial> initials() const override;
  void reset_buffers() override;

  torch::Tensor weight, bias;         ///< undefined unless affine
  torch::Tensor running_mean;         ///< undefined unless tracked, as are the others
  torch::Tensor running_var;          ///< Running::ema_var
  torch::Tensor running_std;          ///< Running::paper_std, paper_literal
  torch::Tensor num_batches_tracked;  ///< ghosts, which are the batches here
  GhostOptions options;

 private:
  torch::Tensor& running_spread() { return running_var.defined() ? running_var : running_std; }
  torch::Tensor plain(const torch::Tensor& input, bool training);
};
TORCH_MODULE(GhostBatchNorm);

/// How a network's batch norms are asked for, as keys of its options.
struct NormKeys {
  std::int64_t ghost = 0;
  std::string running = "ema_var";
  std::string remainder = "merge";
  void describe(OptionSet& set);
  /// Throws UsageError.
  GhostOptions options() const;
};

}  // namespace ordo::nets
