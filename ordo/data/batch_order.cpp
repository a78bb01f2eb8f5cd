#include "ordo/data/batch_order.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::data {

Json to_json(const BatchPosition& position) {
  return Json::object({{"epoch", position.epoch}, {"offset", position.offset}});
}

BatchPosition batch_position(const Json& json, const Location& where) {
  const auto field = [&](const char* name) {
    const Json* value = json.find(name);
    if (value == nullptr || !value->is_int() || value->as_int() < 0) {
      throw InputError(where, fmt::format("expected an integer '{}' of at least 0", name));
    }
    return value->as_int();
  };
  return {.epoch = field("epoch"), .offset = field("offset")};
}

BatchOrder::BatchOrder(IndexSpan examples, const BatchOptions& options, const Random& random)
    : examples_(examples.begin(), examples.end()),
      options_(options),
      random_(random.split("batch order")) {
  if (options.size < 1) {
    throw UsageError(fmt::format("a batch needs at least 1 example, not {}", options.size));
  }
  if (examples_.empty()) throw UsageError("there are no examples to train on");
  if (examples_per_epoch() == 0) {
    throw UsageError(
        fmt::format("{} examples fill no batch of {}; take smaller batches, or keep "
                    "the last that is not full",
                    examples_.size(), options.size));
  }
}

std::int64_t BatchOrder::examples_per_epoch() const {
  const auto count = static_cast<std::int64_t>(examples_.size());
  return options_.last == LastBatch::drop ? count - count % options_.size : count;
}

std::int64_t BatchOrder::batches_per_epoch() const {
  return (examples_per_epoch() + options_.size - 1) / options_.size;
}

void BatchOrder::order_epoch() {
  order_ = examples_;
  if (options_.shuffle == Shuffle::each_epoch) {
    Random random = random_.split(static_cast<std::uint64_t>(position_.epoch));
    random.shuffle(std::span(order_));
  }
  ordered_epoch_ = position_.epoch;
}

IndexSpan BatchOrder::next() {
  if (ordered_epoch_ != position_.epoch) order_epoch();
  const std::int64_t count = std::min(options_.size, examples_per_epoch() - position_.offset);
  const IndexSpan batch = IndexSpan(order_).subspan(static_cast<std::size_t>(position_.offset),
                                                    static_cast<std::size_t>(count));
  position_.offset += count;
  if (position_.offset == examples_per_epoch()) position_ = {position_.epoch + 1, 0};
  return batch;
}

void BatchOrder::seek(const BatchPosition& position) {
  if (position.epoch < 0 || position.offset < 0 || position.offset >= examples_per_epoch()) {
    throw UsageError(fmt::format("there is no example {} of epoch {}: an epoch visits {}",
                                 position.offset, position.epoch, examples_per_epoch()));
  }
  position_ = position;
}

}  // namespace ordo::data
