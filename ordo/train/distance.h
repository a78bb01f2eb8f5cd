// How far the weights have gone: |w_t - w_0| of all parameters and of each layer, at updates 1, 2,
// 4, 8, ... and at the end of each epoch. Running statistics are no weights and not counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/nets/parameters.h"
#include "ordo/train/distance_fit.h"

namespace ordo::train {

struct Distance {
  std::int64_t update = 0;
  double rate = 0;             ///< learning rate of that update
  double total = 0;            ///< Euclidean
  std::vector<double> layers;  ///< in the order of DistanceTracker::layers
};

class DistanceTracker {
 public:
  /// Counts from what `parameters` hold now (a copy is kept).
  explicit DistanceTracker(const nets::FlatParameters& parameters);
  /// Goes on from what state() and origin() gave. Throws InputError.
  DistanceTracker(const nets::FlatParameters& parameters, torch::Tensor origin, const Json& state);

  /// Whether an update is one of the powers of two.
  static bool is_due(std::int64_t update) { return update > 0 && (update & (update - 1)) == 0; }
  /// Measures and keeps. One pass over the parameters.
  const Distance& measure(const nets::FlatParameters& parameters, std::int64_t update, double rate);

  const std::vector<std::string>& layers() const { return layers_; }
  const std::vector<Distance>& distances() const { return distances_; }
  const torch::Tensor& origin() const { return origin_; }
  Json state() const;

  /// Fits to the powers of two in the first phase, while the rate is that of the first update;
  /// nothing if there are fewer than three.
  std::optional<DistanceFits> fits() const;

 private:
  torch::Tensor origin_;
  std::vector<std::string> layers_;
  std::vector<std::size_t> layer_of_entry_;
  std::vector<Distance> distances_;
};

}  // namespace ordo::train
