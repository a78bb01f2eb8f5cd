// What went through a layer: its input and the gradient of its output, for everything that needs
// more than gradients (curvature, influence, gradient balance, calibration). LibTorch's C++ modules
// have no hooks, so layers have a slot; empty slots cost one branch a pass.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

namespace ordo::nets {

/// What one pass left.
struct Captured {
  torch::Tensor input;            ///< as the layer got it, detached
  torch::Tensor output_gradient;  ///< defined once backward went through
};

class CaptureSlot {
 public:
  bool is_on() const { return captured_ != nullptr; }
  /// Called by a layer's forward: keeps `input` and sees to it that backward keeps the gradient.
  torch::Tensor pass(const torch::Tensor& input, torch::Tensor output);

 private:
  friend class Capture;
  std::shared_ptr<Captured> captured_;
};

/// Turns the slots of a network's linear and convolution layers on while it lives.
class Capture {
 public:
  /// Slots of the layers named (all if empty). Throws UsageError naming the layers there are.
  explicit Capture(torch::nn::Module& net, const std::vector<std::string>& layers = {});
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  struct Site {
    std::string layer;
    std::shared_ptr<Captured> captured;
  };
  const std::vector<Site>& sites() const { return sites_; }

 private:
  std::shared_ptr<torch::nn::Module> keep_alive_;
  std::vector<CaptureSlot*> slots_;
  std::vector<Site> sites_;
};

}  // namespace ordo::nets
