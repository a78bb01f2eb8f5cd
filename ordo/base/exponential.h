// The exponential function in a form that compilers turn into vectors, for loops of
// target_clones.h.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "ordo/base/target_clones.h"

namespace ordo {

/// e^x of relative error 2e-7. x = k log 2 + r, |r| <= log 2 / 2, and 2^k e^r with e^r by its
/// Taylor polynomial of degree 7 (rest 4e-9). It stays at e^-87 below -87 and at e^88 above 88,
/// next to where float ends; NaN stays NaN.
ORDO_INLINE float exponential(float x) {
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
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

}  // namespace ordo
