#include "ordo/stats/check.h"

#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::stats {
namespace {

[[noreturn]] void reject(std::span<const double> values, std::size_t position,
                         std::string_view what, std::string_view expected) {
  throw NumericError(fmt::format(
      "{}: value {} of {} (counting from 0) is {}, expected {}; leave the run out or repair its "
      "measure",
      what, position, values.size(), values[position], expected));
}

void require_count(std::span<const double> values, std::size_t least, std::string_view what) {
  if (values.size() < least) {
    throw UsageError(fmt::format("{} needs at least {} value{}, got {}", what, least,
                                 least == 1 ? "" : "s", values.size()));
  }
}

}  // namespace

void require_finite(std::span<const double> values, std::string_view what) {
  for (std::size_t position = 0; position < values.size(); ++position) {
    if (!std::isfinite(values[position])) reject(values, position, what, "a finite number");
  }
}

void require_sample(std::span<const double> values, std::size_t least, std::string_view what) {
  require_count(values, least, what);
  require_finite(values, what);
}

void require_ordered(std::span<const double> values, std::size_t least, std::string_view what) {
  require_count(values, least, what);
  for (std::size_t position = 0; position < values.size(); ++position) {
    if (std::isnan(values[position])) reject(values, position, what, "a number or an infinity");
  }
}

void require_same_size(std::span<const double> first, std::span<const double> second,
                       std::string_view what) {
  if (first.size() != second.size()) {
    throw UsageError(fmt::format("{} needs two sequences of equal length, got {} and {} values",
                                 what, first.size(), second.size()));
  }
}

void require_level(double level, std::string_view what) {
  if (!(level > 0 && level < 1)) {
    throw UsageError(fmt::format("{} must lie strictly between 0 and 1, got {}", what, level));
  }
}

}  // namespace ordo::stats
