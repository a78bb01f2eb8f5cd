#include "ordo/lm/attention_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ordo/base/exponential.h"
#include "ordo/base/lanes.h"
#include "ordo/base/target_clones.h"

namespace ordo::lm::kernels {
namespace {

constexpr int kRows = 6;     // of a tile: with two vectors a row, twelve sums in sixteen registers
constexpr int kVectors = 2;  // a row
// Tokens whose gradients are computed together: their scores stay in the second cache.
constexpr std::int64_t kBlock = std::int64_t{8} * kRows;

template <int lanes_>
struct Registers {
  static constexpr int lanes = lanes_;
  static constexpr int panel = kVectors * lanes_;
  using Vector = typename Floats<lanes_>::Vector;
};

std::int64_t round_up(std::int64_t number, std::int64_t step) {
  return (number + step - 1) / step * step;
}

// The left matrix of a product: element (row, k) is at data + row * row_step + k * step.
struct Left {
  const float* data;
  std::int64_t row_step, step;
};

// The right matrix [depth, columns] as panels of R::panel columns: [columns / panel, depth, panel].
struct Panels {
  const float* data;
  std::int64_t depth;
};

template <class R, int rows, bool adds>
ORDO_INLINE void tile(const Left& left, const float* panel, std::int64_t depth, float* result,
                      std::int64_t stride) {
  using Vector = typename R::Vector;
  Vector sums[rows][kVectors] = {};
  if constexpr (adds) {
    for (int row = 0; row < rows; ++row)
      std::memcpy(sums[row], result + row * stride, sizeof(sums[row]));
  }
  const float* from = left.data;
  for (std::int64_t k = 0; k < depth; ++k, from += left.step, panel += R::panel) {
    Vector right[kVectors];
    std::memcpy(right, panel, sizeof(right));
    for (int row = 0; row < rows; ++row) {
      const float factor = from[row * left.row_step];
      for (int part = 0; part < kVectors; ++part) sums[row][part] += factor * right[part];
    }
  }
  for (int row = 0; row < rows; ++row)
    std::memcpy(result + row * stride, sums[row], sizeof(sums[row]));
}

// result [rows, columns] <- left [rows, depth] right, or is added to; columns are whole panels.
template <class R, bool adds>
ORDO_INLINE void product(Left left, std::int64_t rows, const Panels& right, std::int64_t depth,
                         std::int64_t columns, float* result, std::int64_t stride) {
  const float* const first = left.data;
  for (std::int64_t column = 0; column < columns; column += R::panel) {
    const float* const panel = right.data + column * right.depth;
    std::int64_t row = 0;
    for (; row + kRows <= rows; row += kRows) {
      left.data = first + row * left.row_step;
      tile<R, kRows, adds>(left, panel, depth, result + row * stride + column, stride);
    }
    for (; row < rows; ++row) {
      left.data = first + row * left.row_step;
      tile<R, 1, adds>(left, panel, depth, result + row * stride + column, stride);
    }
  }
}

// Vectors of tokens as the rows of a right matrix [length, width].
template <class R>
ORDO_INLINE Panels rows_in_panels(const AttentionSize& size, HeadRows rows,
                                  std::vector<float>& memory) {
  memory.resize(static_cast<std::size_t>(size.length * size.width));
  float* to = memory.data();
  for (std::int64_t column = 0; column < size.width; column += R::panel) {
    for (std::int64_t token = 0; token < size.length; ++token, to += R::panel) {
      std::memcpy(to, rows.data + token * rows.stride + column, R::panel * sizeof(float));
    }
  }
  return {memory.data(), size.length};
}

// As its columns [width, length], with zeros up to a whole panel.
template <class R>
ORDO_INLINE Panels columns_in_panels(const AttentionSize& size, HeadRows rows,
                                     std::vector<float>& memory) {
  const std::int64_t length = round_up(size.length, R::panel);
  memory.resize(static_cast<std::size_t>(length * size.width));
  for (std::int64_t token = 0; token < length; ++token) {
    float* const to = memory.data() + token / R::panel * R::panel * size.width + token % R::panel;
    const float* const from = rows.data + token * rows.stride;
    for (std::int64_t k = 0; k < size.width; ++k) {
      to[k * R::panel] = token < size.length ? from[k] : 0;
    }
  }
  return {memory.data(), size.width};
}

// Rows of scores are this far apart, which is no power of two: they would share parts of a cache.
template <class R>
ORDO_INLINE std::int64_t score_stride(const AttentionSize& size) {
  return round_up(size.length, R::panel) + 16;
}

template <class R>
ORDO_INLINE void forward(const AttentionSize& size, HeadRows query, HeadRows key, HeadRows value,
                         MutableHeadRows result, float* logs, AttentionMemory& memory) {
  const Panels keys = columns_in_panels<R>(size, key, memory.turned_keys);
  const Panels values = rows_in_panels<R>(size, value, memory.values);
  const std::int64_t stride = score_stride<R>(size);
  memory.scores.resize(static_cast<std::size_t>(kRows * stride));
  float* const scores = memory.scores.data();
  const float scale = size.scale;
  for (std::int64_t begin = 0; begin < size.length; begin += kRows) {
    const std::int64_t rows = std::min<std::int64_t>(kRows, size.length - begin);
    const std::int64_t end = begin + rows;
    product<R, false>({query.data + begin * query.stride, query.stride, 1}, rows, keys, size.width,
                      round_up(end, R::panel), scores, stride);
    float inverses[kRows];
    for (std::int64_t row = 0; row < rows; ++row) {
      float* const __restrict own = scores + row * stride;
      const std::int64_t seen = begin + row + 1;
      const float largest = largest_in_lanes(own, seen);
      for (std::int64_t s = 0; s < seen; ++s) {
        own[s] = exponential(scale * (own[s] - largest));
      }
      std::fill(own + seen, own + end, 0.0F);
      const float sum =
          sum_in_lanes<float>(seen, [&](std::int64_t s) ORDO_ALWAYS_INLINE { return own[s]; });
      inverses[row] = 1 / sum;
      if (logs != nullptr) logs[begin + row] = scale * largest + std::log(sum);
    }
    float* const to = result.data + begin * result.stride;
    product<R, false>({scores, stride, 1}, rows, values, end, size.width, to, result.stride);
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t k = 0; k < size.width; ++k) to[row * result.stride + k] *= inverses[row];
    }
  }
}

