// Texts as training takes them: one row of tokens, documents divided by an end token, cut into
// windows of equal length ("packing"). A window's tokens are read, and each is to predict the next.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <torch/types.h>

namespace ordo::lm {

/// Documents one after another, each followed by `end`.
std::vector<std::int64_t> join_documents(const std::vector<std::vector<std::int64_t>>& documents,
                                         std::int64_t end);

class TokenWindows {
 public:
  /// Window i is tokens [i length, (i + 1) length], its last token being the next one's first; what
  /// is left behind the last whole window is not used. Throws UsageError if there is none.
  TokenWindows(std::span<const std::int64_t> tokens, std::int64_t length);

  std::int64_t count() const { return count_; }
  std::int64_t length() const { return length_; }

  struct Batch {
    torch::Tensor tokens, targets;  ///< [rows, length] int64
  };
  Batch batch(std::span<const std::int64_t> windows) const;

 private:
  torch::Tensor tokens_;  // [count * length + 1] int32: half of what the model takes
  std::int64_t length_, count_;
};

}  // namespace ordo::lm
