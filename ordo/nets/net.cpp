#include "ordo/nets/net.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/array.h"
#include "ordo/base/error.h"
#include "ordo/nets/kind.h"
#include "ordo/nets/layers.h"

namespace ordo::nets {
namespace {

constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {mlp_kind(), logistic_kind(), cnn_kind(), c1_kind(),
                                        resnet_kind()};
  return all;
}

const Kind& find_kind(const std::string& name) {
  std::vector<std::string> known;
  for (const Kind& kind : kinds()) {
    if (kind.described.name == name) return kind;
    known.push_back(kind.described.name);
  }
  const auto near = nearest(name, known);
  throw UsageError(fmt::format("there is no network '{}'{}; known are {}", name,
                               near ? fmt::format("; did you mean '{}'?", *near) : "",
                               fmt::join(known, ", ")));
}

void require_sizes(const Spec& spec) {
  const auto fits = [](std::int64_t extent) { return extent >= 1 && extent <= kMaxExtent; };
  std::int64_t left = kMaxExtent;
  for (const std::int64_t extent : spec.input) {
    if (!fits(extent) || (left /= extent) == 0) {
      throw UsageError(
          fmt::format("no example has the shape {}: extents must be at least 1 and "
                      "their product at most {}",
                      to_string(spec.input), kMaxExtent));
    }
  }
  if (spec.input.empty()) throw UsageError("a network needs the shape of its input, such as [784]");
  if (!fits(spec.outputs)) {
    throw UsageError(fmt::format("a network cannot have {} outputs", spec.outputs));
  }
}

// The variables that autograd knows, in the order of `parameters`; empty if those are of another
// network.
std::vector<torch::Tensor> variables_of(const Net& net, const FlatParameters& parameters) {
  const auto named = net.named_parameters();
  std::vector<torch::Tensor> variables;
  for (const FlatParameters::Entry& entry : parameters.entries()) {
    const torch::Tensor* const variable = named.find(entry.parameter.name);
    if (variable == nullptr) return {};
    variables.push_back(*variable);
  }
  return variables;
}

bool share_memory(const std::vector<torch::Tensor>& variables, const FlatParameters& parameters) {
  return std::ranges::equal(variables, parameters.entries(),
                            [](const torch::Tensor& variable, const FlatParameters::Entry& entry) {
                              return variable.const_data_ptr() ==
                                     entry.parameter.value.const_data_ptr();
                            });
}

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                            std::int64_t reduction) {
  try {
    return torch::cross_entropy_loss(logits, labels, /*weight=*/{}, reduction);
  } catch (const c10::IndexError&) {
    throw UsageError(fmt::format("the batch has label {}, but the network has {} outputs",
                                 labels.max().item<std::int64_t>(), logits.size(-1)));
  }
}

}  // namespace

Json to_json(const Spec& spec) {
  return Json::object({{"name", spec.name},
                       {"options", spec.options},
                       {"input", Json::array_of(spec.input)},
                       {"outputs", spec.outputs}});
}

Spec spec_from_json(const Json& json, const Location& where) {
  const auto at = [&](std::string_view key) {
    Location place = where;
    place.field += fmt::format("/{}", key);
    return place;
  };
  const auto member = [&](std::string_view key, std::string_view expected,
                          auto is_fitting) -> const Json& {
    const Json* const found = json.find(key);
    if (found == nullptr || !is_fitting(*found)) {
      throw InputError(at(key), fmt::format("expected {}, found {}", expected,
                                            found == nullptr ? "nothing" : found->type_name()));
    }
    return *found;
  };
  const auto is_size = [](const Json& value) { return value.is_int() && value.as_int() >= 1; };
  const auto is_shape = [&](const Json& value) {
    return value.is_array() && std::ranges::all_of(value.as_array(), is_size);
  };
  Spec spec;
  spec.name = member("name", "a network's name", std::mem_fn(&Json::is_string)).as_string();
  if (json.find("options") != nullptr) {
    spec.options = member("options", "an object", std::mem_fn(&Json::is_object)).as_object();
  }
  for (const Json& extent : member("input", "an array of sizes", is_shape).as_array()) {
    spec.input.push_back(extent.as_int());
  }
  spec.outputs = member("outputs", "a number of classes", is_size).as_int();
  return spec;
}

