// Tiles of a few rows by a few outputs: their sums stay in registers, while these outputs' weights
// are read from memory once and then from the nearest cache.
#include "ordo/lm/few_rows.h"

#include <algorithm>
#include <cstring>

#include "ordo/base/target_clones.h"

namespace ordo::lm::kernels {
namespace {

// Outputs of a tile. One row alone waits for memory, which gives more to more readers at a time.
constexpr int kColumns = 4, kColumnsOfOneRow = 8;
constexpr std::int64_t kFloatsALine = 16;  // of the cache
// From so many rows on, time with the matrix in the cache suffices to fetch what comes next.
constexpr std::int64_t kRowsToPrefetch = 8;

// How much of a sum fits into a register, and the rows of a tile that registers suffice for.
template <int lanes_, int rows_>
struct Registers {
  static constexpr int lanes = lanes_;
  static constexpr int rows = rows_;
  using Vector = typename Floats<lanes_>::Vector;
};

template <class Vector>
ORDO_INLINE float total(const Vector& sums) {
  constexpr int kLanes = sizeof(Vector) / sizeof(float);
  float parts[kLanes];
  std::memcpy(parts, &sums, sizeof(Vector));
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; ++lane) parts[lane] += parts[lane + half];
  }
  return parts[0];
}

template <class Registers, int rows, int columns>
ORDO_INLINE void tile(const float* input, std::int64_t size, const float* weight,
                      std::int64_t outputs, float* result) {
  using Vector = typename Registers::Vector;
  Vector sums[rows][columns] = {};
  std::int64_t k = 0;
  for (; k + Registers::lanes <= size; k += Registers::lanes) {
    Vector weights[columns];
    for (int column = 0; column < columns; ++column) {
      std::memcpy(&weights[column], weight + column * size + k, sizeof(Vector));
    }
    for (int row = 0; row < rows; ++row) {
      Vector values;
      std::memcpy(&values, input + row * size + k, sizeof(Vector));
      for (int column = 0; column < columns; ++column)
        sums[row][column] += values * weights[column];
    }
  }
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      float sum = total(sums[row][column]);
      for (std::int64_t rest = k; rest < size; ++rest) {
        sum += input[row * size + rest] * weight[column * size + rest];
      }
      result[row * outputs + column] = sum;
    }
  }
}

// Meanwhile `fetched` floats behind these columns' weights come into the cache.
template <class Registers, int columns>
ORDO_INLINE void all_rows(const float* input, std::int64_t rows, std::int64_t size,
                          const float* weight, std::int64_t outputs, std::int64_t fetched,
                          float* result) {
  const float* next = weight + columns * size;
  const float* const end = next + fetched;
  const std::int64_t share = fetched * Registers::rows / rows + kFloatsALine;
  std::int64_t row = 0;
  for (; row + Registers::rows <= rows; row += Registers::rows) {
    for (const float* const until = std::min(end, next + share); next < until;
         next += kFloatsALine) {
      __builtin_prefetch(next);
    }
    tile<Registers, Registers::rows, columns>(input + row * size, size, weight, outputs,
                                              result + row * outputs);
  }
  for (; row < rows; ++row) {
    tile<Registers, 1, columns>(input + row * size, size, weight, outputs, result + row * outputs);
  }
}

template <class Registers, int columns>
ORDO_INLINE void all_outputs(const float* input, std::int64_t rows, std::int64_t size,
                             const float* weight, std::int64_t outputs, std::int64_t begin,
                             std::int64_t end, float* result) {
  std::int64_t output = begin;
  for (; output + columns <= end; output += columns) {
    const bool fetches = rows >= kRowsToPrefetch && output + std::int64_t{2} * columns <= end;
    all_rows<Registers, columns>(input, rows, size, weight + output * size, outputs,
                                 fetches ? columns * size : 0, result + output);
  }
  for (; output < end; ++output) {
    all_rows<Registers, 1>(input, rows, size, weight + output * size, outputs, 0, result + output);
  }
}

template <class Registers>
ORDO_INLINE void multiply(const float* input, std::int64_t rows, std::int64_t size,
                          const float* weight, std::int64_t outputs, std::int64_t begin,
                          std::int64_t end, float* result) {
  if (rows == 1) {
    all_outputs<Registers, kColumnsOfOneRow>(input, 1, size, weight, outputs, begin, end, result);
  } else {
    all_outputs<Registers, kColumns>(input, rows, size, weight, outputs, begin, end, result);
  }
}

ORDO_AVX512
void multiply_wide(const float* input, std::int64_t rows, std::int64_t size, const float* weight,
                   std::int64_t outputs, std::int64_t begin, std::int64_t end, float* result) {
  multiply<Registers<16, 4>>(input, rows, size, weight, outputs, begin, end, result);
}

ORDO_FMA
void multiply_fused(const float* input, std::int64_t rows, std::int64_t size, const float* weight,
                    std::int64_t outputs, std::int64_t begin, std::int64_t end, float* result) {
  multiply<Registers<8, 2>>(input, rows, size, weight, outputs, begin, end, result);
}

void multiply_plain(const float* input, std::int64_t rows, std::int64_t size, const float* weight,
                    std::int64_t outputs, std::int64_t begin, std::int64_t end, float* result) {
  multiply<Registers<8, 2>>(input, rows, size, weight, outputs, begin, end, result);
}

}  // namespace

void multiply_few_rows(const float* input, std::int64_t rows, std::int64_t size,
                       const float* weight, std::int64_t outputs, std::int64_t begin,
                       std::int64_t end, float* result) {
  chosen(multiply_wide, multiply_fused, multiply_plain)(input, rows, size, weight, outputs, begin,
                                                        end, result);
}

}  // namespace ordo::lm::kernels