// With d_t = error_t · result_t and p_ts as above: the gradient by score s of token t, before it is
// scaled, is p_ts (error_t · value_s - d_t).
template <class R>
ORDO_INLINE void backward(const AttentionSize& size, const AttentionPast& past,
                          MutableHeadRows dquery, MutableHeadRows dkey, MutableHeadRows dvalue,
                          AttentionMemory& memory) {
  const Panels key_columns = columns_in_panels<R>(size, past.key, memory.turned_keys);
  const Panels value_columns = columns_in_panels<R>(size, past.value, memory.turned_values);
  const Panels keys = rows_in_panels<R>(size, past.key, memory.keys);
  const Panels queries = rows_in_panels<R>(size, past.query, memory.queries);
  const Panels errors = rows_in_panels<R>(size, past.error, memory.errors);
  const std::int64_t stride = score_stride<R>(size);
  for (auto* const one : {&memory.scores, &memory.shares}) {
    one->resize(static_cast<std::size_t>(kBlock * stride));
  }
  float* const slopes = memory.scores.data();
  float* const shares = memory.shares.data();
  const float scale = size.scale;
  for (std::int64_t begin = 0; begin < size.length; begin += kBlock) {
    const std::int64_t rows = std::min(kBlock, size.length - begin), end = begin + rows;
    const std::int64_t columns = round_up(end, R::panel);
    product<R, false>({past.query.data + begin * past.query.stride, past.query.stride, 1}, rows,
                      key_columns, size.width, columns, shares, stride);
    product<R, false>({past.error.data + begin * past.error.stride, past.error.stride, 1}, rows,
                      value_columns, size.width, columns, slopes, stride);
    for (std::int64_t row = 0; row < rows; ++row) {
      float* const __restrict share = shares + row * stride;
      float* const __restrict slope = slopes + row * stride;
      const std::int64_t token = begin + row, seen = token + 1;
      const float* const error = past.error.data + token * past.error.stride;
      const float* const result = past.result.data + token * past.result.stride;
      const float mean = sum_in_lanes<float>(
          size.width, [&](std::int64_t k) ORDO_ALWAYS_INLINE { return error[k] * result[k]; });
      const float log = past.logs[token];
      for (std::int64_t s = 0; s < seen; ++s) {
        share[s] = exponential(scale * share[s] - log);
        slope[s] = share[s] * (slope[s] - mean) * scale;
      }
      std::fill(share + seen, share + end, 0.0F);
      std::fill(slope + seen, slope + end, 0.0F);
    }
    product<R, false>({slopes, stride, 1}, rows, keys, end, size.width,
                      dquery.data + begin * dquery.stride, dquery.stride);
    // Of a block's columns, and its rows of queries and errors: in panels, `begin` rows further on.
    const auto from_here = [&](const Panels& all) ORDO_ALWAYS_INLINE {
      return Panels{all.data + begin * R::panel, all.depth};
    };
    product<R, true>({slopes, 1, stride}, end, from_here(queries), rows, size.width, dkey.data,
                     dkey.stride);
    product<R, true>({shares, 1, stride}, end, from_here(errors), rows, size.width, dvalue.data,
                     dvalue.stride);
  }
}

