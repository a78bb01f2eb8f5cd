#include "ordo/lm/lora.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/lm/weight_source.h"
#include "ordo/tensor/arrays.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using torch::Tensor;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kPrefix = "base_model.model.";

std::string last_name(const std::string& layer) { return layer.substr(layer.rfind('.') + 1); }

// Names of modules have no dots.
std::string module_name(std::string layer) {
  std::ranges::replace(layer, '.', '/');
  return layer;
}

using NamedLinear = std::pair<std::string, std::shared_ptr<LinearImpl>>;

std::vector<NamedLinear> linear_layers(Model& model) {
  std::vector<NamedLinear> layers;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    const auto linear = std::dynamic_pointer_cast<LinearImpl>(module.value());
    if (linear) layers.emplace_back(module.key(), linear);
  }
  return layers;
}

void require_known(Model& model, const std::vector<std::string>& targets) {
  std::vector<std::string> known;
  for (const auto& [name, linear] : linear_layers(model)) {
    const std::string last = last_name(name);
    if (std::ranges::find(known, last) == known.end()) known.push_back(last);
  }
  for (const std::string& target : targets) {
    if (std::ranges::find(known, target) == known.end()) {
      throw UsageError(fmt::format("no linear layer is called '{}'; there are {}", target,
                                   fmt::join(known, ", ")));
    }
  }
}

// Beside the adapter of a head, peft keeps the head's own weight.
void require_same_weight(const Tensor& weight, const Tensor& stored, const Location& where) {
  if (stored.sizes() == weight.sizes() && torch::equal(stored.to(weight.scalar_type()), weight)) {
    return;
  }
  throw InputError(where,
                   "the adapter was learned over other weights of this layer than the model has");
}

}  // namespace

Lora::Lora(Model& model, const LoraOptions& options, const Random& stream)
    : Lora(model, LoraConfig(options)) {
  require_known(model, options.targets);
  nets::initialise(*this, stream);
}

Lora::Lora(Model& model, const fs::path& folder) : Lora(model, LoraConfig::read(folder)) {
  if (places_.empty()) {
    throw InputError({.source = (folder / kConfig).string(), .field = "/target_modules"},
                     "no linear layer of the model is called so");
  }
  if (config_.is_transposed() && !has_transposed_) {
    throw InputError({.source = (folder / kConfig).string(), .field = "/fan_in_fan_out"},
                     fmt::format("expected false: weights of {} are [out, in] in its files",
                                 models::name_of(model.config().family)));
  }
  read(folder / kWeights);
}

void Lora::read(const fs::path& file) {
  const torch::NoGradGuard no_grad;
  tensor::NamedTensors stored = tensor::read_tensors(file);
  const auto find = [&](const std::string& name) {
    return std::ranges::find(stored, name, [](const auto& one) { return one.first; });
  };
  for (const Place& place : places_) {
    const std::string own = fmt::format("{}{}.base_layer.weight", kPrefix, place.layer);
    if (const auto found = find(own); found != stored.end()) {
      require_same_weight(place.linear->weight.cpu(), found->second,
                          {.source = file.string(), .field = own});
      stored.erase(found);
    }
    for (const auto& [suffix, value] : {std::pair("lora_A", place.linear->adapter->down),
                                        std::pair("lora_B", place.linear->adapter->up)}) {
      const std::string name = fmt::format("{}{}.{}.weight", kPrefix, place.layer, suffix);
      const auto found = find(name);
      if (found == stored.end() || found->second.sizes() != value.sizes()) {
        throw InputError(
            {.source = file.string(), .field = name},
            fmt::format("expected this tensor with the shape [{}], found {}",
                        fmt::join(value.sizes(), ", "),
                        found == stored.end() ? "none" : c10::str(found->second.sizes())));
      }
      Tensor target = value;
      target.copy_(found->second);
      stored.erase(found);
    }
  }
  if (!stored.empty()) {
    throw InputError({.source = file.string(), .field = stored.front().first},
                     fmt::format("{} tensor{} belong{} to no linear layer of the model that {} "
                                 "gives an adapter, this is the first",
                                 stored.size(), stored.size() == 1 ? "" : "s",
                                 stored.size() == 1 ? "s" : "", kConfig));
  }
}

Lora::Lora(Model& model, LoraConfig config) : config_(std::move(config)) {
  for (auto& [name, linear] : linear_layers(model)) {
    const bool is_head = name.find('.') == std::string::npos;
    if (!config_.has({.name = name, .is_head = is_head})) continue;
    if (linear->adapter) {
      throw UsageError(fmt::format("the layer '{}' has an adapter already", name));
    }
    has_transposed_ = has_transposed_ || is_transposed(model.config(), name + ".weight");
    places_.push_back({name, linear});
  }
  for (const Place& place : places_) {
    place.linear->adapter = register_module(
        module_name(place.layer),
        std::make_shared<AdapterImpl>(place.linear->weight, config_.rank(place.layer),
                                      config_.scale(place.layer)));
  }
  for (const Tensor& parameter : model.parameters()) {
    if (!parameter.requires_grad()) continue;
    frozen_.push_back(parameter);
    frozen_.back().requires_grad_(false);
  }
}

Lora::~Lora() {
  for (const Place& place : places_) place.linear->adapter = nullptr;
  for (Tensor& parameter : frozen_) parameter.requires_grad_(true);
}

void Lora::merge() {
  const torch::NoGradGuard no_grad;
  for (const Place& place : places_) {
    place.linear->weight.add_(place.linear->adapter->product());
    place.linear->adapter->up.zero_();
  }
}

void Lora::write(const fs::path& folder, const std::string& base_model) const {
  tensor::NamedTensors tensors;
  std::vector<std::string> targets;
  for (const Place& place : places_) {
    const AdapterImpl& adapter = *place.linear->adapter;
    const std::string name = kPrefix + place.layer;
    tensors.emplace_back(name + ".lora_A.weight", adapter.down);
    tensors.emplace_back(name + ".lora_B.weight", adapter.up);
    const std::string last = last_name(place.layer);
    if (std::ranges::find(targets, last) == targets.end()) targets.push_back(last);
  }
  JsonObject config = config_.json();
  config["base_model_name_or_path"] = base_model;
  config["fan_in_fan_out"] = has_transposed_;
  if (config["target_modules"] == Json("all-linear")) {
    config["target_modules"] = Json::array_of(targets);
  }
  const auto fill = [&](const fs::path& into) {
    tensor::write_tensors(into / kWeights, tensors);
    write_file_atomic(into / kConfig, Json(config).dump(2) + "\n");
  };
  if (fs::is_directory(folder)) {
    fill(folder);
  } else {
    write_folder_atomic(folder, fill);
  }
}

}  // namespace ordo::lm
