#include "ordo/lm/lora.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/json.h"
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

LoraOptions options_in(const fs::path& folder) {
  const std::string file = (folder / kConfig).string();
  const Json json = read_json(file);
  LoraOptions options;
  options.rank = json.at("r", file).as_int(file + ": /r");
  options.alpha = json.at("lora_alpha", file).as_double(file + ": /lora_alpha");
  const Json& targets = json.at("target_modules", file);
  for (const Json& target : targets.as_array(file + ": /target_modules")) {
    options.targets.push_back(target.as_string(file + ": /target_modules"));
  }
  const Json* const bias = json.find("bias");
  if (options.rank < 1 || (bias != nullptr && *bias != Json("none"))) {
    throw InputError({.source = file}, "expected a rank of at least 1, and biases left alone");
  }
  return options;
}

}  // namespace

void LoraOptions::describe(OptionSet& set) {
  set.add("lora-rank", rank, "Rows of the small matrices.").range(1, 1 << 16);
  set.add("lora-alpha", alpha, "Products are scaled by this / rank.").range(0);
  set.add("lora-targets", targets, "Last names of the layers that get adapters; none: all.");
}

Lora::Lora(Model& model, const LoraOptions& options, const Random& stream) : options_(options) {
  attach(model);
  nets::initialise(*this, stream);
}

Lora::Lora(Model& model, const fs::path& folder) : options_(options_in(folder)) {
  attach(model);
  const torch::NoGradGuard no_grad;
  const fs::path file = folder / kWeights;
  const tensor::NamedTensors stored = tensor::read_tensors(file);
  std::size_t used = 0;
  for (const Place& place : places_) {
    for (const auto& [suffix, value] : {std::pair("lora_A", place.linear->adapter->down),
                                        std::pair("lora_B", place.linear->adapter->up)}) {
      const std::string name = fmt::format("{}{}.{}.weight", kPrefix, place.layer, suffix);
      const auto found = std::ranges::find(stored, name, [](const auto& one) { return one.first; });
      if (found == stored.end() || found->second.sizes() != value.sizes()) {
        throw InputError(
            {.source = file.string(), .field = name},
            fmt::format("expected this tensor with the shape [{}], found {}",
                        fmt::join(value.sizes(), ", "),
                        found == stored.end() ? "none" : c10::str(found->second.sizes())));
      }
      Tensor target = value;
      target.copy_(found->second);
      ++used;
    }
  }
  if (used != stored.size()) {
    throw InputError({.source = file.string()},
                     fmt::format("{} of its {} tensors belong to no layer of the model",
                                 stored.size() - used, stored.size()));
  }
}

void Lora::attach(Model& model) {
  std::vector<std::string> known;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) {
    const auto linear = std::dynamic_pointer_cast<LinearImpl>(module.value());
    if (!linear) continue;
    const std::string name = last_name(module.key());
    if (std::ranges::find(known, name) == known.end()) known.push_back(name);
    const bool is_head = module.key().find('.') == std::string::npos;
    const bool is_target = options_.targets.empty() ? !is_head
                                                    : std::ranges::find(options_.targets, name) !=
                                                          options_.targets.end();
    if (!is_target) continue;
    if (linear->adapter) {
      throw UsageError(fmt::format("the layer '{}' has an adapter already", module.key()));
    }
    places_.push_back({module.key(), linear});
  }
  for (const std::string& target : options_.targets) {
    if (std::ranges::find(known, target) == known.end()) {
      throw UsageError(fmt::format("no linear layer is called '{}'; there are {}", target,
                                   fmt::join(known, ", ")));
    }
  }
  const double scale = options_.alpha / static_cast<double>(options_.rank);
  for (const Place& place : places_) {
    place.linear->adapter =
        register_module(module_name(place.layer),
                        std::make_shared<AdapterImpl>(place.linear->weight, options_.rank, scale));
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
  const Json config = Json::object({{"peft_type", "LORA"},
                                    {"task_type", "CAUSAL_LM"},
                                    {"base_model_name_or_path", base_model},
                                    {"r", options_.rank},
                                    {"lora_alpha", options_.alpha},
                                    {"lora_dropout", 0.0},
                                    {"bias", "none"},
                                    {"fan_in_fan_out", false},
                                    {"target_modules", Json::array_of(targets)}});
  const auto fill = [&](const fs::path& into) {
    tensor::write_tensors(into / kWeights, tensors);
    write_file_atomic(into / kConfig, config.dump(2) + "\n");
  };
  if (fs::is_directory(folder)) {
    fill(folder);
  } else {
    write_folder_atomic(folder, fill);
  }
}

}  // namespace ordo::lm
