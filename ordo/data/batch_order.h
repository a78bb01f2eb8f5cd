// The order of examples in training: each epoch is a permutation, cut into batches. The permutation
// is a pure function of seed and epoch (a Philox stream of its own for each), so a run that stopped
// anywhere goes on with exactly the batches it would have had.
#pragma once

#include <cstdint>

#include "ordo/base/json.h"
#include "ordo/base/random.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

enum class Shuffle { each_epoch, never };
enum class LastBatch {
  keep,  ///< the epoch's last batch may be smaller
  drop,  ///< examples that fill no batch are left out, others each epoch
};

struct BatchOptions {
  std::int64_t size = 128;  ///< examples in a batch, at least 1
  Shuffle shuffle = Shuffle::each_epoch;
  LastBatch last = LastBatch::keep;
};

/// Where training stands: before the example `offset` of the epoch's order.
struct BatchPosition {
  std::int64_t epoch = 0;
  std::int64_t offset = 0;
  friend bool operator==(const BatchPosition&, const BatchPosition&) = default;
};

Json to_json(const BatchPosition& position);
/// Throws InputError with `where` as its place.
BatchPosition batch_position(const Json& json, const Location& where);

class BatchOrder {
 public:
  /// Throws UsageError if there is no example, or none fills a batch that must be full.
  BatchOrder(IndexSpan examples, const BatchOptions& options, const Random& random);

  /// The next batch; after an epoch's last comes the next epoch's first. The span lives until the
  /// call that begins another epoch. O(batch), and O(examples) at the beginning of an epoch.
  IndexSpan next();
  /// Of the batch that `next` will give; offset 0 means that an epoch is complete.
  BatchPosition position() const { return position_; }
  /// Goes anywhere. Throws UsageError for a position that no epoch of these examples has.
  void seek(const BatchPosition& position);

  std::int64_t batches_per_epoch() const;
  /// Examples that an epoch visits.
  std::int64_t examples_per_epoch() const;

 private:
  void order_epoch();

  Indices examples_, order_;
  BatchOptions options_;
  Random random_;
  BatchPosition position_;
  std::int64_t ordered_epoch_ = -1;
};

}  // namespace ordo::data
