// What the room's functions ask of their inputs, with one wording for all of them.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ordo::stats {

/// Throws NumericError naming the first position (from 0) that holds a NaN or an infinity.
void require_finite(std::span<const double> values, std::string_view what);
/// Throws UsageError unless there are at least `least` values; NumericError as `require_finite`.
void require_sample(std::span<const double> values, std::size_t least, std::string_view what);
/// The same, but infinities are accepted: they have an order.
void require_ordered(std::span<const double> values, std::size_t least, std::string_view what);
/// Throws UsageError unless the two have the same length.
void require_same_size(std::span<const double> first, std::span<const double> second,
                       std::string_view what);
/// Throws UsageError unless 0 < level < 1 (a confidence level or an error rate).
void require_level(double level, std::string_view what);

}  // namespace ordo::stats
