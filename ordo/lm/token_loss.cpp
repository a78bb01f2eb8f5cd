#include "ordo/lm/token_loss.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/lm/kernel_choice.h"
#include "ordo/lm/model.h"
#include "ordo/nets/dense_kernels.h"
#include "ordo/tensor/parallel.h"

namespace ordo::lm {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr std::int64_t kScores = 1 << 21;  // held at once: 8 MB, which caches hold
constexpr std::int64_t kGrain = 1 << 15;   // scores that are worth a thread
// Floats between rows of scores: rows that are a power of two apart would share a part of the
// cache.
constexpr std::int64_t kGap = 80;

std::int64_t rows_at_once(std::int64_t vocabulary) {
  return std::max<std::int64_t>(1, kScores / vocabulary);
}

Tensor composed(const Tensor& hidden, const Tensor& weight, const Tensor& targets) {
  return torch::cross_entropy_loss(torch::linear(hidden, weight), targets);
}

// Rows of `scores` become the gradients in `errors`, laid out alike; the loss times `share` comes
// back.
double differentiate(const Tensor& scores, const Tensor& targets, const Tensor& errors,
                     double share) {
  const std::int64_t rows = scores.size(0), vocabulary = scores.size(1);
  std::vector<double> losses(static_cast<std::size_t>(rows));
  const auto* const from = scores.const_data_ptr<float>();
  const auto* const labels = targets.const_data_ptr<std::int64_t>();
  auto* const to = errors.mutable_data_ptr<float>();
  const std::int64_t stride = scores.stride(0);
  tensor::parallel_for(
      rows, std::max<std::int64_t>(1, kGrain / vocabulary),
      [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          losses[static_cast<std::size_t>(row)] = nets::kernels::softmax_cross_entropy(
              from + row * stride, labels + row, to + row * stride, 1, vocabulary, share);
        }
      });
  double loss = 0;
  for (const double one : losses) loss += one;
  return loss;
}

class TokenLoss : public torch::autograd::Function<TokenLoss> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& hidden, const Tensor& weight,
                        const Tensor& targets) {
    const std::int64_t count = hidden.size(0), vocabulary = weight.size(0);
    const std::int64_t step = std::min(count, rows_at_once(vocabulary));
    const auto matrix = [&] {
      return torch::empty({step, vocabulary + kGap}, hidden.options()).narrow(1, 0, vocabulary);
    };
    const Tensor scores = matrix(), errors = matrix();
    const Tensor of_hidden = torch::empty_like(hidden);
    Tensor of_weight = weight.requires_grad() ? torch::zeros_like(weight) : Tensor();
    double loss = 0;
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t rows = std::min(step, count - begin);
      Tensor some = scores.narrow(0, 0, rows);
      const Tensor some_errors = errors.narrow(0, 0, rows);
      const Tensor states = hidden.narrow(0, begin, rows);
      at::mm_out(some, states, weight.t());
      loss += differentiate(some, targets.narrow(0, begin, rows), some_errors,
                            1 / static_cast<double>(count));
      Tensor part = of_hidden.narrow(0, begin, rows);
      at::mm_out(part, some_errors, weight);
      if (of_weight.defined()) of_weight.addmm_(some_errors.t(), states);
    }
    context->save_for_backward({hidden, weight, targets, of_hidden, of_weight});
    return torch::full({}, loss, hidden.options());
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    if (torch::GradMode::is_enabled()) {  // the gradient shall be differentiated itself
      const tensor_list both = composed_gradients(composed(saved[0], saved[1], saved[2]),
                                                  {saved[0], saved[1]}, gradients[0]);
      return {both[0], both[1], {}};
    }
    const Tensor &of_hidden = saved[3], &of_weight = saved[4];
    return {
        of_hidden * gradients[0], of_weight.defined() ? of_weight * gradients[0] : Tensor(), {}};
  }
};

}  // namespace

Tensor token_loss(LinearImpl& head, const Tensor& hidden, const Tensor& targets) {
  const Tensor states = hidden.flatten(0, -2), labels = targets.flatten();
  const auto [low, high] = torch::aminmax(labels);
  const std::int64_t vocabulary = head.weight.size(0);
  if (low.item<std::int64_t>() < 0 || high.item<std::int64_t>() >= vocabulary) {
    throw UsageError(fmt::format("targets are tokens from {} to {}, the model knows 0 to {}",
                                 low.item<std::int64_t>(), high.item<std::int64_t>(),
                                 vocabulary - 1));
  }
  const bool fits = is_plain(states) && is_plain(head.weight) && !head.bias.defined();
  if (!fits || head.adapter != nullptr || head.slot.is_on() || !torch::GradMode::is_enabled()) {
    return torch::cross_entropy_loss(head.forward(states), labels);
  }
  return TokenLoss::apply(states.contiguous(), head.weight, labels.contiguous());
}

Tensor token_log_probabilities(Model& model, const Tensor& hidden, const Tensor& targets) {
  const torch::NoGradGuard no_grad;
  const std::int64_t count = hidden.size(0), step = rows_at_once(model.config().vocabulary);
  std::vector<Tensor> parts;
  for (std::int64_t begin = 0; begin < count; begin += step) {
    const std::int64_t rows = std::min(step, count - begin);
    const Tensor scores = model.head(hidden.narrow(0, begin, rows));
    const Tensor wanted = targets.narrow(0, begin, rows).unsqueeze(1);
    parts.push_back(scores.to(wide(scores.scalar_type())).log_softmax(-1).gather(1, wanted));
  }
  return torch::cat(parts).squeeze(1);
}

}  // namespace ordo::lm
