// `ordo lm train`: language models from text, fresh ones with a tokenizer of their own or loaded
// ones that learn on, whole or by adapters.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ordo/lm/fit.h"
#include "ordo/lm/lora.h"
#include "ordo/lm/text_model.h"
#include "ordo/tensor/process_group.h"

namespace ordo::lm {

/// The shape of a fresh Llama.
struct FreshModel {
  std::int64_t hidden = 128;
  std::int64_t layers = 4;
  std::int64_t heads = 4;
  std::int64_t key_heads = 0;  ///< 0: as many as heads
  std::int64_t inner = 0;      ///< of the gated layers; 0: 8/3 of hidden, rounded up to 16s
  std::int64_t vocabulary = 2048;
  std::filesystem::path tokenizer;  ///< a tokenizer that is there; empty: one is learned
  void describe(OptionSet& set);
};
/// Throws UsageError for widths that do not fit each other.
models::Config config_of(const FreshModel& fresh, std::int64_t vocabulary, std::int64_t window,
                         std::optional<std::int64_t> end);

struct TrainOptions {
  std::vector<std::filesystem::path> texts;  ///< files: .jsonl with "text", others are one document
  std::filesystem::path from;                ///< a model that learns on; empty: a fresh one
  FreshModel fresh;
  bool adapters = false;  ///< of `from`, only adapters learn
  LoraOptions lora;
  std::int64_t window = 256;
  double validation = 0.05;  ///< part of each file, at its end
  FitOptions fit;
  std::string optimizer = "adamw:weight-decay=0.1,betas=[0.9,0.95],decay-only-weights=true";
  std::filesystem::path out;
  bool resume = false;
  /// What resuming a training that is finished is: a mistake, or done, so that its result comes
  /// back.
  enum class Finished { refused, done } finished = Finished::refused;
  double save_every = 60;  ///< seconds
  void describe(OptionSet& set);
};

struct TrainResult {
  FitResult fit;
  std::int64_t parameters = 0;  ///< that learned
  std::int64_t train_tokens = 0, validation_tokens = 0;
  std::filesystem::path out;
};
Json to_json(const TrainResult& result);
std::string to_text(const TrainResult& result);

/// The documents of a file of `TrainOptions::texts` in tokens, each followed by the one that ends a
/// text. Throws UsageError if the tokenizer has none.
std::vector<std::int64_t> tokens_in(const std::filesystem::path& file,
                                    const text::Tokenizer& tokenizer, const Context& context);

/// With others at `rendezvous`, each process reads a part of every batch and the first one writes.
/// Throws UsageError in all if they were not given the same options, texts and checkpoint, and
/// IoError if one of them is gone.
TrainResult train_model(const TrainOptions& options, Context& context,
                        const tensor::Rendezvous& rendezvous = {});

}  // namespace ordo::lm
