// When training has converged: accuracy on the fly, over the batches of an epoch as they are
// trained on. `plain` is correct / seen. `legacy` is what the script behind Ash and Adams (2020)
// computes: after each batch it adds the counts since the last reset, which it does after batches
// 10, 20, ..., so that early batches of each ten weigh more. 25 batches of 128 with 90, 91, ...,
// 114 correct are .796875 plainly and .7752862595 there.
#pragma once

#include <cstdint>
#include <string>

#include "ordo/base/json.h"

namespace ordo::train {

enum class Criterion { plain, legacy };

class EpochAccuracy {
 public:
  explicit EpochAccuracy(Criterion criterion) : criterion_(criterion) {}
  void begin_epoch();
  void add(std::int64_t correct, std::int64_t seen);
  /// Of the epoch so far; 0 before the first batch.
  double value() const;

  Json state() const;
  void load_state(const Json& state);

 private:
  Criterion criterion_;
  std::int64_t correct_ = 0, seen_ = 0;  // plain: of the epoch; legacy: sums of counts
  std::int64_t recent_correct_ = 0, recent_seen_ = 0;  // legacy: since the last reset
  std::int64_t batch_ = 0;
};

}  // namespace ordo::train
