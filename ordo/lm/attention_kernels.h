// Attention of a text's tokens to themselves and to those before them, with its gradient, for one
// head. Products are computed in tiles whose sums stay in registers; scores of a few tokens at a
// time stay in the nearest caches.
#pragma once

#include <cstdint>
#include <vector>

namespace ordo::lm::kernels {

/// Heads have a multiple of so many numbers.
inline constexpr std::int64_t kHeadStep = 32;

/// The vectors of a head: that of token t begins at data + t * stride.
struct HeadRows {
  const float* data = nullptr;
  std::int64_t stride = 0;
};
struct MutableHeadRows {
  float* data = nullptr;
  std::int64_t stride = 0;
};

struct AttentionSize {
  std::int64_t length = 0;  ///< tokens
  std::int64_t width = 0;   ///< of a head
  float scale = 1;          ///< of scores, above 0
};

/// Memory that a thread uses again from head to head.
struct AttentionMemory {
  std::vector<float> keys, values, queries, errors, turned_keys, turned_values, scores, shares;
};

/// result_t = sum over s <= t of p_ts value_s, with p_t the softmax of scale query_t · key_s. To
/// `logs` [length], unless it is null, go the logarithms of the softmax's denominators.
void attend_in_order(const AttentionSize& size, HeadRows query, HeadRows key, HeadRows value,
                     MutableHeadRows result, float* logs, AttentionMemory& memory);

/// What the forward pass took and gave, and the gradient by its result.
struct AttentionPast {
  HeadRows query, key, value, result, error;
  const float* logs = nullptr;
};

/// The gradients; those by keys and values are added to what is there.
void attend_in_order_backward(const AttentionSize& size, const AttentionPast& past,
                              MutableHeadRows dquery, MutableHeadRows dkey, MutableHeadRows dvalue,
                              AttentionMemory& memory);

}  // namespace ordo::lm::kernels
