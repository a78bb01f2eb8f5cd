#include "ordo/train/auto_shrink.h"

#include <cmath>
#include <vector>

#include <torch/torch.h>

namespace ordo::train {

GradientBalance balance_after(Round& round, const ShrinkPerturb& options) {
  torch::NoGradGuard no_grad;
  const torch::Tensor values = round.parameters.values().clone();
  std::vector<torch::Tensor> buffers;
  for (const torch::Tensor& buffer : round.net.buffers()) buffers.push_back(buffer.clone());

  shrink_perturb(round.net, round.parameters, options, round.stream);
  GradientBalance balance;
  {
    torch::AutoGradMode with_grad(true);
    balance = gradient_balance(round.net, round.examples, round.old_size);
  }
  round.parameters.values().copy_(values);
  std::size_t next = 0;
  for (torch::Tensor& buffer : round.net.buffers()) buffer.copy_(buffers[next++]);
  return balance;
}

double choose_shrink(Round& round, ShrinkPerturb options, double balance, const Context& context) {
  if (round.old_size <= 0 || round.old_size >= round.examples.size()) return 1;
  const auto is_balanced = [&](double shrink) {
    context.check_stop();
    options.shrink = shrink;
    return balance_after(round, options).ratio() <= balance;
  };
  if (is_balanced(1)) return 1;
  double low = 0, high = 1;
  while (high - low > 0.01) {
    const double middle = (low + high) / 2;
    (is_balanced(middle) ? low : high) = middle;
  }
  return std::round(low * 100) / 100;
}

}  // namespace ordo::train
