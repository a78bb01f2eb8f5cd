// `ordo lm ppl`, `ordo lm score` and `ordo lm embed`: what a model makes of texts that are there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ordo/lm/score.h"
#include "ordo/lm/text_model.h"

namespace ordo::lm {

struct PplOptions {
  ModelChoice model;
  std::vector<std::filesystem::path> files;
  PerplexityOptions windows;
  void describe(OptionSet& set);
};

struct PplResult {
  Perplexity perplexity;
  std::int64_t text_tokens = 0, text_bytes = 0;
  double seconds = 0;
};
Json to_json(const PplResult& result);
std::string to_text(const PplResult& result);

/// Of all files as one text, tokenized once.
PplResult ppl(const PplOptions& options, Context& context);

struct ScoreOptions {
  ModelChoice model;
  std::vector<std::string> texts;
  std::filesystem::path file;  ///< a text a line
  bool tokens = false;         ///< tell of each token
  void describe(OptionSet& set);
};

struct ScoredText {
  std::string text;
  double log_probability = 0;
  std::vector<std::string> tokens;  ///< all of them, if they were asked for
  std::vector<double> each;         ///< of the tokens but the first
  std::int64_t count = 0;           ///< of tokens that were scored
};
struct ScoreResult {
  std::vector<ScoredText> texts;
};
Json to_json(const ScoreResult& result);
std::string to_text(const ScoreResult& result);

ScoreResult score(const ScoreOptions& options, Context& context);

struct EmbedOptions {
  ModelChoice model;
  std::vector<std::string> texts;
  std::filesystem::path file;    ///< a text a line
  std::filesystem::path out;     ///< NPY file for the vectors; empty: they are part of the result
  std::string pooling = "mean";  ///< mean, first, last
  bool normalise = true;         ///< to length 1
  std::int64_t batch = 32;
  void describe(OptionSet& set);
};

struct EmbedResult {
  std::int64_t texts = 0, width = 0;
  std::filesystem::path out;
  std::vector<std::vector<float>> vectors;  ///< empty if they went to a file
};
Json to_json(const EmbedResult& result);
std::string to_text(const EmbedResult& result);

/// A vector for each text. What does not fit into the model's context is cut off at the end.
EmbedResult embed(const EmbedOptions& options, Context& context);

}  // namespace ordo::lm
