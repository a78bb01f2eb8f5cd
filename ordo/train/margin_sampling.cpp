#include "ordo/train/margin_sampling.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::train {

std::vector<std::int64_t> smallest_margins(const torch::Tensor& probabilities, std::int64_t count) {
  if (probabilities.size(1) < 2) throw UsageError("margins need two classes or more");
  if (count < 0 || count > probabilities.size(0)) {
    throw UsageError(
        fmt::format("{} examples were asked for, of {}", count, probabilities.size(0)));
  }
  const torch::Tensor best = std::get<0>(probabilities.topk(2, 1));
  const torch::Tensor margins = best.select(1, 0) - best.select(1, 1);
  const torch::Tensor order =
      std::get<1>(margins.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false)).cpu();
  const std::int64_t* rows = order.const_data_ptr<std::int64_t>();
  return {rows, rows + count};
}

}  // namespace ordo::train
