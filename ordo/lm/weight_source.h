// Where a model's weights come from: files that name and lay them out in their own way.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "ordo/models/config.h"
#include "ordo/models/gguf.h"

namespace ordo::lm {

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// The tensor of a model's parameter, laid out as the model has it; undefined if there is none.
  /// It may lie in a mapped file: not to be written to.
  virtual torch::Tensor find(const std::string& parameter) = 0;
  /// File and tensor, for messages.
  virtual std::string place(const std::string& parameter) const = 0;
  /// What the file calls the tensors that nobody asked for, but for those that no model needs.
  virtual std::vector<std::string> left_over() const = 0;
};

/// The safetensors of a Hugging Face folder. Throws IoError, InputError.
std::unique_ptr<WeightSource> folder_source(const std::filesystem::path& folder,
                                            const models::Config& config);
/// The tensors of a GGUF file, unpacked to float32.
std::unique_ptr<WeightSource> gguf_source(models::Gguf file, const models::Config& config);

/// Whether files of Hugging Face hold this parameter as [in, out]: the linear weights of GPT-2.
bool is_transposed(const models::Config& config, const std::string& parameter);

}  // namespace ordo::lm
