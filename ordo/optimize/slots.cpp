#include "ordo/optimize/slots.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/device.h"
#include "ordo/tensor/parallel.h"

namespace ordo::optimize {
namespace {

constexpr const char* kStep = "step";

// The pieces [begin, end) of `size` values, each with its decay.
struct Piece {
  std::int64_t begin, end;
  double decay;
};
std::vector<Piece> pieces_of(const nets::FlatParameters& parameters, std::int64_t size,
                             const Decay& decay) {
  if (decay.rate == 0 || !decay.only_weights) return {{0, size, decay.rate}};
  const auto [begin, end] = parameters.range_of(nets::Role::weight);
  std::vector<Piece> pieces = {{0, begin, 0}, {begin, end, decay.rate}, {end, size, 0}};
  std::erase_if(pieces, [](const Piece& piece) { return piece.begin == piece.end; });
  return pieces;
}

[[noreturn]] void refuse(const std::string& name, const std::string& message) {
  throw InputError(Location{.field = name}, message);
}

std::int64_t count_in(const torch::Tensor& tensor) {
  if (tensor.dim() != 0 || tensor.scalar_type() != torch::kInt64 ||
      tensor.item<std::int64_t>() < 1) {
    refuse(kStep, "expected one int64, the number of steps done, at least 1");
  }
  return tensor.item<std::int64_t>();
}

}  // namespace

void Decay::describe(OptionSet& set) {
  set.add("weight-decay", rate, "Weight decay.").range(0);
  set.add("decay-only-weights", only_weights,
          "Leave biases and the parameters of norms out of weight decay.");
}

SlotOptimizer::SlotOptimizer(const Decay& decay, std::vector<Slot> slots)
    : decay_(decay), slots_(std::move(slots)) {}

void SlotOptimizer::prepare_slots(const torch::Tensor& values) {
  for (Slot& slot : slots_) {
    if (!slot.tensor.defined()) {
      slot.tensor = torch::full_like(values, slot.initial);
    } else if (slot.tensor.numel() != values.numel() || slot.tensor.dtype() != values.dtype()) {
      throw InputError(
          Location{.field = slot.name},
          fmt::format("the optimizer's state is of {} parameters in {}, the network has {} in {}; "
                      "load the state that was saved with it, or reset the optimizer",
                      slot.tensor.numel(), tensor::name_of(slot.tensor.scalar_type()),
                      values.numel(), tensor::name_of(values.scalar_type())));
    } else if (slot.tensor.device() != values.device()) {
      slot.tensor = slot.tensor.to(values.device());
    }
  }
}

void SlotOptimizer::step(nets::FlatParameters& parameters, double rate) {
  const torch::NoGradGuard no_grad;
  prepare_slots(parameters.values());
  ++steps_;
  const std::int64_t size = parameters.values().numel();
  std::optional<tensor::OneThread> alone;
  if (size <= kFewParameters) alone.emplace();
  for (const Piece& piece : pieces_of(parameters, size, decay_)) {
    const auto part = [&](const torch::Tensor& whole) {
      return piece.end - piece.begin == size
                 ? whole
                 : whole.narrow(0, piece.begin, piece.end - piece.begin);
    };
    Span span{part(parameters.values()), part(parameters.gradients()), {}, piece.decay};
    for (const Slot& slot : slots_) span.slots.push_back(part(slot.tensor));
    update(span, rate, steps_);
  }
}

tensor::NamedTensors SlotOptimizer::state() const {
  tensor::NamedTensors state;
  if (steps_ == 0) return state;
  state.emplace_back(kStep, torch::tensor(steps_, torch::kInt64));
  for (const Slot& slot : slots_) state.emplace_back(slot.name, slot.tensor.clone());
  return state;
}

void SlotOptimizer::load_state(const tensor::NamedTensors& state) {
  if (state.empty()) return reset();
  std::vector<std::string> expected = {kStep};
  for (const Slot& slot : slots_) expected.push_back(slot.name);
  const auto find = [&](const std::string& name) {
    return std::ranges::find(state, name, [](const auto& named) { return named.first; });
  };
  for (const auto& [name, tensor] : state) {
    if (std::ranges::find(expected, name) == expected.end()) {
      refuse(name, fmt::format("this optimizer keeps no such state; it keeps {}",
                               fmt::join(expected, ", ")));
    }
  }
  for (const std::string& name : expected) {
    if (find(name) == state.end()) {
      refuse(name, fmt::format("missing; this optimizer's state is {}", fmt::join(expected, ", ")));
    }
  }
  const std::int64_t steps = count_in(find(kStep)->second);
  std::vector<Slot> loaded = slots_;
  for (Slot& slot : loaded) {
    const torch::Tensor& tensor = find(slot.name)->second;
    if (tensor.dim() != 1 || !tensor.is_floating_point() ||
        tensor.numel() != find(loaded.front().name)->second.numel()) {
      refuse(slot.name, "expected one number a parameter, as many in each tensor");
    }
    slot.tensor = tensor.clone();  // what was read may be a mapped file
  }
  slots_ = std::move(loaded);
  steps_ = steps;
}

void SlotOptimizer::reset() {
  steps_ = 0;
  for (Slot& slot : slots_) slot.tensor = torch::Tensor();
}

}  // namespace ordo::optimize
