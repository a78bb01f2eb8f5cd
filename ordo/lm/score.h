// How likely a model finds texts: log probabilities, perplexity, and the choice between answers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/lm/model.h"

namespace ordo::lm {

/// log p(token | all before it), natural, for every token but the first: `tokens.size()` - 1
/// numbers. Throws UsageError for fewer than 2 tokens.
std::vector<double> log_probabilities(Model& model, std::span<const std::int64_t> tokens);

struct PerplexityOptions {
  std::int64_t window = 0;  ///< tokens that are read at once; 0: the model's context
  std::int64_t batch = 1;   ///< windows that are read at once
};

struct Perplexity {
  double perplexity = 0;
  double mean_loss = 0;                  ///< nats a token
  std::int64_t windows = 0, tokens = 0;  ///< that were scored
};

/// exp of the mean loss over windows that follow each other without overlap, as GPTQ and its kin
/// report it: the first token of a window is not scored, what is left behind the last whole window
/// is not read. A text of less than a window is one. Throws UsageError for fewer than 2 tokens.
Perplexity perplexity(Model& model, std::span<const std::int64_t> tokens,
                      const PerplexityOptions& options, Context& context);

/// An answer after what it answers.
struct Continuation {
  std::vector<std::int64_t> before, tokens;  ///< neither may be empty
};
struct ContinuationScore {
  double log_probability = 0;  ///< sum over the answer's tokens
  bool is_greedy = false;      ///< each of its tokens is the most likely one
};

/// Scores of all, read in batches of similar length. What does not fit into the model's context
/// loses tokens at its beginning. Throws UsageError for an empty one or an answer that does not
/// fit.
std::vector<ContinuationScore> score_continuations(Model& model,
                                                   std::span<const Continuation> continuations,
                                                   std::int64_t batch, Context& context);

}  // namespace ordo::lm
