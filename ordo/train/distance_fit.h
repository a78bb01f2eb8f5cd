// How a distance grows with time: three curves through the same points, by least squares. Weights
// that diffuse in a random potential whose differences grow with the distance move as the logarithm
// of time (Hoffer, Hubara and Soudry, NIPS 2017); free diffusion would be the square root.
#pragma once

#include <cstdint>
#include <span>

#include "ordo/base/json.h"

namespace ordo::train {

/// d = a + b f(t), and the share of d's variance that it explains.
struct LineFit {
  double a = 0, b = 0, r2 = 0;
};
/// f = ln. Throw UsageError for fewer than two points, times not above 0, or all alike.
LineFit fit_log(std::span<const double> times, std::span<const double> distances);
/// f = sqrt.
LineFit fit_sqrt(std::span<const double> times, std::span<const double> distances);

/// d = scale t^power. As the line ln d = ln scale + power ln t (`log_r2` is of ln d), and by least
/// squares of d itself, which is what the other curves are compared with.
struct PowerFit {
  double log_power = 0, log_scale = 0, log_r2 = 0;
  double power = 0, scale = 0, r2 = 0;
};
/// Throws UsageError as above, and for distances not above 0.
PowerFit fit_power(std::span<const double> times, std::span<const double> distances);

struct DistanceFits {
  std::int64_t points = 0, last = 0;  ///< points used; the last one's update
  LineFit log, sqrt;
  PowerFit power;
};
Json to_json(const DistanceFits& fits);

}  // namespace ordo::train
