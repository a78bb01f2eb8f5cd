// From a model's scores to the next token. The order of the steps is that of the package
// `transformers`: penalties, temperature, top-k, top-p, min-p, then one draw.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <torch/types.h>

#include "ordo/base/options.h"
#include "ordo/base/random.h"

namespace ordo::lm {

struct SamplingOptions {
  double temperature = 1;         ///< logits are divided by it; 0: always the best token
  std::int64_t top_k = 0;         ///< only the k best; 0: all
  double top_p = 1;               ///< only the best that together have this probability
  double min_p = 0;               ///< only those with this part of the best one's probability
  double repetition_penalty = 1;  ///< on tokens of prompt and text (Keskar et al. 2019); 1: none
  double presence_penalty = 0;    ///< subtracted from logits of tokens in the text so far
  double frequency_penalty = 0;   ///< the same for each time that the token is there
  void describe(OptionSet& set);
};

/// What was read and written so far.
struct History {
  std::span<const std::int64_t> prompt, text;
};

/// The probability of each token, [vocabulary]; `logits` [vocabulary] of any floating type.
std::vector<double> next_probabilities(const torch::Tensor& logits, const History& history,
                                       const SamplingOptions& options);

/// The token number `history.text.size()` of a text: the same for the same stream and history.
/// Throws NumericError if a logit is not a number.
std::int64_t next_token(const torch::Tensor& logits, const History& history,
                        const SamplingOptions& options, const Random& stream);

}  // namespace ordo::lm
