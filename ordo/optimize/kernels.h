// Loops over flat parameters that LibTorch has no fused kernel for, for float and double on the
// CPU. Each reads and writes its numbers once, compiled for several instruction sets and chosen
// when the program starts.
#pragma once

#include <cstdint>

namespace ordo::optimize::kernels {

/// The sum of squares of `size` numbers, in double.
double sum_of_squares(const float* numbers, std::int64_t size);
double sum_of_squares(const double* numbers, std::int64_t size);

/// The sum of squares of a[i] - b[i], in double.
double sum_of_squared_differences(const float* a, const float* b, std::int64_t size);
double sum_of_squared_differences(const double* a, const double* b, std::int64_t size);

/// The numbers of a step of RMSprop (see rmsprop.cpp).
struct RmsPropStep {
  double rate, alpha, eps, momentum, decay;
};
/// The tensors of a step; null where the method does not keep them.
template <class T>
struct RmsPropTensors {
  T* values;
  const T* gradients;
  T* squares;
  T* averages;    ///< of gradients: centered
  T* velocities;  ///< momentum
};
void rmsprop(const RmsPropTensors<float>& tensors, std::int64_t begin, std::int64_t end,
             const RmsPropStep& step);
void rmsprop(const RmsPropTensors<double>& tensors, std::int64_t begin, std::int64_t end,
             const RmsPropStep& step);

}  // namespace ordo::optimize::kernels
