// Texts token by token, several at once, each with its own seed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/lm/cache.h"
#include "ordo/lm/model.h"
#include "ordo/lm/sampling.h"

namespace ordo::lm {

/// What happens when prompt and text outgrow the context that the model was made for.
enum class Overflow {
  refuse,  ///< LimitError
  slide,   ///< the model goes on from the last half of its context, read anew
};

struct GenerateOptions {
  std::int64_t max_tokens = 128;  ///< of each text
  SamplingOptions sampling;
  std::vector<std::int64_t> end_tokens;  ///< any of them ends a text and is not part of it
  Overflow overflow = Overflow::refuse;
};

struct Request {
  std::vector<std::int64_t> prompt;
  std::uint64_t seed = 0;  ///< the text depends on it and on nothing else of the batch
};

struct Generated {
  std::vector<std::int64_t> tokens;
  enum class End { token, limit, receiver } end = End::limit;
  double log_probability = 0;  ///< of the tokens (and the end token) under the model itself
};
/// "token", "limit", "receiver".
std::string to_string(Generated::End end);

/// Called with each token as it comes; false ends the text after it.
using TokenReceiver = std::function<bool(std::size_t request, std::int64_t token)>;

/// What a model has read of one text, for texts that begin as it does.
struct Reading {
  explicit Reading(const models::Config& config) : cache(config) {}
  std::vector<std::int64_t> tokens;  ///< that the cache holds
  Cache cache;
};

/// Reads all prompts as one batch and goes on until each text has ended. In float32 and below, a
/// batch of another size may round scores differently and so tip a close draw. With a `reading`,
/// which is for a request alone, it reads what is new since the last one, and leaves there what it
/// has read. Throws UsageError for an empty prompt, LimitError (see Overflow), Interrupted.
std::vector<Generated> generate(Model& model, const std::vector<Request>& requests,
                                const GenerateOptions& options, Context& context,
                                const TokenReceiver& receiver = {}, Reading* reading = nullptr);

}  // namespace ordo::lm
