#include "ordo/nets/capture.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/options.h"
#include "ordo/nets/layers.h"

namespace ordo::nets {
namespace {

CaptureSlot* slot_of(torch::nn::Module& module) {
  if (auto* const linear = module.as<LinearImpl>()) return &linear->slot;
  if (auto* const convolution = module.as<Conv2dImpl>()) return &convolution->slot;
  return nullptr;
}

void require_known(const std::vector<std::string>& wanted, const std::vector<std::string>& known) {
  for (const std::string& name : wanted) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto near = nearest(name, known);
    throw UsageError(fmt::format(
        "the network has no linear or convolution layer '{}'{}; it has: {}", name,
        near ? fmt::format("; did you mean '{}'?", *near) : "", fmt::join(known, ", ")));
  }
}

}  // namespace

torch::Tensor CaptureSlot::pass(const torch::Tensor& input, torch::Tensor output) {
  if (!is_on()) return output;
  captured_->input = input.detach();
  captured_->output_gradient = torch::Tensor();
  if (output.requires_grad()) {
    output.register_hook([captured = captured_](const torch::Tensor& gradient) {
      captured->output_gradient = gradient.detach();
    });
  }
  return output;
}

Capture::Capture(torch::nn::Module& net, const std::vector<std::string>& layers)
    : keep_alive_(net.weak_from_this().lock()) {
  std::vector<std::string> known;
  for (const auto& module : net.named_modules("", /*include_self=*/false)) {
    CaptureSlot* const slot = slot_of(*module.value());
    if (slot == nullptr) continue;
    known.push_back(module.key());
    if (!layers.empty() && std::ranges::find(layers, module.key()) == layers.end()) continue;
    slots_.push_back(slot);
    sites_.push_back({module.key(), std::make_shared<Captured>()});
  }
  require_known(layers, known);
  for (std::size_t site = 0; site < slots_.size(); ++site) {
    if (slots_[site]->is_on()) {
      throw UsageError(fmt::format("the layer '{}' is captured already", sites_[site].layer));
    }
  }
  for (std::size_t site = 0; site < slots_.size(); ++site) {
    slots_[site]->captured_ = sites_[site].captured;
  }
}

Capture::~Capture() {
  for (CaptureSlot* const slot : slots_) slot->captured_ = nullptr;
}

}  // namespace ordo::nets
