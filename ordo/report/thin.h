// Fewer points, same picture: largest-triangle-three-buckets (S. Steinarsson, "Downsampling Time
// Series for Visual Representation", 2013) keeps, of each bucket, the point that spans the largest
// triangle with the point kept before and the mean of the bucket after.
#pragma once

#include <span>
#include <vector>

namespace ordo::report {

/// The kept points of a series.
struct Thinned {
  std::vector<double> steps;
  std::vector<double> values;
};

/// At most `points` (at least 3) of the series; its first and last finite points are always kept,
/// points whose value is not finite never. O(size). Throws UsageError if the spans differ in length
/// or `points` is below 3.
Thinned thin(std::span<const double> steps, std::span<const double> values, std::size_t points);

}  // namespace ordo::report
