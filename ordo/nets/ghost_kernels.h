// The loops of ghost batch normalisation (ghost_batch_norm.h), for float and double on the CPU. A
// unit of work is one channel of one ghost (planes) or some channels of it that have up to 64
// places in a row (columns); it is read from memory once and from the cache after that: mean,
// deviations around it, result. Sums are taken in a fixed order, so that results do not depend on
// threads. Compiled for several instruction sets; the fastest that the processor has is chosen when
// the program starts.
#pragma once

#include <cstdint>

namespace ordo::nets::kernels {

/// One channel of one ghost, where each row holds a run of `plane` neighbours ([n, c, h, w]); row r
/// begins at r * stride.
struct Planes {
  std::int64_t rows, plane, stride;
};

struct Moments {
  double mean = 0, variance = 0;  ///< biased
};

/// y = (x - mean) * gamma / sqrt(variance + eps) + beta, with the unit's own moments.
Moments normalise(const float* x, float* y, const Planes& unit, double gamma, double beta,
                  double eps);
Moments normalise(const double* x, double* y, const Planes& unit, double gamma, double beta,
                  double eps);

struct Sums {
  double dy = 0;         ///< of dy
  double dy_scaled = 0;  ///< of dy * (x - mean) / sqrt(variance + eps)
};

/// dx = gamma / s * (dy - mean(dy) - x̂ * mean(dy * x̂)), x̂ = (x - mean) / s, s = sqrt(variance +
/// eps). Returns the sums that the gradients of gamma and beta are made of.
Sums differentiate(const float* dy, const float* x, float* dx, const Planes& unit, double gamma,
                   const Moments& moments, double eps);
Sums differentiate(const double* dy, const double* x, double* dx, const Planes& unit, double gamma,
                   const Moments& moments, double eps);

/// Neighbouring channels of one ghost, where each row holds `plane` values of each, side by side:
/// of [n, c] and of images with channels last one, of images with tiny planes all. At most kColumns
/// values of a row; row r begins at r * stride.
inline constexpr std::int64_t kColumns = 64;
struct Columns {
  std::int64_t rows, channels, plane, stride;
};

/// As above for each channel.
template <class T>
struct ColumnsForward {
  const T* x;
  T* y;
  const T* gamma;
  const T* beta;
  double eps;
  double* mean;      ///< written
  double* variance;  ///< written, biased
};
void normalise(const ColumnsForward<float>& pass, const Columns& unit);
void normalise(const ColumnsForward<double>& pass, const Columns& unit);

template <class T>
struct ColumnsBackward {
  const T* dy;
  const T* x;
  T* dx;
  const T* gamma;
  double eps;
  const double* mean;
  const double* variance;
  double* dy_sum;         ///< written
  double* dy_scaled_sum;  ///< written
};
void differentiate(const ColumnsBackward<float>& pass, const Columns& unit);
void differentiate(const ColumnsBackward<double>& pass, const Columns& unit);

}  // namespace ordo::nets::kernels
