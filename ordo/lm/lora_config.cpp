#include "ordo/lm/lora_config.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/models/fields.h"
#include "ordo/text/regex.h"

namespace ordo::lm {
namespace {

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kAllLinear = "all-linear";

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

// null, false, "", [] and {}.
bool is_nothing(const Json& value) {
  return value.is_null() || value == Json(false) ||
         (value.is_string() && value.as_string().empty()) ||
         ((value.is_array() || value.is_object()) && value.size() == 0);
}

// Whether the pattern takes the whole of a text.
bool takes(const std::string& pattern, const std::string& text) {
  const text::Regex regex("\\A(?:" + pattern + ")\\z", kConfig);
  return text::Regex::Matches(regex, text).next().has_value();
}

bool is_called(std::string_view layer, std::string_view name) {
  return layer == name || (layer.size() > name.size() && layer.ends_with(name) &&
                           layer[layer.size() - name.size() - 1] == '.');
}

// A pattern for whole names, or a list of names or of their ends.
bool is_among(const std::string& layer, const Json& names) {
  if (names.is_string()) return takes(names.as_string(), layer);
  return std::ranges::any_of(names.as_array(),
                             [&](const Json& name) { return is_called(layer, name.as_string()); });
}

// The number of a layer's block: 3 of "model.layers.3.mlp.up_proj"; -1 outside of blocks.
std::int64_t block_of(std::string_view layer) {
  std::size_t part = 0;
  while (true) {
    const std::size_t dot = layer.find('.');
    if (dot == layer.npos) return -1;
    const std::string word(layer.substr(0, dot));
    const bool is_number =
        !word.empty() && std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c); });
    if (part >= 2 && is_number && word.size() < 10) return std::stoll(word);
    layer.remove_prefix(dot + 1);
    ++part;
  }
}

// Of {"pattern": number}, the number whose pattern is the end of the layer's name.
double by_pattern(const JsonObject& json, const char* key, const std::string& layer,
                  double otherwise) {
  const Json* const patterns = json.find(key);
  if (patterns == nullptr || is_nothing(*patterns)) return otherwise;
  for (const JsonMember& one : patterns->as_object()) {
    if (takes("(?:.*\\.)?(?:" + one.key + ")", layer)) return one.value.as_double();
  }
  return otherwise;
}

void require_names(const models::Fields& fields, const char* key) {
  const Json* const names = fields.find(key);
  if (names == nullptr || names->is_string()) return;
  const bool fits =
      names->is_array() &&
      std::ranges::all_of(names->as_array(), [](const Json& one) { return one.is_string(); });
  if (!fits) fields.fail(key, "expected a list of names, or a pattern");
}

void require_numbers(const models::Fields& fields, const char* key) {
  const JsonObject* const numbers = fields.object(key);
  if (numbers == nullptr) return;
  for (const JsonMember& one : *numbers) {
    if (!(one.value.is_number() && one.value.as_double() >= 1)) {
      fields.fail(key, fmt::format("expected a number of at least 1 for '{}'", one.key));
    }
  }
}

void require_supported(const models::Fields& fields) {
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

void LoraOptions::describe(OptionSet& set) {
  set.add("lora-rank", rank, "Rows of the small matrices.").range(1, 1 << 16);
  set.add("lora-alpha", alpha, "Products are scaled by this / rank.").range(0);
  set.add("lora-targets", targets, "Last names of the layers that get adapters; none: all.");
}

LoraConfig::LoraConfig(const LoraOptions& options)
    : json_({{"peft_type", "LORA"},
             {"task_type", "CAUSAL_LM"},
             {"r", options.rank},
             {"lora_alpha", options.alpha},
             {"lora_dropout", 0.0},
             {"bias", "none"},
             {"target_modules",
              options.targets.empty() ? Json(kAllLinear) : Json::array_of(options.targets)}}) {}

LoraConfig LoraConfig::read(const std::filesystem::path& folder) {
  const std::string file = (folder / kConfig).string();
  const Json json = read_json(file);
  if (!json.is_object()) throw InputError({.source = file}, "expected a JSON object");
  const models::Fields fields(json.as_object(), file);
  require_supported(fields);
  fields.count("r");
  fields.positive("lora_alpha");
  fields.flag("use_rslora", false);
  fields.flag("fan_in_fan_out", false);
  if (fields.find("target_modules") == nullptr) {
    fields.fail("target_modules", "expected a list of names, a pattern, or \"all-linear\"");
  }
  for (const char* key : {"target_modules", "exclude_modules"}) require_names(fields, key);
  for (const char* key : {"rank_pattern", "alpha_pattern"}) require_numbers(fields, key);
  if (const Json* const blocks = fields.find("layers_to_transform")) {
    const auto is_int = [](const Json& one) { return one.is_int(); };
    const bool fits =
        blocks->is_int() || (blocks->is_array() && std::ranges::all_of(blocks->as_array(), is_int));
    if (!fits) fields.fail("layers_to_transform", "expected a list of numbers");
  }
  return LoraConfig(json.as_object());
}

bool LoraConfig::has(const Layer& layer) const {
  const Json* const excluded = json_.find("exclude_modules");
  if (excluded != nullptr && !is_nothing(*excluded) && is_among(layer.name, *excluded)) {
    return false;
  }
  const Json& targets = *json_.find("target_modules");
  if (targets == Json(kAllLinear)) return !layer.is_head;
  if (!is_among(layer.name, targets)) return false;
  const Json* const blocks = json_.find("layers_to_transform");
  const bool is_exact =
      targets.is_array() &&
      std::ranges::find(targets.as_array(), Json(layer.name)) != targets.as_array().end();
  if (blocks == nullptr || is_nothing(*blocks) || targets.is_string() || is_exact) return true;
  const Json block(block_of(layer.name));
  return blocks->is_int()
             ? *blocks == block
             : std::ranges::find(blocks->as_array(), block) != blocks->as_array().end();
}

std::int64_t LoraConfig::rank(const std::string& layer) const {
  const double rank = by_pattern(json_, "rank_pattern", layer, json_.find("r")->as_double());
  return static_cast<std::int64_t>(rank);
}

double LoraConfig::scale(const std::string& layer) const {
  const double alpha =
      by_pattern(json_, "alpha_pattern", layer, json_.find("lora_alpha")->as_double());
  const auto size = static_cast<double>(rank(layer));
  const Json* const rooted = json_.find("use_rslora");
  return rooted != nullptr && *rooted == Json(true) ? alpha / std::sqrt(size) : alpha / size;
}

}  // namespace ordo::lm
