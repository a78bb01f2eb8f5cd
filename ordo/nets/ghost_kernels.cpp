#include "ordo/nets/ghost_kernels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ordo/base/target_clones.h"

namespace ordo::nets::kernels {
namespace {

// Numbers are summed in their own type in kLanes sums that do not wait for each other, at most
// kPiece / kLanes in each, and pieces in double.
constexpr std::int64_t kLanes = 32;
constexpr std::int64_t kPiece = 2048;

template <class T>
ORDO_INLINE double total(const T (&lanes)[kLanes]) {
  double sum = 0;
  for (const T lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

template <class T>
ORDO_INLINE double sum_of(const T* __restrict x, std::int64_t size) {
  T lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += x[i + lane];
  }
  for (std::int64_t lane = 0; i + lane < size; ++lane) lanes[lane] += x[i + lane];
  return total(lanes);
}

template <class T>
ORDO_INLINE double squared_deviations(const T* __restrict x, std::int64_t size, T from) {
  T lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const T deviation = x[i + lane] - from;
      lanes[lane] += deviation * deviation;
    }
  }
  for (std::int64_t lane = 0; i + lane < size; ++lane) {
    const T deviation = x[i + lane] - from;
    lanes[lane] += deviation * deviation;
  }
  return total(lanes);
}

// The sums of a piece: of the numbers, and of their squared distances from the piece's mean.
struct Piece {
  double size, sum, squares;
};

template <class T>
ORDO_INLINE Piece piece_of(const T* x, std::int64_t size) {
  Piece piece{static_cast<double>(size), sum_of(x, size), 0};
  const double mean = piece.sum / piece.size;
  const T from = static_cast<T>(mean);
  const double rounding = mean - static_cast<double>(from);
  piece.squares = squared_deviations(x, size, from) - piece.size * rounding * rounding;
  return piece;
}

// Between pieces, deviations are taken in double from the mean of all: stable however far the mean
// is from zero (Chan, Golub, LeVeque, The American Statistician 37, 1983).
ORDO_INLINE Moments moments_of(const std::vector<Piece>& pieces) {
  double size = 0, sum = 0, squares = 0;
  for (const Piece& piece : pieces) {
    size += piece.size;
    sum += piece.sum;
  }
  const double mean = sum / size;
  for (const Piece& piece : pieces) {
    const double deviation = piece.sum / piece.size - mean;
    squares += piece.squares + piece.size * deviation * deviation;
  }
  return {mean, std::max(squares, 0.0) / size};
}

template <class T>
ORDO_INLINE Moments normalise_planes(const T* x, T* y, const Planes& unit, double gamma,
                                     double beta, double eps) {
  thread_local std::vector<Piece> pieces;
  pieces.clear();
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    const T* const from = x + row * unit.stride;
    for (std::int64_t begin = 0; begin < unit.plane; begin += kPiece) {
      pieces.push_back(piece_of(from + begin, std::min(kPiece, unit.plane - begin)));
    }
  }
  const Moments moments = moments_of(pieces);
  const T mean = static_cast<T>(moments.mean), shift = static_cast<T>(beta),
          scale = static_cast<T>(gamma / std::sqrt(moments.variance + eps));
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    const T* __restrict const from = x + row * unit.stride;
    T* __restrict const to = y + row * unit.stride;
    for (std::int64_t i = 0; i < unit.plane; ++i) to[i] = (from[i] - mean) * scale + shift;
  }
  return moments;
}

template <class T>
ORDO_INLINE Sums differentiate_planes(const T* dy, const T* x, T* dx, const Planes& unit,
                                      double gamma, const Moments& moments, double eps) {
  const T mean = static_cast<T>(moments.mean);
  double sum = 0, product = 0;  // of dy, of dy * (x - mean)
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    for (std::int64_t begin = 0; begin < unit.plane; begin += kPiece) {
      const std::int64_t size = std::min(kPiece, unit.plane - begin);
      const T* __restrict const gradient = dy + row * unit.stride + begin;
      const T* __restrict const input = x + row * unit.stride + begin;
      T sums[kLanes] = {}, products[kLanes] = {};
      std::int64_t i = 0;
      for (; i + kLanes <= size; i += kLanes) {
        for (std::int64_t lane = 0; lane < kLanes; ++lane) {
          sums[lane] += gradient[i + lane];
          products[lane] += gradient[i + lane] * (input[i + lane] - mean);
        }
      }
      for (std::int64_t lane = 0; i + lane < size; ++lane) {
        sums[lane] += gradient[i + lane];
        products[lane] += gradient[i + lane] * (input[i + lane] - mean);
      }
      sum += total(sums);
      product += total(products);
    }
  }
  product -= sum * (moments.mean - static_cast<double>(mean));
  const double size = static_cast<double>(unit.rows) * static_cast<double>(unit.plane);
  const double inverse = 1 / std::sqrt(moments.variance + eps);
  const T scale = static_cast<T>(gamma * inverse), mean_dy = static_cast<T>(sum / size),
          slope = static_cast<T>(product * inverse * inverse / size);
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    const T* __restrict const gradient = dy + row * unit.stride;
    const T* __restrict const input = x + row * unit.stride;
    T* __restrict const to = dx + row * unit.stride;
    for (std::int64_t i = 0; i < unit.plane; ++i) {
      to[i] = scale * ((gradient[i] - mean_dy) - (input[i] - mean) * slope);
    }
  }
  return {sum, product * inverse};
}

