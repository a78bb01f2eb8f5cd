#include "ordo/train/ghost_exchange.h"

#include <cmath>

#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::train {
namespace {

torch::Tensor& spread_of(nets::GhostBatchNormImpl& norm) {
  return norm.running_var.defined() ? norm.running_var : norm.running_std;
}

torch::Tensor statistics_of(nets::GhostBatchNormImpl& norm) {
  return torch::stack({norm.running_mean, spread_of(norm)}).to(torch::kFloat64);
}

}  // namespace

GhostExchange::GhostExchange(nets::Net& net) {
  for (const auto& module : net.modules()) {
    auto* const norm = dynamic_cast<nets::GhostBatchNormImpl*>(module.get());
    if (norm == nullptr || !norm->running_mean.defined()) continue;
    if (norm->options.running == nets::Running::paper_literal) {
      throw UsageError(
          "running statistics by the paper's printed formula are no average over ghosts and cannot "
          "be put together from several processes; use ghost-running=ema_var");
    }
    norms_.push_back(norm);
  }
}

void GhostExchange::begin() {
  before_.clear();
  count_before_.clear();
  for (nets::GhostBatchNormImpl* const norm : norms_) {
    before_.push_back(statistics_of(*norm));
    count_before_.push_back(norm->num_batches_tracked.item<std::int64_t>());
  }
}

void GhostExchange::end(tensor::ProcessGroup& group) {
  if (norms_.empty()) return;
  const torch::NoGradGuard no_grad;
  const auto norms = static_cast<std::int64_t>(norms_.size());
  torch::Tensor counts = torch::zeros({group.world(), norms}, torch::kInt64);
  for (std::int64_t index = 0; index < norms; ++index) {
    const auto at = static_cast<std::size_t>(index);
    counts[group.rank()][index] =
        norms_[at]->num_batches_tracked.item<std::int64_t>() - count_before_[at];
  }
  group.all_reduce_sum(counts);

  std::vector<torch::Tensor> moved;
  std::vector<double> keeps;
  for (std::int64_t index = 0; index < norms; ++index) {
    const auto at = static_cast<std::size_t>(index);
    nets::GhostBatchNormImpl& norm = *norms_[at];
    const torch::Tensor ghosts = counts.select(1, index);
    const auto keep = [&](const torch::Tensor& some) {
      return std::pow(1 - norm.options.momentum,
                      static_cast<double>(some.sum().item<std::int64_t>()));
    };
    const torch::Tensor own = statistics_of(norm) - keep(ghosts[group.rank()]) * before_[at];
    moved.push_back((own * keep(ghosts.slice(0, group.rank() + 1))).flatten());
    keeps.push_back(keep(ghosts));
  }
  torch::Tensor sums = torch::cat(moved);
  group.all_reduce_sum(sums);
  std::int64_t offset = 0;
  for (std::int64_t index = 0; index < norms; ++index) {
    const auto at = static_cast<std::size_t>(index);
    const torch::Tensor together =
        keeps[at] * before_[at] + sums.narrow(0, offset, before_[at].numel()).view_as(before_[at]);
    norms_[at]->running_mean.copy_(together[0]);
    spread_of(*norms_[at]).copy_(together[1]);
    norms_[at]->num_batches_tracked.fill_(count_before_[at] +
                                          counts.select(1, index).sum().item<std::int64_t>());
    offset += before_[at].numel();
  }
}

}  // namespace ordo::train
