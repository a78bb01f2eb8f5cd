// Keys and values of the tokens that a model has read, so that it reads only new ones.
#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "ordo/models/config.h"

namespace ordo::lm {

class Cache {
 public:
  explicit Cache(const models::Config& config);

  /// Tokens of each row so far, padding included.
  std::int64_t length() const { return length_; }
  std::int64_t rows() const { return rows_; }
  /// Forgets all tokens from `length` on.
  void truncate(std::int64_t length);
  /// Row i goes on as row rows[i] was: one prompt for several texts, the survivors of a beam.
  /// `rows` [n] int64.
  void select(const torch::Tensor& rows);

  // What a pass through the model calls. A pass that throws leaves the cache as it was.

  struct KeysAndValues {
    torch::Tensor keys, values;  ///< [rows, key heads, tokens, head size]
  };
  /// A layer's new keys and values behind those it has. Throws UsageError if they carry gradients.
  KeysAndValues append(std::int64_t layer, const KeysAndValues& fresh);
  /// Ends a pass over `count` tokens of `rows` rows: of all tokens, those before included, which
  /// are real, and of the new ones their positions (both as below).
  void advance(std::int64_t rows, std::int64_t count, const torch::Tensor& all_real,
               const torch::Tensor& new_positions);

  const torch::Tensor& real() const { return real_; }  ///< [rows, length] bool; undefined: all are
  const torch::Tensor& positions() const { return positions_; }  ///< [rows or 1, length] int64

 private:
  struct Layer {
    torch::Tensor keys, values;  // [rows, key heads, capacity, head size]
  };
  std::vector<Layer> layers_;
  torch::Tensor real_, positions_;
  std::int64_t length_ = 0, rows_ = 0;
};

}  // namespace ordo::lm
