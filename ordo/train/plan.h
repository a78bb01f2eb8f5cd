// `ordo train plan`: what a training would be like, without doing it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/data/catalogue.h"
#include "ordo/train/run.h"

namespace ordo::train {

struct Plan {
  struct Tensor {
    std::string name;
    std::vector<std::int64_t> shape;
  };
  std::vector<Tensor> tensors;  ///< the network's parameters
  std::int64_t parameters = 0;
  std::int64_t train_examples = 0, validation_examples = 0, test_examples = 0;
  std::int64_t classes = 0;
  std::int64_t steps_per_epoch = 0;
  double rate = 0;  ///< base learning rate
  std::int64_t batch_size = 0, base_batch = 0;
  std::int64_t ghost_size = 0;  ///< 0: none
  double noise_variance = 0;    ///< of the factors on losses; 0: none
  struct Phase {
    std::int64_t update = 0;  ///< where it begins
    double epoch = 0;         ///< the same in epochs
    double rate = 0;
    std::string optimizer;  ///< NAME:key=value,...
  };
  std::vector<Phase> regime;  ///< as adapted; empty if there is none
  std::int64_t updates = 0;   ///< of the whole training; 0: until a criterion stops it
  double epochs() const {
    return static_cast<double>(updates) / static_cast<double>(steps_per_epoch);
  }
  double seconds() const { return seconds_per_step * static_cast<double>(updates); }
  std::vector<std::string> warnings;
  double data_mib = 0;          ///< of examples on the device
  double seconds_per_step = 0;  ///< median of some steps on the first batches
  double seconds_per_epoch() const {
    return seconds_per_step * static_cast<double>(steps_per_epoch);
  }
};
Json to_json(const Plan& plan);
std::string to_text(const Plan& plan);

/// Loads the data, builds the network and times a few steps of it; nothing is written.
Plan plan(const RunOptions& options, const data::Folders& folders, Context& context);

}  // namespace ordo::train
