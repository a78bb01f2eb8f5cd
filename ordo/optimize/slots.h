// What first-order methods share: a count of steps, tensors of the values' size that live from step
// to step ("slots"), saving and loading them, and the choice of what decays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ordo/optimize/optimizer.h"

namespace ordo::optimize {

/// Up to so many parameters one thread is faster than several that must wake.
inline constexpr std::int64_t kFewParameters = 1 << 15;

/// Weight decay, in whatever way the method takes it.
struct Decay {
  double rate = 0;            ///< >= 0
  bool only_weights = false;  ///< else biases and norms' parameters decay too, as in PyTorch
  void describe(OptionSet& set);
};

struct Slot {
  std::string name;      ///< PyTorch's, as in its state_dict
  double initial = 0;    ///< every element before the first step
  torch::Tensor tensor;  ///< [n]; undefined before the first step
};

/// Neighbouring parameters that decay alike: what an update works on, all flat and of one length.
struct Span {
  torch::Tensor values, gradients;
  std::vector<torch::Tensor> slots;  ///< in the order of the constructor
  double decay = 0;
};

class SlotOptimizer : public Optimizer {
 public:
  void step(nets::FlatParameters& parameters, double rate) final;
  /// "step" (int64, no dimension) and the slots; copies, which later steps leave alone.
  tensor::NamedTensors state() const final;
  void load_state(const tensor::NamedTensors& state) final;
  void reset() final;

 protected:
  SlotOptimizer(const Decay& decay, std::vector<Slot> slots);
  /// One step of the method, `count` counting from 1.
  virtual void update(Span& span, double rate, std::int64_t count) = 0;

 private:
  void prepare_slots(const torch::Tensor& values);

  Decay decay_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace ordo::optimize
