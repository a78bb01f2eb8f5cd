#include "ordo/nets/parameters.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <unordered_set>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/device.h"

namespace ordo::nets {
namespace {

// A parameter with the network's own variable, which FlatParameters repoints.
struct Found {
  Parameter parameter;
  torch::Tensor variable;
};

std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

// All modules of a tree, parents before children, in the order of registration.
void visit(torch::nn::Module& module, const std::string& name,
           const std::function<void(torch::nn::Module&, const std::string&)>& use) {
  use(module, name);
  for (const auto& child : module.named_children()) {
    visit(*child.value(), joined(name, child.key()), use);
  }
}

Initial initial_of(const Layer* layer, const std::string& name, const std::string& full_name) {
  if (layer != nullptr) {
    for (const Initial& initial : layer->initials()) {
      if (initial.name == name) return initial;
    }
  }
  throw UsageError(fmt::format(
      "nothing says how the parameter '{}' is drawn: {}", full_name,
      layer == nullptr ? "it must belong to a Layer" : "its Layer's initials() must name it"));
}

// A tensor that several layers share is listed once, under its first name.
std::vector<Found> found_in(torch::nn::Module& net) {
  std::vector<Found> found;
  std::unordered_set<const c10::TensorImpl*> seen;
  visit(net, "", [&](torch::nn::Module& module, const std::string& prefix) {
    const auto* const layer = dynamic_cast<const Layer*>(&module);
    for (const auto& own : module.named_parameters(/*recurse=*/false)) {
      if (!seen.insert(own.value().unsafeGetTensorImpl()).second) continue;
      const std::string name = joined(prefix, own.key());
      const Initial initial = initial_of(layer, own.key(), name);
      found.push_back({{name, initial.role, initial.draw, own.value().detach()}, own.value()});
    }
  });
  return found;
}

std::string kind_of(const torch::Tensor& tensor) {
  return fmt::format("{} on {}", tensor::name_of(tensor.scalar_type()), tensor.device().str());
}

}  // namespace

std::vector<Parameter> parameters_of(torch::nn::Module& net) {
  std::vector<Found> found = found_in(net);
  std::vector<Parameter> parameters;
  parameters.reserve(found.size());
  for (Found& one : found) parameters.push_back(std::move(one.parameter));
  return parameters;
}

void initialise(torch::nn::Module& net, const Random& stream) {
  for (Parameter& parameter : parameters_of(net)) {
    tensor::fill(parameter.value, parameter.draw, stream.split(parameter.name));
  }
  reset_buffers(net);
}

void reset_buffers(torch::nn::Module& net) {
  const torch::NoGradGuard no_grad;
  visit(net, "", [](torch::nn::Module& module, const std::string&) {
    if (auto* const layer = dynamic_cast<Layer*>(&module)) layer->reset_buffers();
  });
}

FlatParameters::FlatParameters(torch::nn::Module& net) {
  std::vector<Found> found = found_in(net);
  std::ranges::stable_sort(found, {}, [](const Found& one) { return one.parameter.role; });
  const auto options =
      found.empty() ? torch::TensorOptions() : found.front().variable.detach().options();
  std::int64_t size = 0;
  for (const Found& one : found) {
    const torch::Tensor& first = found.front().variable;
    if (one.variable.dtype() != first.dtype() || one.variable.device() != first.device()) {
      throw UsageError(fmt::format(
          "parameters in one piece of memory must share type and device: '{}' is {}, '{}' is {}",
          found.front().parameter.name, kind_of(first), one.parameter.name, kind_of(one.variable)));
    }
    size += one.variable.numel();
  }
  values_ = torch::empty({size}, options);
  gradients_ = torch::zeros({size}, options);
  std::int64_t offset = 0;
  for (Found& one : found) {
    entries_.push_back({std::move(one.parameter), offset});
    Entry& entry = entries_.back();
    const torch::Tensor view = value(entry);
    view.copy_(entry.parameter.value);
    one.variable.set_data(view);
    if (one.variable.requires_grad()) one.variable.mutable_grad() = gradient(entry);
    entry.parameter.value = view;
    offset += view.numel();
  }
}

std::pair<std::int64_t, std::int64_t> FlatParameters::range_of(Role role) const {
  const auto [first, last] = std::ranges::equal_range(
      entries_, role, {}, [](const Entry& entry) { return entry.parameter.role; });
  const auto begins_at = [&](auto entry) {
    return entry == entries_.end() ? values_.numel() : entry->offset;
  };
  return {begins_at(first), begins_at(last)};
}

torch::Tensor FlatParameters::value(const Entry& entry) const {
  const torch::Tensor& shape = entry.parameter.value;
  return values_.narrow(0, entry.offset, shape.numel()).view(shape.sizes());
}

torch::Tensor FlatParameters::gradient(const Entry& entry) const {
  const torch::Tensor& shape = entry.parameter.value;
  return gradients_.narrow(0, entry.offset, shape.numel()).view(shape.sizes());
}

}  // namespace ordo::nets
