// Golden models and small helpers for this room's tests. transformers_golden.py and
// gguf_model_golden.py made golden/.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/lm/checkpoint.h"
#include "ordo/nets/nets_testing.h"
#include "ordo/tensor/arrays.h"

namespace ordo::lm {

extern const std::filesystem::path kGolden;  // in architecture_test.cpp

inline LoadOptions in_double() { return {.dtype = torch::kFloat64}; }

/// A Hugging Face folder of a golden case: its configuration beside its weights.
inline TempFolder golden_folder(const std::string& name, const JsonObject& changes = {},
                                const std::filesystem::path& golden = kGolden) {
  const Json file = read_json((golden / (name + ".json")).string());
  JsonObject config = file.at("config").as_object();
  for (const JsonMember& change : changes) config[change.key] = change.value;
  TempFolder folder;
  write_file_atomic(folder.path() / "config.json", Json(config).dump());
  std::filesystem::copy(golden / file.at("weights").as_string() / "model.safetensors",
                        folder.path());
  return folder;
}

inline std::shared_ptr<Model> golden_model(const std::string& name, const JsonObject& changes = {},
                                           const LoadOptions& options = in_double()) {
  return load_model(golden_folder(name, changes).path(), options);
}

/// Tokens, logits and so on, by name.
inline std::map<std::string, torch::Tensor> tensors_in(const std::filesystem::path& file) {
  std::map<std::string, torch::Tensor> tensors;
  for (auto& [name, tensor] : tensor::read_tensors(file)) tensors[name] = tensor;
  return tensors;
}
inline std::map<std::string, torch::Tensor> golden_tensors(const std::string& name) {
  return tensors_in(kGolden / (name + ".safetensors"));
}

inline std::vector<std::int64_t> as_vector(const torch::Tensor& tokens) {
  const torch::Tensor flat = tokens.flatten().contiguous();
  return {flat.data_ptr<std::int64_t>(), flat.data_ptr<std::int64_t>() + flat.numel()};
}

/// The largest difference relative to the largest logit. Two float64 computations of these models
/// agree to about 1e-14; float32 in any place would leave 1e-8 and more.
inline constexpr double kDouble = 1e-11;
using nets::difference;

}  // namespace ordo::lm
