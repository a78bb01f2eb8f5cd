#include "ordo/train/examples.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <torch/torch.h>

namespace ordo::train {
namespace {

// to[i] = from[which[i]]. On the CPU the next row is already called for while one is copied: rows
// in drawn order are where no prefetcher of the processor expects them.
void take_rows(const torch::Tensor& from, data::IndexSpan which, torch::Tensor& to) {
  const torch::NoGradGuard no_grad;
  if (!from.is_cpu() || !from.is_contiguous()) {
    const torch::Tensor index =
        torch::from_blob(const_cast<std::int64_t*>(which.data()),
                         {static_cast<std::int64_t>(which.size())}, torch::kInt64);
    at::index_select_out(to, from, 0, index.to(from.device()));
    return;
  }
  constexpr std::size_t kLine = 64, kAhead = 1024;
  const std::size_t bytes = from.nbytes() / static_cast<std::size_t>(from.size(0));
  const auto* const source = static_cast<const char*>(from.const_data_ptr());
  const auto row = [&](std::size_t i) {
    return source + static_cast<std::size_t>(which[i]) * bytes;
  };
  auto* target = static_cast<char*>(to.mutable_data_ptr());
  for (std::size_t i = 0; i < which.size(); ++i, target += bytes) {
    if (i + 1 < which.size()) {
      for (std::size_t at = 0; at < std::min(bytes, kAhead); at += kLine) {
        __builtin_prefetch(row(i + 1) + at);
      }
    }
    std::memcpy(target, row(i), bytes);
  }
}

}  // namespace

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
  if (!labels_.defined() || labels_.size(0) != count) {
    const auto batch_of = [count](const torch::Tensor& all) {
      std::vector<std::int64_t> shape = all.sizes().vec();
      shape[0] = count;
      return torch::empty(shape, all.options());
    };
    inputs_ = batch_of(examples_.inputs);
    labels_ = batch_of(examples_.labels);
  }
  take_rows(examples_.inputs, which, inputs_);
  take_rows(examples_.labels, which, labels_);
  return {inputs_, labels_};
}

}  // namespace ordo::train
