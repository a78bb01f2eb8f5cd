#include "ordo/lm/lora_config.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>

#include "ordo/base/file.h"
#include "ordo/text/regex.h"

namespace ordo::lm {
namespace {

constexpr const char* kConfig = "adapter_config.json";

// Whether the pattern takes the whole of a text.
bool takes(const std::string& pattern, const std::string& text) {
  const text::Regex regex("\\A(?:" + pattern + ")\\z", kConfig);
  return text::Regex::Matches(regex, text).next().has_value();
}

bool is_called(std::string_view layer, std::string_view name) {
  return layer == name || (layer.size() > name.size() && layer.ends_with(name) &&
                           layer[layer.size() - name.size() - 1] == '.');
}

bool is_among(const std::string& layer, const models::LayerNames& all) {
  if (!all.pattern.empty()) return takes(all.pattern, layer);
  return std::ranges::any_of(all.names,
                             [&](const std::string& name) { return is_called(layer, name); });
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

// What the first pattern that is the end of the layer's name says of it.
template <class Number>
Number by_pattern(const std::vector<std::pair<std::string, Number>>& patterns,
                  const std::string& layer, Number otherwise) {
  for (const auto& [pattern, number] : patterns) {
    if (takes("(?:.*\\.)?(?:" + pattern + ")", layer)) return number;
  }
  return otherwise;
}

}  // namespace

void LoraOptions::describe(OptionSet& set) {
  set.add("lora-rank", rank, "Rows of the small matrices.").range(1, models::kMaxAdapterRank);
  set.add("lora-alpha", alpha, "Products are scaled by this / rank.").range(0);
  set.add("lora-targets", targets, "Last names of the layers that get adapters; none: all.");
}

LoraConfig::LoraConfig(const LoraOptions& options)
    : config_{.rank = options.rank,
              .alpha = options.alpha,
              .is_all_linear = options.targets.empty(),
              .targets = {.names = options.targets},
              .json = {
                  {"peft_type", "LORA"},
                  {"task_type", "CAUSAL_LM"},
                  {"r", options.rank},
                  {"lora_alpha", options.alpha},
                  {"lora_dropout", 0.0},
                  {"bias", "none"},
                  {"target_modules", options.targets.empty() ? Json("all-linear")
                                                             : Json::array_of(options.targets)}}} {}

LoraConfig LoraConfig::read(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kConfig;
  return LoraConfig(models::parse_adapter_config(read_file(file), file.string()));
}

bool LoraConfig::has(const Layer& layer) const {
  if (is_among(layer.name, config_.excluded)) return false;
  if (config_.is_all_linear) return !layer.is_head;
  if (!is_among(layer.name, config_.targets)) return false;
  // A pattern, or a whole name, says it of the block too.
  if (config_.blocks.empty() || !config_.targets.pattern.empty() ||
      std::ranges::find(config_.targets.names, layer.name) != config_.targets.names.end()) {
    return true;
  }
  return std::ranges::find(config_.blocks, block_of(layer.name)) != config_.blocks.end();
}

std::int64_t LoraConfig::rank(const std::string& layer) const {
  return by_pattern(config_.ranks, layer, config_.rank);
}

double LoraConfig::scale(const std::string& layer) const {
  const double alpha = by_pattern(config_.alphas, layer, config_.alpha);
  const auto size = static_cast<double>(rank(layer));
  return config_.is_rooted ? alpha / std::sqrt(size) : alpha / size;
}

}  // namespace ordo::lm
