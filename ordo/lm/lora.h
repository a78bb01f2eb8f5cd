// LoRA (Hu et al. 2022): a model whose own weights stay as they are, and small products of two
// matrices that learn beside them. Files are those of the package `peft`.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ordo/lm/layers.h"
#include "ordo/lm/lora_config.h"
#include "ordo/lm/model.h"

namespace ordo::lm {

/// The adapters of a model, as a module whose parameters are theirs alone. While it lives, the
/// model computes with them, and the model's own parameters take no gradients.
class Lora : public torch::nn::Module {
 public:
  /// Adapters that add nothing yet, drawn from `stream`. The model must outlive them. Throws
  /// UsageError for a target that no layer has, and for a model that has adapters already.
  Lora(Model& model, const LoraOptions& options, const Random& stream);
  /// Those that were saved in `folder`, by `write` or by `peft`. Throws IoError; InputError for
  /// what does not fit the model, and for kinds of adapters that are not supported, by name.
  Lora(Model& model, const std::filesystem::path& folder);
  ~Lora() override;
  Lora(const Lora&) = delete;
  Lora& operator=(const Lora&) = delete;

  /// Adds the products to the model's weights, which must be the model's own memory
  /// (LoadOptions::Memory::owned), and begins again with adapters that add nothing.
  void merge();
  /// adapter_config.json and adapter_model.safetensors. Throws IoError.
  void write(const std::filesystem::path& folder, const std::string& base_model) const;

 private:
  Lora(Model& model, LoraConfig config);
  void read(const std::filesystem::path& file);

  struct Place {
    std::string layer;  // "model.layers.0.self_attn.q_proj"
    std::shared_ptr<LinearImpl> linear;
  };
  LoraConfig config_;
  bool has_transposed_ = false;  // peft wants to know whether files hold the layers as [in, out]
  std::vector<Place> places_;
  std::vector<torch::Tensor> frozen_;
};

}  // namespace ordo::lm
