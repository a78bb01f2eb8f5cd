#include "ordo/lm/fused_kernels.h"

#include <cmath>

#include "ordo/base/exponential.h"
#include "ordo/base/lanes.h"
#include "ordo/base/target_clones.h"

namespace ordo::lm::kernels {

ORDO_CLONES
void rms_norm(const RmsNorm& norm, std::int64_t begin, std::int64_t end) {
  const std::int64_t width = norm.width;
  const float* __restrict const w = norm.w;
  for (std::int64_t row = begin; row < end; ++row) {
    const float* __restrict const x = norm.x + row * width;
    float* __restrict const y = norm.y + row * width;
    const float squares =
        sum_in_lanes<float>(width, [&](std::int64_t i) ORDO_ALWAYS_INLINE { return x[i] * x[i]; });
    const float root =
        1 / std::sqrt(squares / static_cast<float>(width) + static_cast<float>(norm.epsilon));
    for (std::int64_t i = 0; i < width; ++i) y[i] = x[i] * root * w[i];
    if (norm.roots != nullptr) norm.roots[row] = root;
  }
}

// With n = x r and g = w dy: dx = r (g - n mean(g n)), dw = sum over rows of dy n.
ORDO_CLONES
void rms_norm_backward(const RmsNormBackward& norm, float* dw, std::int64_t begin,
                       std::int64_t end) {
  const std::int64_t width = norm.width;
  const float* __restrict const w = norm.w;
  float* __restrict const weights = dw;
  for (std::int64_t row = begin; row < end; ++row) {
    const float* __restrict const x = norm.x + row * width;
    const float* __restrict const dy = norm.dy + row * width;
    float* __restrict const dx = norm.dx + row * width;
    const float root = norm.roots[row];
    const float product = sum_in_lanes<float>(
        width, [&](std::int64_t i) ORDO_ALWAYS_INLINE { return w[i] * dy[i] * x[i]; });
    const float along = product * root * root / static_cast<float>(width);
    for (std::int64_t i = 0; i < width; ++i) {
      weights[i] += dy[i] * x[i] * root;
      dx[i] = root * (w[i] * dy[i] - x[i] * along);
    }
  }
}

ORDO_CLONES
void silu_product(const float* gate, const float* up, float* y, std::int64_t begin,
                  std::int64_t end) {
  const float* __restrict const gates = gate;
  const float* __restrict const ups = up;
  float* __restrict const results = y;
  for (std::int64_t i = begin; i < end; ++i) {
    results[i] = gates[i] / (1 + exponential(-gates[i])) * ups[i];
  }
}

// With s = 1 / (1 + e^-g): d silu / dg = s (1 + g (1 - s)).
ORDO_CLONES
void silu_product_backward(const float* gate, const float* up, const float* dy, float* dgate,
                           float* dup, std::int64_t begin, std::int64_t end) {
  const float* __restrict const gates = gate;
  const float* __restrict const ups = up;
  const float* __restrict const errors = dy;
  float* __restrict const gate_errors = dgate;
  float* __restrict const up_errors = dup;
  for (std::int64_t i = begin; i < end; ++i) {
    const float share = 1 / (1 + exponential(-gates[i]));
    gate_errors[i] = errors[i] * ups[i] * share * (1 + gates[i] * (1 - share));
    up_errors[i] = errors[i] * gates[i] * share;
  }
}

ORDO_CLONES
void turn(const float* x, const float* cosine, const float* sine, float sign, float* y,
          std::int64_t half) {
  const float* __restrict const from = x;
  const float* __restrict const c = cosine;
  const float* __restrict const s = sine;
  float* __restrict const to = y;
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = from[i], b = from[half + i], turned = sign * s[i];
    to[i] = a * c[i] - b * turned;
    to[half + i] = b * c[i] + a * turned;
  }
}

ORDO_CLONES
double log_sum_exp(const float* x, std::int64_t size) {
  const float largest = largest_in_lanes(x, size);
  const double sum = sum_in_lanes<double>(size, [&](std::int64_t i) ORDO_ALWAYS_INLINE {
    return static_cast<double>(exponential(x[i] - largest));
  });
  return static_cast<double>(largest) + std::log(sum);
}

}  // namespace ordo::lm::kernels
