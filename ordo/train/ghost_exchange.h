// Ghost batch norms whose batch is shared out among processes. Each takes whole ghosts, in the
// order of the ranks, so that gradients are those of one process; running statistics, an
// exponential average over the ghosts in their order, are put together here: if rank r moved mu to
// (1 - eta)^k_r mu + s_r by its k_r ghosts, all of them together move it to
//
//   (1 - eta)^K mu + sum_r (1 - eta)^(k_{r+1} + ... ) s_r,    K = sum_r k_r.
#pragma once

#include <vector>

#include "ordo/nets/ghost_batch_norm.h"
#include "ordo/nets/net.h"
#include "ordo/tensor/process_group.h"

namespace ordo::train {

class GhostExchange {
 public:
  /// Throws UsageError for statistics that are no average (Running::paper_literal).
  explicit GhostExchange(nets::Net& net);
  /// Before a step's forward passes.
  void begin();
  /// After them, in all processes; afterwards all have the same statistics.
  void end(tensor::ProcessGroup& group);

 private:
  std::vector<nets::GhostBatchNormImpl*> norms_;
  std::vector<torch::Tensor> before_;  // mean and spread of each norm, [2, channels] in float64
  std::vector<std::int64_t> count_before_;
};

}  // namespace ordo::train
