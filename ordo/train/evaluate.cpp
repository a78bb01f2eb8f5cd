#include "ordo/train/evaluate.h"

#include <algorithm>

#include <torch/torch.h>

namespace ordo::train {
namespace {

constexpr std::int64_t kBatch = 1000;

}  // namespace

std::int64_t count_correct(const torch::Tensor& logits, const torch::Tensor& labels) {
  const bool plain = logits.device().is_cpu() && logits.scalar_type() == torch::kFloat32 &&
                     logits.is_contiguous() && labels.is_contiguous();
  if (!plain) return logits.argmax(1).eq(labels).sum().item<std::int64_t>();
  // A few rows of a few numbers: four dispatches through ATen would cost more than the work.
  const float* row = logits.const_data_ptr<float>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::int64_t classes = logits.size(1);
  std::int64_t correct = 0;
  for (std::int64_t example = 0; example < logits.size(0); ++example, row += classes) {
    correct += std::max_element(row, row + classes) - row == label[example] ? 1 : 0;
  }
  return correct;
}

std::int64_t count_in_top(const torch::Tensor& logits, const torch::Tensor& labels,
                          std::int64_t k) {
  const torch::Tensor own = logits.gather(1, labels.unsqueeze(1));
  return logits.gt(own).sum(1).lt(k).sum().item<std::int64_t>();
}

Evaluation evaluate(nets::Net& net, const Examples& examples, const Context& context) {
  torch::NoGradGuard no_grad;
  const bool was_training = net.is_training();
  net.eval();
  Evaluation evaluation{.examples = examples.size()};
  double correct = 0, among_five = 0, loss = 0;
  for (std::int64_t begin = 0; begin < examples.size(); begin += kBatch) {
    context.check_stop();
    const Examples batch =
        examples.range(begin, std::min<std::int64_t>(begin + kBatch, examples.size()));
    const torch::Tensor logits = net.forward(batch.inputs);
    correct += static_cast<double>(count_correct(logits, batch.labels));
    among_five += static_cast<double>(count_in_top(logits, batch.labels, 5));
    loss += torch::nn::functional::cross_entropy(
                logits.to(torch::kFloat64), batch.labels,
                torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kSum))
                .item<double>();
  }
  net.train(was_training);
  evaluation.accuracy = correct / static_cast<double>(evaluation.examples);
  evaluation.top5_accuracy = among_five / static_cast<double>(evaluation.examples);
  evaluation.loss = loss / static_cast<double>(evaluation.examples);
  return evaluation;
}

}  // namespace ordo::train