ORDO_AVX512
void forward_wide(const AttentionSize& size, HeadRows query, HeadRows key, HeadRows value,
                  MutableHeadRows result, float* logs, AttentionMemory& memory) {
  forward<Registers<16>>(size, query, key, value, result, logs, memory);
}
ORDO_FMA
void forward_fused(const AttentionSize& size, HeadRows query, HeadRows key, HeadRows value,
                   MutableHeadRows result, float* logs, AttentionMemory& memory) {
  forward<Registers<8>>(size, query, key, value, result, logs, memory);
}
void forward_plain(const AttentionSize& size, HeadRows query, HeadRows key, HeadRows value,
                   MutableHeadRows result, float* logs, AttentionMemory& memory) {
  forward<Registers<4>>(size, query, key, value, result, logs, memory);
}

ORDO_AVX512
void backward_wide(const AttentionSize& size, const AttentionPast& past, MutableHeadRows dquery,
                   MutableHeadRows dkey, MutableHeadRows dvalue, AttentionMemory& memory) {
  backward<Registers<16>>(size, past, dquery, dkey, dvalue, memory);
}
ORDO_FMA
void backward_fused(const AttentionSize& size, const AttentionPast& past, MutableHeadRows dquery,
                    MutableHeadRows dkey, MutableHeadRows dvalue, AttentionMemory& memory) {
  backward<Registers<8>>(size, past, dquery, dkey, dvalue, memory);
}
void backward_plain(const AttentionSize& size, const AttentionPast& past, MutableHeadRows dquery,
                    MutableHeadRows dkey, MutableHeadRows dvalue, AttentionMemory& memory) {
  backward<Registers<4>>(size, past, dquery, dkey, dvalue, memory);
}

}  // namespace

void attend_in_order(const AttentionSize& size, HeadRows query, HeadRows key, HeadRows value,
                     MutableHeadRows result, float* logs, AttentionMemory& memory) {
  chosen(forward_wide, forward_fused, forward_plain)(size, query, key, value, result, logs, memory);
}

void attend_in_order_backward(const AttentionSize& size, const AttentionPast& past,
                              MutableHeadRows dquery, MutableHeadRows dkey, MutableHeadRows dvalue,
                              AttentionMemory& memory) {
  chosen(backward_wide, backward_fused, backward_plain)(size, past, dquery, dkey, dvalue, memory);
}

}  // namespace ordo::lm::kernels
