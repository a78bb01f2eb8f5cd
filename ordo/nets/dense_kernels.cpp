#include "ordo/nets/dense_kernels.h"

#include <algorithm>
#include <cmath>

#include "ordo/base/exponential.h"
#include "ordo/base/lanes.h"
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

template <class T>
ORDO_INLINE double softmax_cross_entropy_any(const T* logits, const std::int64_t* labels, T* errors,
                                             std::int64_t rows, std::int64_t classes,
                                             double share) {
  double loss = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const T* __restrict const scores = logits + row * classes;
    T* __restrict const gradient = errors + row * classes;
    const T largest = largest_in_lanes(scores, classes);
    for (std::int64_t c = 0; c < classes; ++c) gradient[c] = exponential(scores[c] - largest);
    const double sum = sum_in_lanes<double>(classes, [&](std::int64_t c) ORDO_ALWAYS_INLINE {
      return static_cast<double>(gradient[c]);
    });
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
                                         float* errors, std::int64_t rows, std::int64_t classes,
                                         double share) {
  return softmax_cross_entropy_any(logits, labels, errors, rows, classes, share);
}
ORDO_CLONES double softmax_cross_entropy(const double* logits, const std::int64_t* labels,
                                         double* errors, std::int64_t rows, std::int64_t classes,
                                         double share) {
  return softmax_cross_entropy_any(logits, labels, errors, rows, classes, share);
}

}  // namespace ordo::nets::kernels
