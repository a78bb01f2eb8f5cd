// Which layers of a model have an adapter, how large it is and by what its product is scaled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ordo/base/options.h"
#include "ordo/models/adapter_config.h"

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
  const JsonObject& json() const { return config_.json; }
  /// Whether it says that files hold the layers' weights as [in, out].
  bool is_transposed() const { return config_.is_transposed; }

 private:
  explicit LoraConfig(models::AdapterConfig config) : config_(std::move(config)) {}
  models::AdapterConfig config_;
};

}  // namespace ordo::lm
