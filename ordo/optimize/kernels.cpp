#include "ordo/optimize/kernels.h"

#include <cmath>

#include "ordo/base/target_clones.h"

namespace ordo::optimize::kernels {
namespace {

template <class T>
ORDO_INLINE double sum_squares(const T* numbers, std::int64_t size) {
  constexpr int kLanes = 16;  // sums that do not wait for each other
  double sums[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const double number = numbers[i + lane];
      sums[lane] += number * number;
    }
  }
  double sum = 0;
  for (; i < size; ++i) sum += static_cast<double>(numbers[i]) * numbers[i];
  for (const double lane : sums) sum += lane;
  return sum;
}

template <class T>
ORDO_INLINE double sum_differences(const T* a, const T* b, std::int64_t size) {
  constexpr int kLanes = 16;
  double sums[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const double difference = a[i + lane] - b[i + lane];
      sums[lane] += difference * difference;
    }
  }
  double sum = 0;
  for (; i < size; ++i) {
    const double difference = a[i] - b[i];
    sum += difference * difference;
  }
  for (const double lane : sums) sum += lane;
  return sum;
}

enum class Keeps { squares, averages, velocities, both };

template <Keeps kKeeps, class T>
ORDO_INLINE void rmsprop_loop(const RmsPropTensors<T>& tensors, std::int64_t begin,
                              std::int64_t end, const RmsPropStep& step) {
  constexpr bool kCentered = kKeeps == Keeps::averages || kKeeps == Keeps::both;
  constexpr bool kMomentum = kKeeps == Keeps::velocities || kKeeps == Keeps::both;
  const T rate = static_cast<T>(step.rate), alpha = static_cast<T>(step.alpha),
          rest = static_cast<T>(1 - step.alpha), eps = static_cast<T>(step.eps),
          momentum = static_cast<T>(step.momentum), decay = static_cast<T>(step.decay);
  T* __restrict const values = tensors.values;
  const T* __restrict const gradients = tensors.gradients;
  T* __restrict const squares = tensors.squares;
  T* __restrict const averages = tensors.averages;
  T* __restrict const velocities = tensors.velocities;
  for (std::int64_t i = begin; i < end; ++i) {
    const T gradient = gradients[i] + decay * values[i];
    squares[i] = alpha * squares[i] + rest * gradient * gradient;
    T variance = squares[i];
    if constexpr (kCentered) {
      averages[i] += rest * (gradient - averages[i]);
      variance -= averages[i] * averages[i];
    }
    T change = gradient / (std::sqrt(variance) + eps);
    if constexpr (kMomentum) change = velocities[i] = momentum * velocities[i] + change;
    values[i] -= rate * change;
  }
}

template <class T>
ORDO_INLINE void rmsprop_any(const RmsPropTensors<T>& tensors, std::int64_t begin, std::int64_t end,
                             const RmsPropStep& step) {
  if (tensors.averages != nullptr && tensors.velocities != nullptr) {
    rmsprop_loop<Keeps::both>(tensors, begin, end, step);
  } else if (tensors.averages != nullptr) {
    rmsprop_loop<Keeps::averages>(tensors, begin, end, step);
  } else if (tensors.velocities != nullptr) {
    rmsprop_loop<Keeps::velocities>(tensors, begin, end, step);
  } else {
    rmsprop_loop<Keeps::squares>(tensors, begin, end, step);
  }
}

}  // namespace

ORDO_CLONES double sum_of_squares(const float* numbers, std::int64_t size) {
  return sum_squares(numbers, size);
}
ORDO_CLONES double sum_of_squares(const double* numbers, std::int64_t size) {
  return sum_squares(numbers, size);
}

ORDO_CLONES double sum_of_squared_differences(const float* a, const float* b, std::int64_t size) {
  return sum_differences(a, b, size);
}
ORDO_CLONES double sum_of_squared_differences(const double* a, const double* b, std::int64_t size) {
  return sum_differences(a, b, size);
}

ORDO_CLONES void rmsprop(const RmsPropTensors<float>& tensors, std::int64_t begin, std::int64_t end,
                         const RmsPropStep& step) {
  rmsprop_any(tensors, begin, end, step);
}
ORDO_CLONES void rmsprop(const RmsPropTensors<double>& tensors, std::int64_t begin,
                         std::int64_t end, const RmsPropStep& step) {
  rmsprop_any(tensors, begin, end, step);
}

}  // namespace ordo::optimize::kernels
