#include "ordo/nets/dense_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ordo/base/target_clones.h"

namespace ordo::nets::kernels {
namespace {

// Comparisons are such that NaN stays NaN, so that divergence is seen.
template <class T>
ORDO_INLINE T relu(T value) {
  return value < 0 ? T{0} : value;
}

template <Activation kActivation, class T>
ORDO_INLINE T slope(T error, T hidden) {
  if constexpr (kActivation == Activation::relu) return hidden <= 0 ? T{0} : error;
  if constexpr (kActivation == Activation::tanh) return error * (1 - hidden * hidden);
  return error;
}

template <bool kRelu, class T>
ORDO_INLINE void add_bias_rows(T* __restrict values, const T* __restrict bias, std::int64_t columns,
                               std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    T* __restrict const at = values + row * columns;
    for (std::int64_t column = 0; column < columns; ++column) {
      const T sum = at[column] + bias[column];
      at[column] = kRelu ? relu(sum) : sum;
    }
  }
}

template <class T>
ORDO_INLINE void add_bias_any(T* values, const T* bias, std::int64_t columns, std::int64_t begin,
                              std::int64_t end, Activation activation) {
  const bool with_relu = activation == Activation::relu;
  if (bias != nullptr && with_relu) {
    add_bias_rows<true>(values, bias, columns, begin, end);
  } else if (bias != nullptr) {
    add_bias_rows<false>(values, bias, columns, begin, end);
  } else if (with_relu) {
    for (std::int64_t i = begin * columns; i < end * columns; ++i) values[i] = relu(values[i]);
  }
}

template <Activation kActivation, class T>
ORDO_INLINE void backward_columns(const Backward<T>& matrices, std::int64_t begin,
                                  std::int64_t end) {
  T* __restrict const sums = matrices.bias_gradient;
  if (sums != nullptr) std::fill(sums + begin, sums + end, T{0});
  for (std::int64_t row = 0; row < matrices.rows; ++row) {
    T* __restrict const errors = matrices.errors + row * matrices.columns;
    if constexpr (kActivation != Activation::identity) {
      const T* __restrict const hidden = matrices.hidden + row * matrices.columns;
      for (std::int64_t column = begin; column < end; ++column) {
        errors[column] = slope<kActivation>(errors[column], hidden[column]);
      }
    }
    if (sums == nullptr) continue;
    for (std::int64_t column = begin; column < end; ++column) sums[column] += errors[column];
  }
}

template <class T>
ORDO_INLINE void backward_any(const Backward<T>& matrices, std::int64_t begin, std::int64_t end,
                              Activation activation) {
  switch (activation) {
    case Activation::identity:
      return backward_columns<Activation::identity>(matrices, begin, end);
    case Activation::relu:
      return backward_columns<Activation::relu>(matrices, begin, end);
    case Activation::tanh:
      return backward_columns<Activation::tanh>(matrices, begin, end);
  }
}

// e^x for x <= 0, of relative error 2e-7, in a form that compilers turn into vectors: x = k log 2 +
// r, |r| <= log 2 / 2, and 2^k e^r with e^r by its Taylor polynomial of degree 7 (rest 4e-9). Below
// -87 it stays at e^-87, which is nothing beside the largest term's 1.
ORDO_INLINE float exponential(float x) {
  x = x < -87.0F ? -87.0F : x;
  const float shifted = x * 1.44269504F + 0x1.8p23F;  // rounds to an integer in the lowest bits
  const float k = shifted - 0x1.8p23F;
  const float r = (x - k * 0.693359375F) + k * 2.12194440e-4F;
  float p = 1.0F / 5040;
  p = p * r + 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  return p * std::bit_cast<float>((std::bit_cast<std::int32_t>(shifted) << 23) + 0x3F800000);
}
ORDO_INLINE double exponential(double x) { return std::exp(x); }

template <class T>
ORDO_INLINE double softmax_cross_entropy_any(const T* logits, const std::int64_t* labels, T* errors,
                                             std::int64_t rows, std::int64_t classes) {
  double loss = 0;
  const double share = 1 / static_cast<double>(rows);
  for (std::int64_t row = 0; row < rows; ++row) {
    const T* __restrict const scores = logits + row * classes;
    T* __restrict const gradient = errors + row * classes;
    T largest = scores[0];
    for (std::int64_t c = 1; c < classes; ++c) largest = scores[c] > largest ? scores[c] : largest;
    for (std::int64_t c = 0; c < classes; ++c) gradient[c] = exponential(scores[c] - largest);
    double sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += gradient[c];
    const T scale = static_cast<T>(share / sum);
    for (std::int64_t c = 0; c < classes; ++c) gradient[c] *= scale;
    gradient[labels[row]] -= static_cast<T>(share);
    loss += std::log(sum) - static_cast<double>(scores[labels[row]] - largest);
  }
  return loss * share;
}

}  // namespace

ORDO_CLONES void add_bias(float* values, const float* bias, std::int64_t columns,
                          std::int64_t begin, std::int64_t end, Activation activation) {
  add_bias_any(values, bias, columns, begin, end, activation);
}
ORDO_CLONES void add_bias(double* values, const double* bias, std::int64_t columns,
                          std::int64_t begin, std::int64_t end, Activation activation) {
  add_bias_any(values, bias, columns, begin, end, activation);
}

ORDO_CLONES void backward(const Backward<float>& matrices, std::int64_t begin, std::int64_t end,
                          Activation activation) {
  backward_any(matrices, begin, end, activation);
}
ORDO_CLONES void backward(const Backward<double>& matrices, std::int64_t begin, std::int64_t end,
                          Activation activation) {
  backward_any(matrices, begin, end, activation);
}

ORDO_CLONES double softmax_cross_entropy(const float* logits, const std::int64_t* labels,
                                         float* errors, std::int64_t rows, std::int64_t classes) {
  return softmax_cross_entropy_any(logits, labels, errors, rows, classes);
}
ORDO_CLONES double softmax_cross_entropy(const double* logits, const std::int64_t* labels,
                                         double* errors, std::int64_t rows, std::int64_t classes) {
  return softmax_cross_entropy_any(logits, labels, errors, rows, classes);
}

}  // namespace ordo::nets::kernels
