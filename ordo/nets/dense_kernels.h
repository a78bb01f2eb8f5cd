// What a multilayer perceptron does between its matrix products, one pass over a matrix each, for
// float and double on the CPU. Compiled for several instruction sets; the fastest that the
// processor has is chosen when the program starts. Matrices are in row-major order.
#pragma once

#include <cstdint>

namespace ordo::nets::kernels {

/// The activation whose derivative is taken from its value h: identity 1, relu h > 0, tanh 1 - h^2.
enum class Activation { identity, relu, tanh };

/// h <- h + b, and then relu of it if asked, in rows [begin, end). A null bias is zero.
void add_bias(float* values, const float* bias, std::int64_t columns, std::int64_t begin,
              std::int64_t end, Activation activation);
void add_bias(double* values, const double* bias, std::int64_t columns, std::int64_t begin,
              std::int64_t end, Activation activation);

/// errors <- errors * f'(h), and bias_gradient <- their sums over rows, in columns [begin, end).
/// `hidden` is not read for the identity; a null bias_gradient is not written.
template <class T>
struct Backward {
  T* errors;
  const T* hidden;
  T* bias_gradient;
  std::int64_t rows, columns;
};
void backward(const Backward<float>& matrices, std::int64_t begin, std::int64_t end,
              Activation activation);
void backward(const Backward<double>& matrices, std::int64_t begin, std::int64_t end,
              Activation activation);

/// Cross-entropies of softmax(logits) [rows, classes], summed and times `share` (1 / rows for their
/// mean); errors <- the gradient by the logits. Labels must be in range.
double softmax_cross_entropy(const float* logits, const std::int64_t* labels, float* errors,
                             std::int64_t rows, std::int64_t classes, double share);
double softmax_cross_entropy(const double* logits, const std::int64_t* labels, double* errors,
                             std::int64_t rows, std::int64_t classes, double share);

}  // namespace ordo::nets::kernels
