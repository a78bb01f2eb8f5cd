// Training data as tensors: scaled once, resident on the device, and gathered by index.
#pragma once

#include <cstdint>
#include <span>

#include <torch/types.h>

#include "ordo/data/labelled.h"
#include "ordo/data/scaler.h"

namespace ordo::train {

/// Scaled examples [n, shape...] with their classes [n] (int64). Copies share memory.
struct Examples {
  torch::Tensor inputs;
  torch::Tensor labels;

  std::int64_t size() const { return labels.size(0); }
  /// The first `count`, sharing memory: the online rounds of one shuffled set.
  Examples first(std::int64_t count) const;
  /// Examples begin, ..., end - 1, sharing memory.
  Examples range(std::int64_t begin, std::int64_t end) const;
};

struct Placement {
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
};

/// Scales the examples `which` of `data` onto the device. Images without a channel get one.
/// `labels` are those of the whole data set (noise may have changed them).
Examples make_examples(const data::Labelled& data, const data::Scaler& scaler,
                       data::IndexSpan which, std::span<const std::int64_t> labels,
                       const Placement& placement);

/// The shape that a network sees: [1, h, w] for images [h, w].
std::vector<std::int64_t> input_shape(const data::Labelled& data);

/// Gathers batches into the same memory again and again: what a batch holds is gone with the next.
class Batcher {
 public:
  explicit Batcher(const Examples& examples) : examples_(examples) {}
  struct Batch {
    torch::Tensor inputs, labels;
  };
  Batch gather(data::IndexSpan which);

 private:
  Examples examples_;
  torch::Tensor inputs_, labels_;
};

}  // namespace ordo::train
