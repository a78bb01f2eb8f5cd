#include "ordo/lm/cache.h"

#include <algorithm>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::lm {
namespace {

constexpr std::int64_t kFirstCapacity = 64;

// A tensor with room for `needed` tokens and the first `used` of `old`. It grows by half at least,
// so that all copies together cost no more than a few times the final size.
torch::Tensor with_room(const torch::Tensor& old, const torch::Tensor& like, std::int64_t used,
                        std::int64_t needed) {
  if (old.defined() && old.size(2) >= needed) return old;
  const std::int64_t capacity =
      std::max({kFirstCapacity, needed, old.defined() ? old.size(2) * 3 / 2 : 0});
  torch::Tensor grown =
      torch::empty({like.size(0), like.size(1), capacity, like.size(3)}, like.options());
  if (used > 0) grown.narrow(2, 0, used).copy_(old.narrow(2, 0, used));
  return grown;
}

}  // namespace

Cache::Cache(const models::Config& config) : layers_(static_cast<std::size_t>(config.layers)) {}

void Cache::truncate(std::int64_t length) {
  if (length < 0 || length > length_) {
    throw UsageError(
        fmt::format("a cache of {} tokens cannot be cut to {} tokens", length_, length));
  }
  length_ = length;
  if (real_.defined()) real_ = real_.narrow(1, 0, length);
  if (positions_.defined()) positions_ = positions_.narrow(1, 0, length);
  if (length == 0) {
    std::ranges::fill(layers_, Layer());
    real_ = positions_ = torch::Tensor();
    rows_ = 0;
  }
}

void Cache::select(const torch::Tensor& rows) {
  if (length_ == 0) throw UsageError("an empty cache has no rows to select");
  for (Layer& layer : layers_) {
    layer.keys = layer.keys.narrow(2, 0, length_).index_select(0, rows);
    layer.values = layer.values.narrow(2, 0, length_).index_select(0, rows);
  }
  if (real_.defined()) real_ = real_.index_select(0, rows);
  if (positions_.size(0) != 1) positions_ = positions_.index_select(0, rows);
  rows_ = rows.size(0);
}

Cache::KeysAndValues Cache::append(std::int64_t layer, const KeysAndValues& fresh) {
  if (torch::GradMode::is_enabled() && fresh.keys.requires_grad()) {
    throw UsageError("a cache carries no gradients: leave it out, or put a NoGradGuard around");
  }
  Layer& own = layers_.at(static_cast<std::size_t>(layer));
  const std::int64_t count = fresh.keys.size(2);
  own.keys = with_room(own.keys, fresh.keys, length_, length_ + count);
  own.values = with_room(own.values, fresh.values, length_, length_ + count);
  own.keys.narrow(2, length_, count).copy_(fresh.keys);
  own.values.narrow(2, length_, count).copy_(fresh.values);
  return {own.keys.narrow(2, 0, length_ + count), own.values.narrow(2, 0, length_ + count)};
}

void Cache::advance(std::int64_t rows, std::int64_t count, const torch::Tensor& all_real,
                    const torch::Tensor& new_positions) {
  real_ = all_real;
  positions_ =
      length_ == 0
          ? new_positions
          : torch::cat({positions_.expand({rows, -1}), new_positions.expand({rows, -1})}, 1);
  rows_ = rows;
  length_ += count;
}

}  // namespace ordo::lm