void Net::require_own(const FlatParameters& parameters) {
  if (!share_memory(variables_, parameters)) {
    variables_ = variables_of(*this, parameters);
    if (!share_memory(variables_, parameters)) {
      throw UsageError("these flat parameters are another network's");
    }
  }
}

Net::LossAndLogits Net::differentiate(const torch::Tensor& input, const torch::Tensor& labels,
                                      FlatParameters& parameters) {
  require_own(parameters);
  const torch::AutoGradMode with_graph(true);
  const torch::Tensor logits = forward(input);
  const torch::Tensor loss = cross_entropy(logits, labels, at::Reduction::Mean);
  write_gradients(loss, parameters);
  return {loss.detach(), logits.detach()};
}

Net::LossAndLogits Net::differentiate_weighted(const torch::Tensor& input,
                                               const torch::Tensor& labels,
                                               const torch::Tensor& weights,
                                               FlatParameters& parameters) {
  require_own(parameters);
  const torch::AutoGradMode with_graph(true);
  const torch::Tensor logits = forward(input);
  const torch::Tensor losses = cross_entropy(logits, labels, at::Reduction::None);
  if (weights.sizes() != losses.sizes()) {
    throw UsageError(fmt::format("expected a weight for each of {} examples, found {}",
                                 losses.numel(), c10::str(weights.sizes())));
  }
  write_gradients((losses * weights).mean(), parameters);
  return {losses.detach().mean(), logits.detach()};
}

// The gradient of `loss` over parameters.gradients(); that of frozen parameters is zero.
void Net::write_gradients(const torch::Tensor& loss, FlatParameters& parameters) {
  std::vector<torch::Tensor> learning;
  for (const torch::Tensor& variable : variables_) {
    if (variable.requires_grad()) learning.push_back(variable);
  }
  const auto gradients = torch::autograd::grad({loss}, learning);

  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> pieces;
  auto next = gradients.begin();
  for (const torch::Tensor& variable : variables_) {
    pieces.push_back(variable.requires_grad()
                         ? (next++)->reshape({-1})
                         : torch::zeros({variable.numel()}, variable.options()));
  }
  torch::cat_out(parameters.gradients(), pieces);
}

std::shared_ptr<Net> build_net(const Spec& spec) {
  const Kind& kind = find_kind(spec.name);
  require_sizes(spec);
  try {
    return kind.make(spec, {.field = spec.name});
  } catch (const InputError& error) {
    throw UsageError(error.what());
  } catch (const c10::Error& error) {
    throw LimitError(fmt::format("the network '{}' does not fit into memory: {}", spec.name,
                                 error.what_without_backtrace()));
  }
}

std::shared_ptr<Net> make_net(const Spec& spec, const Random& stream) {
  std::shared_ptr<Net> net = build_net(spec);
  initialise(*net, stream);
  set_dropout_streams(*net, stream);
  return net;
}

std::vector<NetKind> net_kinds() {
  std::vector<NetKind> described;
  for (const Kind& kind : kinds()) described.push_back(kind.described);
  return described;
}

ImageShape image_shape(const Spec& spec) {
  if (spec.input.size() == 2) return {1, spec.input[0], spec.input[1]};
  if (spec.input.size() == 3) return {spec.input[0], spec.input[1], spec.input[2]};
  throw UsageError(
      fmt::format("the network '{}' takes images [channels, height, width] or [height, "
                  "width], not inputs of shape {}; 'mlp' takes any",
                  spec.name, to_string(spec.input)));
}

torch::Tensor as_images(const torch::Tensor& batch, const ImageShape& shape) {
  const Shape found(batch.sizes().begin(), batch.sizes().end());
  const std::int64_t size = found.empty() ? 0 : found.front();
  if (found == Shape{size, shape.channels, shape.height, shape.width}) return batch;
  if (shape.channels == 1 && found == Shape{size, shape.height, shape.width}) {
    return batch.unsqueeze(1);
  }
  throw UsageError(fmt::format("expected a batch of shape [n, {}, {}, {}], found {}",
                               shape.channels, shape.height, shape.width, to_string(found)));
}

}  // namespace ordo::nets
