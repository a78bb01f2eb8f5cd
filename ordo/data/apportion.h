// Dividing a whole number of seats by shares (Hamilton's method of largest remainders).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ordo::data {

/// Whole numbers that add up to `total`, each within one of total * counts[i] / sum(counts) and at
/// most counts[i]; equal remainders go to the earlier. `total` is from 0 to the sum of `counts`,
/// and total * counts[i] must stay below 2^63.
std::vector<std::int64_t> apportion(std::int64_t total, std::span<const std::int64_t> counts);

/// How many of `examples` have each class of 0, ..., classes - 1.
std::vector<std::int64_t> class_counts(std::span<const std::int64_t> labels,
                                       std::span<const std::int64_t> examples, std::size_t classes);

}  // namespace ordo::data
