#include "ordo/models/adapter_config.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/models/fields.h"

namespace ordo::models {
namespace {

// Kinds of adapters that compute something else, and parts of a model that learned whole.
constexpr const char* kUnsupported[] = {"use_dora",          "use_qalora",
                                        "use_bdlora",        "lora_bias",
                                        "modules_to_save",   "trainable_token_indices",
                                        "target_parameters", "layer_replication",
                                        "layers_pattern",    "alora_invocation_tokens",
                                        "arrow_config",      "kasa_config",
                                        "monteclora_config", "megatron_config"};
// First weights after which the model's own weights are as they were.
constexpr const char* kHarmlessStarts[] = {"gaussian", "orthogonal", "eva", "mica"};

// What peft writes for an option that is not in use.
bool is_nothing(const Json& value) {
  return value.is_null() || value == Json(false) ||
         (value.is_string() && value.as_string().empty()) ||
         ((value.is_array() || value.is_object()) && value.size() == 0);
}

LayerNames layer_names(const Fields& fields, const char* key) {
  const Json* const value = fields.find(key);
  if (value == nullptr) return {};
  if (value->is_string()) return {.pattern = value->as_string()};
  LayerNames all;
  const bool fits = value->is_array() && std::ranges::all_of(value->as_array(), &Json::is_string);
  if (!fits) fields.fail(key, "expected a list of names, or a pattern");
  for (const Json& name : value->as_array()) all.names.push_back(name.as_string());
  return all;
}

// Of {"pattern": number}.
std::vector<std::pair<std::string, double>> numbers_by_pattern(const Fields& fields,
                                                               const char* key) {
  std::vector<std::pair<std::string, double>> numbers;
  const JsonObject* const object = fields.object(key);
  if (object == nullptr) return numbers;
  for (const JsonMember& one : *object) {
    const double number = one.value.is_number() ? one.value.as_double() : 0;
    if (!(number > 0) || !std::isfinite(number)) {
      fields.fail(key, fmt::format("expected a positive number for '{}', found {}", one.key,
                                   one.value.dump()));
    }
    numbers.emplace_back(one.key, number);
  }
  return numbers;
}

std::int64_t as_rank(const Fields& fields, const char* key, double number) {
  if (number != std::floor(number) || number > static_cast<double>(kMaxAdapterRank)) {
    fields.fail(key, fmt::format("expected ranks that are whole numbers up to {}, found {}",
                                 kMaxAdapterRank, number));
  }
  return static_cast<std::int64_t>(number);
}

std::vector<std::int64_t> block_numbers(const Fields& fields, const char* key) {
  const Json* const value = fields.find(key);
  if (value == nullptr) return {};
  if (value->is_int()) return {value->as_int()};
  if (!value->is_array() || !std::ranges::all_of(value->as_array(), &Json::is_int)) {
    fields.fail(key, "expected a list of whole numbers");
  }
  std::vector<std::int64_t> blocks;
  for (const Json& block : value->as_array()) blocks.push_back(block.as_int());
  return blocks;
}

void require_supported(const Fields& fields) {
  if (fields.text("peft_type") != "LORA") {
    fields.fail("peft_type", fmt::format("adapters of the kind '{}' are not supported, only LORA",
                                         fields.text("peft_type")));
  }
  for (const char* key : kUnsupported) {
    const Json* const value = fields.find(key);
    if (value == nullptr || is_nothing(*value)) continue;
    fields.fail(key,
                fmt::format("adapters with {} are not supported, found {}", key, value->dump()));
  }
  if (const std::string bias = fields.text("bias", "none"); bias != "none") {
    fields.fail("bias", fmt::format("expected 'none', found '{}': biases that learned are not "
                                    "supported",
                                    bias));
  }
  const Json* const start = fields.find("init_lora_weights");
  if (start != nullptr && start->is_string() &&
      std::ranges::find(kHarmlessStarts, start->as_string()) == std::end(kHarmlessStarts)) {
    fields.fail("init_lora_weights",
                fmt::format("'{}' changes the model's own weights too, which the folder does not "
                            "hold; let peft save the adapter converted to plain LoRA",
                            start->as_string()));
  }
}

}  // namespace

AdapterConfig parse_adapter_config(std::string_view text, const std::string& source) {
  const Json json = parse_json(text, source);
  if (!json.is_object()) throw InputError({.source = source}, "expected a JSON object");
  const Fields fields(json.as_object(), source);
  require_supported(fields);
  const LayerNames targets = layer_names(fields, "target_modules");
  if (targets.pattern.empty() && targets.names.empty()) {
    fields.fail("target_modules", "expected a list of names, a pattern, or \"all-linear\"");
  }
  AdapterConfig config{
      .rank = as_rank(fields, "r", static_cast<double>(fields.count("r"))),
      .alpha = fields.positive("lora_alpha"),
      .is_rooted = fields.flag("use_rslora", false),
      .is_transposed = fields.flag("fan_in_fan_out", false),
      .is_all_linear = targets.pattern == "all-linear",
      .targets = targets,
      .excluded = layer_names(fields, "exclude_modules"),
      .blocks = block_numbers(fields, "layers_to_transform"),
      .alphas = numbers_by_pattern(fields, "alpha_pattern"),
      .json = json.as_object(),
  };
  for (const auto& [pattern, number] : numbers_by_pattern(fields, "rank_pattern")) {
    config.ranks.emplace_back(pattern, as_rank(fields, "rank_pattern", number));
  }
  return config;
}

}  // namespace ordo::models
