// What stands between a block's matrix products, in one pass over memory each, for float on the
// CPU. Compiled for several instruction sets; the fastest that the processor has is chosen when the
// program starts. Matrices are in row-major order; results of a row do not depend on other rows.
#pragma once

#include <cstdint>

namespace ordo::lm::kernels {

/// Rows [begin, end) of y = x r w with r = 1 / sqrt(mean(x²) + epsilon) of each row; x, y [rows,
/// width], w [width]. `roots` [rows] gets r; it may be null.
struct RmsNorm {
  const float* x;
  const float* w;
  float* y;
  float* roots;
  std::int64_t width;
  double epsilon;
};
void rms_norm(const RmsNorm& norm, std::int64_t begin, std::int64_t end);

/// Its gradients in rows [begin, end): dx written, what these rows add to dw added to `dw` [width].
struct RmsNormBackward {
  const float* x;
  const float* w;
  const float* roots;
  const float* dy;
  float* dx;
  std::int64_t width;
};
void rms_norm_backward(const RmsNormBackward& norm, float* dw, std::int64_t begin,
                       std::int64_t end);

/// y = silu(gate) * up, with silu(g) = g / (1 + e^-g), elements [begin, end).
void silu_product(const float* gate, const float* up, float* y, std::int64_t begin,
                  std::int64_t end);
void silu_product_backward(const float* gate, const float* up, const float* dy, float* dgate,
                           float* dup, std::int64_t begin, std::int64_t end);

/// One head's first 2 `half` numbers turned: y = (a c - b s, b c + a s) of its halves a, b, with
/// `sign` times the sine.
void turn(const float* x, const float* cosine, const float* sine, float sign, float* y,
          std::int64_t half);

/// log of the sum of e^x.
double log_sum_exp(const float* x, std::int64_t size);

}  // namespace ordo::lm::kernels
