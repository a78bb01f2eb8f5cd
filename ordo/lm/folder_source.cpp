// Hugging Face's files name tensors as the modules of the class that wrote them: a model without
// its head lacks the prefix of its body ("h.0.ln_1.weight" for "transformer.h.0.ln_1.weight"), a
// BERT inside another has one ("bert.embeddings..."), and the oldest call the parameters of layer
// norms gamma and beta.
#include <algorithm>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/lm/weight_source.h"
#include "ordo/models/checkpoint.h"
#include "ordo/tensor/arrays.h"

namespace ordo::lm {
namespace {

using models::Config;
using models::Family;

// The prefix of the body, and a parameter that shows whether the file has it.
struct Body {
  std::string prefix, token_table;
};
Body body_of(Family family) {
  switch (family) {
    case Family::gpt2:
      return {"transformer.", "wte.weight"};
    case Family::gpt_neox:
      return {"gpt_neox.", "embed_in.weight"};
    case Family::bert:
      return {"bert.", "embeddings.word_embeddings.weight"};
    default:
      return {"model.", "embed_tokens.weight"};
  }
}

// Buffers that old versions saved, and heads of encoders.
bool is_needless(const Config& config, std::string_view name) {
  const auto ends = [&](std::string_view end) { return name.ends_with(end); };
  if (ends("rotary_emb.inv_freq") || ends("position_ids")) return true;
  switch (config.family) {
    case Family::gpt2:
      return ends(".attn.bias") || ends(".attn.masked_bias") ||
             (config.tied && name == "lm_head.weight");
    case Family::gpt_neox:
      return ends(".attention.bias") || ends(".attention.masked_bias") ||
             (config.tied && name == "embed_out.weight");
    case Family::bert:
      return name.find("pooler.") != name.npos || name.starts_with("cls.");
    default:
      return config.tied && name == "lm_head.weight";
  }
}

class FolderSource : public WeightSource {
 public:
  FolderSource(const std::filesystem::path& folder, const Config& config)
      : checkpoint_(folder), config_(config), body_(body_of(config.family)) {
    models_have_prefix_ = config.family != Family::bert;
    files_have_prefix_ = checkpoint_.find(body_.prefix + body_.token_table) != nullptr;
  }

  torch::Tensor find(const std::string& parameter) override {
    const std::string name = name_in_file(parameter);
    const Array* const array = checkpoint_.find(name);
    if (array == nullptr) return {};
    found_.insert(name);
    const torch::Tensor tensor = tensor::to_tensor(*array);
    return is_transposed(config_, parameter) && tensor.dim() == 2 ? tensor.t() : tensor;
  }

  std::string place(const std::string& parameter) const override {
    const std::string name = name_in_file(parameter);
    return fmt::format(
        "{}: {}",
        checkpoint_.find(name) == nullptr ? checkpoint_.source() : checkpoint_.file_of(name), name);
  }

  std::vector<std::string> left_over() const override {
    std::vector<std::string> names;
    for (const std::string& name : checkpoint_.names()) {
      if (!found_.contains(name) && !is_needless(config_, name)) names.push_back(name);
    }
    return names;
  }

 private:
  std::string name_in_file(const std::string& parameter) const {
    std::string name = parameter;
    if (models_have_prefix_ && !files_have_prefix_ && name.starts_with(body_.prefix)) {
      name = name.substr(body_.prefix.size());
    }
    if (!models_have_prefix_ && files_have_prefix_) name = body_.prefix + name;
    return checkpoint_.find(name) != nullptr ? name : other_name(name);
  }

  std::string other_name(const std::string& name) const {
    const std::pair<std::string_view, std::string_view> kNames[] = {
        {"LayerNorm.weight", "LayerNorm.gamma"},
        {"LayerNorm.bias", "LayerNorm.beta"},
        {"embed_out.weight", "lm_head.weight"}};
    for (const auto& [usual, other] : kNames) {
      if (!name.ends_with(usual)) continue;
      std::string changed = name.substr(0, name.size() - usual.size()) + std::string(other);
      if (checkpoint_.find(changed) != nullptr) return changed;
    }
    return name;
  }

  models::Checkpoint checkpoint_;
  Config config_;
  Body body_;
  bool models_have_prefix_, files_have_prefix_;
  std::unordered_set<std::string> found_;
};

}  // namespace

bool is_transposed(const Config& config, const std::string& parameter) {
  return config.family == Family::gpt2 && parameter.starts_with("transformer.h.") &&
         parameter.find(".ln_") == parameter.npos && parameter.ends_with(".weight");
}

std::unique_ptr<WeightSource> folder_source(const std::filesystem::path& folder,
                                            const Config& config) {
  return std::make_unique<FolderSource>(folder, config);
}

}  // namespace ordo::lm
