// What the package `peft` says of adapters in adapter_config.json: which layers have one, how large
// it is and by what its product is scaled. What it can say and our adapters cannot do is refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/base/options.h"

namespace ordo::lm {

struct LoraOptions {
  std::int64_t rank = 8;
  double alpha = 16;                 ///< products are scaled by alpha / rank
  std::vector<std::string> targets;  ///< last names of layers ("q_proj"); empty: all linear layers
  void describe(OptionSet& set);
};

class LoraConfig {
 public:
  /// Of fresh adapters.
  explicit LoraConfig(const LoraOptions& options);
  /// Of FOLDER/adapter_config.json. Throws IoError, and InputError with the field for what is wrong
  /// or cannot be done.
  static LoraConfig read(const std::filesystem::path& folder);

  /// A linear layer by its name in the model, "model.layers.0.self_attn.q_proj".
  struct Layer {
    std::string name;
    bool is_head = false;
  };
  bool has(const Layer& layer) const;
  std::int64_t rank(const std::string& layer) const;
  double scale(const std::string& layer) const;  ///< of the product

  /// The file.
  const JsonObject& json() const { return json_; }

 private:
  explicit LoraConfig(JsonObject json) : json_(std::move(json)) {}
  JsonObject json_;
};

}  // namespace ordo::lm
