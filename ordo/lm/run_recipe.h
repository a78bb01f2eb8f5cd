// `ordo lm recipe tiny-english`: a small model of English from nothing, and whether it was worth
// it: on documents that it did not learn from, it stands beside an n-gram model of the same tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/error.h"
#include "ordo/data/catalogue.h"
#include "ordo/lm/run_export.h"
#include "ordo/lm/run_generate.h"
#include "ordo/lm/run_train.h"

namespace ordo::lm {

/// How a model is trained and judged.
struct Recipe {
  std::vector<std::filesystem::path> documents;  ///< a twentieth of them is held out
  TrainOptions training;                         ///< but for its texts
  std::vector<std::string> prompts;              ///< a sample goes on from each
};

/// How well held-out text was predicted.
struct HeldOut {
  double loss = 0;  ///< nats a token
  double perplexity = 0;
  double bits_per_byte = 0;
};
struct RecipeResult {
  TrainResult training;
  std::int64_t documents = 0, held_out_documents = 0;
  std::int64_t held_out_tokens = 0, held_out_bytes = 0;  ///< that both models were scored on
  HeldOut model, int8, ngram;
  ExportResult file;  ///< the model as int8, beside its folder
  std::vector<WrittenText> samples;
};
Json to_json(const RecipeResult& result);
std::string to_text(const RecipeResult& result);
/// `no` if the n-gram model predicts held-out text as well.
ExitCode exit_code(const RecipeResult& result);

/// Which documents are held out is drawn from the run's seed. The model reads the held-out ones in
/// windows that know nothing of what came before, and the modified Kneser-Ney 5-gram model scores
/// the same tokens. The model is also written as a GGUF file of Q8_0, OUT.gguf beside the folder
/// OUT, and judged in that form. Throws UsageError for fewer than 2 documents.
RecipeResult follow(const Recipe& recipe, Context& context);

struct TinyEnglishOptions {
  std::filesystem::path out;
  double minutes = 20;
  std::int64_t steps = 0;  ///< 0: as many as belong to `minutes`
  bool resume = false;
  void describe(OptionSet& set);
};

/// A Llama of 1.1 million parameters over 2,048 tokens, for Moby Dick and the addresses on the
/// State of the Union; fetches them where they are not here yet. Throws what data::get throws.
Recipe tiny_english(const TinyEnglishOptions& options, const data::Folders& folders,
                    Context& context);

}  // namespace ordo::lm
