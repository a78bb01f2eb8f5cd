// Several claims at once: adjusted p-values and simultaneous bounds.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace ordo::stats {

/// min(1, m p).
std::vector<double> bonferroni_adjust(std::span<const double> p_values);
/// Holm's step-down (1979): a hypothesis is rejected at alpha iff its adjusted p is <= alpha.
std::vector<double> holm_adjust(std::span<const double> p_values);

struct SimultaneousBounds {
  std::vector<double> bounds;  ///< all hold at once with probability >= 1 - alpha
  std::vector<char> rejected;  ///< 1: parameter shown to lie strictly beyond its margin
  std::size_t rejections = 0;  ///< how many
};

/// The bound at error `alpha` for parameter `index`: lower bounds for `holm_lower_bounds`, upper
/// for `holm_upper_bounds`. Must be monotone in alpha (nested), as every interval of this room is;
/// a Monte Carlo bound must reuse one random stream.
using BoundAt = std::function<double(std::size_t index, double alpha)>;

/// Lower bounds compatible with Holm's test of "parameter <= margin": a rejected hypothesis gets
/// its margin (a strict bound), the a others get their bound at alpha / a; when all are rejected,
/// the larger of margin and bound at alpha / m (Strassburger and Bretz 2008; Guilbaud 2008).
SimultaneousBounds holm_lower_bounds(std::span<const double> margins, const BoundAt& bound_at,
                                     double alpha);
/// The mirror image for "parameter >= margin".
SimultaneousBounds holm_upper_bounds(std::span<const double> margins, const BoundAt& bound_at,
                                     double alpha);

}  // namespace ordo::stats
