// One pass of a model over a batch: what it reads, and what all its layers share of it. Rows may be
// of different lengths, filled up on the left or on the right with padding, which no real token
// sees. Positions and masks may also be the caller's own.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <torch/types.h>

#include "ordo/lm/cache.h"
#include "ordo/lm/rotary.h"
#include "ordo/models/config.h"

namespace ordo::lm {

/// What a model reads. Only `tokens` (or `embeddings`) is needed.
struct Input {
  torch::Tensor tokens = {};  ///< [rows, length] int64
  /// [rows, length] bool: where tokens are real, not padding. Absent: everywhere.
  torch::Tensor real = {};
  /// [rows or 1, length] int64. Absent: how many real tokens came before.
  torch::Tensor positions = {};
  /// [rows or 1, heads or 1, length, keys], keys being those of the cache, then the batch's own.
  /// Bool: which keys a token sees; floating: what is added to its scores. Used as it is: neither
  /// order nor windows nor padding hide anything else. A token that sees nothing takes nothing in.
  torch::Tensor mask = {};
  torch::Tensor token_types = {};  ///< [rows, length] int64, for encoders. Absent: 0.
  torch::Tensor embeddings = {};   ///< [rows, length, hidden] instead of tokens
};

enum class Side { left, right };

/// Sequences as one batch, filled up on one side with `filler`. Throws UsageError if there are none
/// or one is empty.
Input pad(const std::vector<std::vector<std::int64_t>>& sequences, Side side,
          std::int64_t filler = 0);

/// What the layers of one window see.
struct Mask {
  torch::Tensor added = {};  ///< to scores, broadcast over [rows, heads, length, keys]
  bool in_order = false;     ///< instead of `added`: each token sees itself and those before
};

struct Pass {
  std::int64_t rows = 0, length = 0;
  torch::Tensor positions;             ///< [rows or 1, length] int64
  std::map<std::int64_t, Mask> masks;  ///< by the layers' windows
  Rotation rotation;                   ///< of queries and keys; undefined without rotary positions
  Cache* cache = nullptr;
};

/// Checks the input against the model and the cache, and prepares what layers share. `dtype` is the
/// model's. Throws UsageError with what was expected and found.
Pass begin_pass(const models::Config& config, const Input& input, Cache* cache, torch::Dtype dtype);
/// Tells the cache what was read.
void end_pass(const Pass& pass, const Input& input);

}  // namespace ordo::lm
