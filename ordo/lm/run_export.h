// `ordo lm export`: a model and its tokenizer as one GGUF file, which llama.cpp and its kin run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ordo/lm/text_model.h"

namespace ordo::lm {

struct ExportOptions {
  ModelChoice model;
  std::filesystem::path out;
  std::string type = "q8_0";  ///< f32, f16, bf16, q8_0
  void describe(OptionSet& set);
};

struct ExportResult {
  std::filesystem::path out;
  std::string type;
  std::int64_t parameters = 0, tensors = 0, bytes = 0;
};
Json to_json(const ExportResult& result);
std::string to_text(const ExportResult& result);

/// Writes matrices in `type` and all else (norms, biases, tables of positions) in float32, as
/// llama.cpp's own converter does; matrices whose rows do not consist of Q8_0's blocks are F16.
/// Adapters are added to the weights beside which they are.
/// Throws UsageError naming what the format cannot express.
ExportResult export_gguf(const TextModel& opened, const std::string& type,
                         const std::filesystem::path& out);

/// The same for a model on disk.
ExportResult export_model(const ExportOptions& options, Context& context);

}  // namespace ordo::lm
