#include "ordo/train/examples.h"

#include <vector>

#include <torch/torch.h>

namespace ordo::train {

Examples Examples::range(std::int64_t begin, std::int64_t end) const {
  return {inputs.narrow(0, begin, end - begin), labels.narrow(0, begin, end - begin)};
}

Examples Examples::first(std::int64_t count) const { return range(0, count); }

std::vector<std::int64_t> input_shape(const data::Labelled& data) {
  Shape shape = data.example_shape();
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  return shape;
}

Examples make_examples(const data::Labelled& data, const data::Scaler& scaler,
                       data::IndexSpan which, std::span<const std::int64_t> labels,
                       const Placement& placement) {
  const auto count = static_cast<std::int64_t>(which.size());
  std::vector<std::int64_t> shape = input_shape(data);
  shape.insert(shape.begin(), count);
  torch::Tensor inputs = torch::empty(shape, torch::kFloat32);
  data::gather(scaler, data, which,
               {inputs.data_ptr<float>(), static_cast<std::size_t>(inputs.numel())});
  torch::Tensor classes = torch::empty({count}, torch::kInt64);
  std::int64_t* out = classes.data_ptr<std::int64_t>();
  for (const std::int64_t example : which) *out++ = labels[static_cast<std::size_t>(example)];
  return {inputs.to(placement.device, placement.dtype), classes.to(placement.device)};
}

Batcher::Batch Batcher::gather(data::IndexSpan which) {
  const auto count = static_cast<std::int64_t>(which.size());
  // from_blob shares the caller's indices, which only live until the next batch; so do ours.
  torch::Tensor index =
      torch::from_blob(const_cast<std::int64_t*>(which.data()), {count}, torch::kInt64);
  if (!examples_.labels.device().is_cpu()) index = index.to(examples_.labels.device());
  if (!labels_.defined() || labels_.size(0) != count) {
    inputs_ = torch::empty({0}, examples_.inputs.options());
    labels_ = torch::empty({0}, examples_.labels.options());
  }
  torch::NoGradGuard no_grad;
  at::index_select_out(inputs_, examples_.inputs, 0, index);
  at::index_select_out(labels_, examples_.labels, 0, index);
  return {inputs_, labels_};
}

}  // namespace ordo::train
