// Products of a few rows with a large matrix, as decoding has them: their time is that of reading
// the matrix once, which LibTorch's products take about twice as long for.
#pragma once

#include <cstdint>

namespace ordo::lm::kernels {

/// The most rows that this is faster for.
inline constexpr std::int64_t kFewRows = 16;

/// result[r, o] = sum over k of input[r, k] weight[o, k] for outputs o in [begin, end); all
/// contiguous, input [rows, size], weight [outputs, size], result [rows, outputs]. The order of a
/// sum depends on `size` alone: a row has the same result in any company.
void multiply_few_rows(const float* input, std::int64_t rows, std::int64_t size,
                       const float* weight, std::int64_t outputs, std::int64_t begin,
                       std::int64_t end, float* result);

}  // namespace ordo::lm::kernels
