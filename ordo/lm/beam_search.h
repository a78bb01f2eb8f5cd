// The best text that can be found, token by token, with a few candidates kept alive.
#pragma once

#include <cstdint>
#include <vector>

#include "ordo/lm/generate.h"

namespace ordo::lm {

struct BeamOptions {
  std::int64_t beams = 4;  ///< candidates
  std::int64_t max_tokens = 128;
  double length_penalty = 1;  ///< texts are compared by log probability / tokens ^ length_penalty
  std::vector<std::int64_t> end_tokens;  ///< as generate's
};

/// The best texts found, at most `beams`, the best first. A candidate that meets an end token
/// leaves the search, which ends when none can become better than the worst of `beams` texts.
/// Throws UsageError, LimitError if prompt and text outgrow the model's context, Interrupted.
std::vector<Generated> beam_search(Model& model, const std::vector<std::int64_t>& prompt,
                                   const BeamOptions& options, Context& context);

}  // namespace ordo::lm
