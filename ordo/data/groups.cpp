#include "ordo/data/groups.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ordo/base/error.h"

namespace ordo::data {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Bytes: integer sums, which are exact below 2^63, so any order gives the same.
std::vector<GroupStatistics> byte_statistics(const Array& examples, IndexSpan which,
                                             const Grouping& grouping) {
  struct Sums {
    std::uint64_t sum = 0, squares = 0;
    std::uint8_t low = 255, high = 0;
  };
  std::vector<Sums> sums(at(grouping.groups));
  visit_pieces<std::uint8_t>(examples, which, grouping, [&](std::size_t group, auto piece) {
    Sums& own = sums[group];
    std::uint64_t sum = 0, squares = 0;
    for (const std::uint32_t value : piece) {
      sum += value;
      squares += std::uint64_t{value * value};
    }
    own.sum += sum;
    own.squares += squares;
    for (const std::uint8_t value : piece) {
      own.low = std::min(own.low, value);
      own.high = std::max(own.high, value);
    }
  });
  const double count = static_cast<double>(which.size()) * static_cast<double>(grouping.size);
  std::vector<GroupStatistics> statistics;
  for (const Sums& own : sums) {
    const double mean = static_cast<double>(own.sum) / count;
    // n * sum of squares - sum^2 in 128 bits has no cancellation.
    __extension__ typedef unsigned __int128 Wide;
    const Wide n = static_cast<Wide>(which.size()) * at(grouping.size);
    const Wide spread = n * own.squares - static_cast<Wide>(own.sum) * own.sum;
    statistics.push_back({.mean = mean,
                          .deviation = std::sqrt(static_cast<double>(spread)) / count,
                          .low = static_cast<double>(own.low),
                          .high = static_cast<double>(own.high)});
  }
  return statistics;
}

// Floats: the mean first, then squares about it.
std::vector<GroupStatistics> float_statistics(const Array& examples, IndexSpan which,
                                              const Grouping& grouping) {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<GroupStatistics> statistics(at(grouping.groups),
                                          {.low = infinity, .high = -infinity});
  const double count = static_cast<double>(which.size()) * static_cast<double>(grouping.size);
  visit_pieces<float>(examples, which, grouping, [&](std::size_t group, auto piece) {
    GroupStatistics& own = statistics[group];
    for (const double value : piece) {
      own.mean += value;
      own.low = std::min(own.low, value);
      own.high = std::max(own.high, value);
    }
  });
  for (GroupStatistics& own : statistics) own.mean /= count;
  visit_pieces<float>(examples, which, grouping, [&](std::size_t group, auto piece) {
    GroupStatistics& own = statistics[group];
    for (const double value : piece) own.deviation += (value - own.mean) * (value - own.mean);
  });
  for (GroupStatistics& own : statistics) {
    own.deviation = own.low == own.high ? 0 : std::sqrt(own.deviation / count);
  }
  return statistics;
}

}  // namespace

Grouping grouping_of(const Shape& example_shape) {
  const std::int64_t count = count_of(example_shape);
  if (example_shape.size() == 1) return {.groups = count, .size = 1};
  if (example_shape.size() < 3 || count == 0) return {.groups = 1, .size = count};
  return {.groups = example_shape[0], .size = count / example_shape[0]};
}

std::vector<GroupStatistics> group_statistics(const Array& examples, IndexSpan which,
                                              const Grouping& grouping) {
  if (which.empty()) throw UsageError("there are no examples to take statistics of");
  return examples.dtype() == Dtype::uint8 ? byte_statistics(examples, which, grouping)
                                          : float_statistics(examples, which, grouping);
}

}  // namespace ordo::data
