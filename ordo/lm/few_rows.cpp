// Tiles of four rows by four outputs: sixteen sums of sixteen lanes each stay in registers, four
// rows of the matrix are read from memory once and then from the nearest cache.
#include "ordo/lm/few_rows.h"

#include <algorithm>
#include <cstring>

#include "ordo/base/target_clones.h"

namespace ordo::lm::kernels {
namespace {

constexpr std::int64_t kLanes = 16;
constexpr std::int64_t kTile = 4;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

template <int rows, int columns>
ORDO_INLINE void tile(const float* input, std::int64_t size, const float* weight,
                      std::int64_t outputs, float* result) {
  Lanes sums[rows][columns] = {};
  std::int64_t k = 0;
  for (; k + kLanes <= size; k += kLanes) {
    Lanes weights[columns];
    for (int column = 0; column < columns; ++column) {
      std::memcpy(&weights[column], weight + column * size + k, sizeof(Lanes));
    }
    for (int row = 0; row < rows; ++row) {
      Lanes values;
      std::memcpy(&values, input + row * size + k, sizeof(Lanes));
      for (int column = 0; column < columns; ++column)
        sums[row][column] += values * weights[column];
    }
  }
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      float sum = 0;
      for (int lane = 0; lane < kLanes; ++lane) sum += sums[row][column][lane];
      for (std::int64_t rest = k; rest < size; ++rest) {
        sum += input[row * size + rest] * weight[column * size + rest];
      }
      result[row * outputs + column] = sum;
    }
  }
}

template <int columns>
ORDO_INLINE void all_rows(const float* input, std::int64_t rows, std::int64_t size,
                          const float* weight, std::int64_t outputs, float* result) {
  std::int64_t row = 0;
  for (; row + kTile <= rows; row += kTile) {
    tile<kTile, columns>(input + row * size, size, weight, outputs, result + row * outputs);
  }
  for (; row < rows; ++row) {
    tile<1, columns>(input + row * size, size, weight, outputs, result + row * outputs);
  }
}

}  // namespace

ORDO_CLONES
void multiply_few_rows(const float* input, std::int64_t rows, std::int64_t size,
                       const float* weight, std::int64_t outputs, std::int64_t begin,
                       std::int64_t end, float* result) {
  std::int64_t output = begin;
  for (; output + kTile <= end; output += kTile) {
    all_rows<kTile>(input, rows, size, weight + output * size, outputs, result + output);
  }
  for (; output < end; ++output) {
    all_rows<1>(input, rows, size, weight + output * size, outputs, result + output);
  }
}

}  // namespace ordo::lm::kernels