// The sums of term(row, column) over rows by column, in their own type over kRun rows at a time and
// in double over those. kWidth columns, or `width` where that is 0.
constexpr std::int64_t kRun = kPiece / kLanes;

template <std::int64_t kWidth, class T, class Term>
ORDO_INLINE void sum_columns(std::int64_t rows, std::int64_t width, double (&sums)[kColumns],
                             const Term& term) {
  const std::int64_t columns = kWidth > 0 ? kWidth : width;
  std::fill_n(sums, columns, 0.0);
  for (std::int64_t begin = 0; begin < rows; begin += kRun) {
    T run[kColumns] = {};
    const std::int64_t end = std::min(rows, begin + kRun);
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) run[c] += term(row, c);
    }
    for (std::int64_t c = 0; c < columns; ++c) sums[c] += static_cast<double>(run[c]);
  }
}

// The sum of a channel's columns.
ORDO_INLINE double sum_of_channel(const double (&sums)[kColumns], std::int64_t channel,
                                  std::int64_t plane) {
  double sum = 0;
  for (std::int64_t c = channel * plane; c < (channel + 1) * plane; ++c) sum += sums[c];
  return sum;
}

template <std::int64_t kWidth, class T>
ORDO_INLINE void normalise_columns(const ColumnsForward<T>& pass, const Columns& unit) {
  const std::int64_t plane = unit.plane, width = unit.channels * plane;
  const std::int64_t columns = kWidth > 0 ? kWidth : width;
  const double size = static_cast<double>(unit.rows) * static_cast<double>(plane);
  const T* __restrict const x = pass.x;
  double sums[kColumns];
  T mean[kColumns], scale[kColumns], shift[kColumns];
  sum_columns<kWidth, T>(unit.rows, width, sums,
                         [&](std::int64_t row, std::int64_t c)
                             ORDO_ALWAYS_INLINE { return x[row * unit.stride + c]; });
  for (std::int64_t channel = 0; channel < unit.channels; ++channel) {
    pass.mean[channel] = sum_of_channel(sums, channel, plane) / size;
    std::fill_n(mean + channel * plane, plane, static_cast<T>(pass.mean[channel]));
  }
  sum_columns<kWidth, T>(unit.rows, width, sums,
                         [&](std::int64_t row, std::int64_t c) ORDO_ALWAYS_INLINE {
                           const T deviation = x[row * unit.stride + c] - mean[c];
                           return deviation * deviation;
                         });
  for (std::int64_t channel = 0; channel < unit.channels; ++channel) {
    const std::int64_t first = channel * plane;
    const double rounding = pass.mean[channel] - static_cast<double>(mean[first]);
    const double variance =
        std::max(sum_of_channel(sums, channel, plane) / size - rounding * rounding, 0.0);
    pass.variance[channel] = variance;
    const double inverse = 1 / std::sqrt(variance + pass.eps);
    std::fill_n(scale + first, plane,
                static_cast<T>(static_cast<double>(pass.gamma[channel]) * inverse));
    std::fill_n(shift + first, plane, pass.beta[channel]);
  }
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    const T* __restrict const from = x + row * unit.stride;
    T* __restrict const to = pass.y + row * unit.stride;
    for (std::int64_t c = 0; c < columns; ++c) to[c] = (from[c] - mean[c]) * scale[c] + shift[c];
  }
}

