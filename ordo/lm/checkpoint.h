// Models on disk: Hugging Face folders in and out, GGUF files in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "ordo/lm/model.h"

namespace ordo::lm {

struct LoadOptions {
  /// Of the model's numbers; absent: what the folder's `config.json` names, else what its table of
  /// tokens is stored in. Weights that have it already are not copied but stay in the mapped file,
  /// which is read where the model reads; others are converted one by one.
  std::optional<torch::Dtype> dtype;
  torch::Device device = torch::kCPU;
  enum class Memory {
    mapped,  ///< weights may lie in the file: they must not be written to
    owned,   ///< all weights are copied, for who changes them in place
  } memory = Memory::mapped;
};

/// A model of a Hugging Face folder or a GGUF file. Throws IoError, InputError: for an architecture
/// that is not there (with the list), a tensor that is missing, left over, or of another shape than
/// the configuration makes it (with both).
std::shared_ptr<Model> load_model(const std::filesystem::path& path,
                                  const LoadOptions& options = {});
/// The configuration of a folder or a GGUF file.
models::Config load_config(const std::filesystem::path& path);

struct SaveOptions {
  std::int64_t max_file_bytes = std::int64_t{4} << 30;  ///< a shard is closed before it gets larger
};

/// Writes `config.json` and safetensors, in shards with an index if they need more than one file.
/// A new folder appears as a whole; in one that is there, files are replaced and other files stay.
/// The package `transformers` loads it. Throws IoError.
void save_model(const std::filesystem::path& folder, const Model& model,
                const SaveOptions& options = {});

}  // namespace ordo::lm
