// Settings that change in the course of a training: optimizer, rate, momentum, weight decay, by
// epoch. A regime is JSON, as the scripts of Hoffer, Hubara and Soudry (NIPS 2017) have it:
//
//   {"0": {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9}, "10": {"lr": 0.01}, "epochs": 50}
//
// What an epoch sets stays until another sets it again. "epochs" (optional) is how long it lasts. A
// regime made for small batches is adapted to large ones so that the number of updates is kept, not
// that of epochs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/optimize/optimizer.h"
#include "ordo/train/named_spec.h"

namespace ordo::train {

/// In what a regime's lengths are kept when the batch grows from M to L.
enum class RegimeUnit {
  updates,  ///< each boundary at the very update where batches of M had it
  epochs,   ///< every length in epochs times L / M
  ceil,     ///< times L / M rounded up, as the authors' scripts do
};
/// "updates", "epochs", "ceil". Throws UsageError.
RegimeUnit regime_unit_of(const std::string& name);

/// Batches in an epoch, the last of which may be smaller; but one example alone is left out, since
/// it has no variance.
std::int64_t steps_per_epoch(std::int64_t examples, std::int64_t batch_size);

class Regime {
 public:
  struct Change {
    double epoch = 0;
    JsonObject settings;  ///< "optimizer" in lower case, "rate", and the optimizer's own options
  };
  /// A regime placed in time.
  struct ChangeAt {
    std::int64_t update = 0;  ///< before which it happens
    JsonObject settings;
  };
  struct Schedule {
    std::vector<ChangeAt> changes;  ///< in order
    std::int64_t updates = 0;       ///< of the whole training; 0: not said
  };

  Regime() = default;
  /// Throws InputError with the JSON pointer of a key that is no epoch or out of order, of a
  /// missing epoch 0, of an unknown optimizer (with the nearest), of a rate below 0.
  static Regime from_json(const Json& json, const std::string& source);
  /// One of ours by name, or the user's file. Throws IoError, InputError.
  static Regime read(const std::string& name_or_path);

  const std::vector<Change>& changes() const { return changes_; }
  double epochs() const { return epochs_; }  ///< of the whole training; 0: not said
  /// The same with another length.
  Regime lasting(double epochs) const;

  /// Epochs times `factor`. Throws UsageError unless it is above 0.
  Regime stretched(double factor) const;
  /// For batches of `to` instead of `from`, by the ratio, or by the ratio rounded up.
  Regime adapt(std::int64_t from, std::int64_t to, RegimeUnit unit) const;
  /// In updates, for `examples` in batches of `batch_size`.
  Schedule schedule(std::int64_t examples, std::int64_t batch_size) const;
  /// Made for batches of `from`, used with batches of `to`, lengths kept in `unit`.
  Schedule schedule(std::int64_t examples, std::int64_t from, std::int64_t to,
                    RegimeUnit unit) const;

 private:
  std::vector<Change> changes_;
  double epochs_ = 0;
};
Json to_json(const Regime& regime);

/// The regimes of the paper by name, with one sentence each.
struct NamedRegime {
  std::string name, what, json;
};
const std::vector<NamedRegime>& named_regimes();

/// Plays a schedule: holds the optimizer that it asks for.
class RegimePlayer {
 public:
  /// What holds before the first change: an optimizer and its rate. All rates are multiplied by
  /// `rate_factor`. Plays the whole schedule once, so that what is wrong in it is found here.
  /// Throws UsageError naming the update.
  RegimePlayer(Regime::Schedule schedule, const NamedSpec& optimizer, double rate,
               double rate_factor);

  /// Makes the changes up to and including `update`; whether there were any. The state of an
  /// optimizer outlives a change of its options, but not a change to another method, which takes
  /// over the options that it knows.
  bool advance(std::int64_t update);
  optimize::Optimizer& optimizer() const { return *optimizer_; }
  double rate() const { return rate_ * rate_factor_; }
  const NamedSpec& spec() const { return spec_; }

 private:
  void apply(const JsonObject& settings);

  Regime::Schedule schedule_;
  std::size_t next_ = 0;
  NamedSpec spec_;
  double rate_ = 0, rate_factor_ = 1;
  std::unique_ptr<optimize::Optimizer> optimizer_;
};

}  // namespace ordo::train