template <std::int64_t kWidth, class T>
ORDO_INLINE void differentiate_columns(const ColumnsBackward<T>& pass, const Columns& unit) {
  const std::int64_t plane = unit.plane, width = unit.channels * plane;
  const std::int64_t columns = kWidth > 0 ? kWidth : width;
  const double size = static_cast<double>(unit.rows) * static_cast<double>(plane);
  const T* __restrict const x = pass.x;
  const T* __restrict const dy = pass.dy;
  double sums[kColumns], products[kColumns];  // of dy, of dy * (x - mean)
  T mean[kColumns], scale[kColumns], mean_dy[kColumns], slope[kColumns];
  for (std::int64_t channel = 0; channel < unit.channels; ++channel) {
    std::fill_n(mean + channel * plane, plane, static_cast<T>(pass.mean[channel]));
  }
  sum_columns<kWidth, T>(unit.rows, width, sums,
                         [&](std::int64_t row, std::int64_t c)
                             ORDO_ALWAYS_INLINE { return dy[row * unit.stride + c]; });
  sum_columns<kWidth, T>(unit.rows, width, products,
                         [&](std::int64_t row, std::int64_t c) ORDO_ALWAYS_INLINE {
                           const std::int64_t at = row * unit.stride + c;
                           return dy[at] * (x[at] - mean[c]);
                         });
  for (std::int64_t channel = 0; channel < unit.channels; ++channel) {
    const std::int64_t first = channel * plane;
    const double sum = sum_of_channel(sums, channel, plane);
    const double product = sum_of_channel(products, channel, plane) -
                           sum * (pass.mean[channel] - static_cast<double>(mean[first]));
    const double inverse = 1 / std::sqrt(pass.variance[channel] + pass.eps);
    std::fill_n(scale + first, plane,
                static_cast<T>(static_cast<double>(pass.gamma[channel]) * inverse));
    std::fill_n(mean_dy + first, plane, static_cast<T>(sum / size));
    std::fill_n(slope + first, plane, static_cast<T>(product * inverse * inverse / size));
    pass.dy_sum[channel] = sum;
    pass.dy_scaled_sum[channel] = product * inverse;
  }
  for (std::int64_t row = 0; row < unit.rows; ++row) {
    const T* __restrict const input = x + row * unit.stride;
    const T* __restrict const gradient = dy + row * unit.stride;
    T* __restrict const to = pass.dx + row * unit.stride;
    for (std::int64_t c = 0; c < columns; ++c) {
      to[c] = scale[c] * ((gradient[c] - mean_dy[c]) - (input[c] - mean[c]) * slope[c]);
    }
  }
}

template <class T>
ORDO_INLINE void normalise_any(const ColumnsForward<T>& pass, const Columns& unit) {
  switch (unit.channels * unit.plane) {
    case 64:
      return normalise_columns<64>(pass, unit);
    case 32:
      return normalise_columns<32>(pass, unit);
    case 16:
      return normalise_columns<16>(pass, unit);
    default:
      return normalise_columns<0>(pass, unit);
  }
}

template <class T>
ORDO_INLINE void differentiate_any(const ColumnsBackward<T>& pass, const Columns& unit) {
  switch (unit.channels * unit.plane) {
    case 64:
      return differentiate_columns<64>(pass, unit);
    case 32:
      return differentiate_columns<32>(pass, unit);
    case 16:
      return differentiate_columns<16>(pass, unit);
    default:
      return differentiate_columns<0>(pass, unit);
  }
}

}  // namespace

ORDO_CLONES Moments normalise(const float* x, float* y, const Planes& unit, double gamma,
                              double beta, double eps) {
  return normalise_planes(x, y, unit, gamma, beta, eps);
}
ORDO_CLONES Moments normalise(const double* x, double* y, const Planes& unit, double gamma,
                              double beta, double eps) {
  return normalise_planes(x, y, unit, gamma, beta, eps);
}

ORDO_CLONES Sums differentiate(const float* dy, const float* x, float* dx, const Planes& unit,
                               double gamma, const Moments& moments, double eps) {
  return differentiate_planes(dy, x, dx, unit, gamma, moments, eps);
}
ORDO_CLONES Sums differentiate(const double* dy, const double* x, double* dx, const Planes& unit,
                               double gamma, const Moments& moments, double eps) {
  return differentiate_planes(dy, x, dx, unit, gamma, moments, eps);
}

ORDO_CLONES void normalise(const ColumnsForward<float>& pass, const Columns& unit) {
  normalise_any(pass, unit);
}
ORDO_CLONES void normalise(const ColumnsForward<double>& pass, const Columns& unit) {
  normalise_any(pass, unit);
}

ORDO_CLONES void differentiate(const ColumnsBackward<float>& pass, const Columns& unit) {
  differentiate_any(pass, unit);
}
ORDO_CLONES void differentiate(const ColumnsBackward<double>& pass, const Columns& unit) {
  differentiate_any(pass, unit);
}

}  // namespace ordo::nets::kernels
