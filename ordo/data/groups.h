// Elements that are scaled alike: each column of a table [features], each channel of images
// [channels, height, width], all pixels of images [height, width].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ordo/base/array.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

/// How the elements of an example fall into groups: `size` neighbours, then the next group.
struct Grouping {
  std::int64_t groups = 1, size = 1;
};

/// Throws NumericError for a shape that is negative or too large.
Grouping grouping_of(const Shape& example_shape);

/// What the elements of a group are like.
struct GroupStatistics {
  double mean = 0;
  double deviation = 0;  ///< standard deviation, divided by the number of elements
  double low = 0;        ///< smallest value
  double high = 0;       ///< largest value
};

/// Of the examples `which`, group by group. Throws UsageError if there are none.
std::vector<GroupStatistics> group_statistics(const Array& examples, IndexSpan which,
                                              const Grouping& grouping);

/// Calls visit(group, elements) for the pieces of each example in turn; T is the examples' type.
template <class T, class Visit>
void visit_pieces(const Array& examples, IndexSpan which, const Grouping& grouping, Visit visit) {
  const std::span<const T> elements = examples.as<T>();
  const auto piece = static_cast<std::size_t>(grouping.size);
  const auto groups = static_cast<std::size_t>(grouping.groups);
  for (const std::int64_t example : which) {
    const auto own =
        elements.subspan(static_cast<std::size_t>(example) * piece * groups, piece * groups);
    for (std::size_t group = 0; group < groups; ++group) {
      visit(group, own.subspan(group * piece, piece));
    }
  }
}

/// As above for either type that examples have.
template <class Visit>
void visit_pieces(const Array& examples, IndexSpan which, const Grouping& grouping, Visit visit) {
  if (examples.dtype() == Dtype::uint8) {
    visit_pieces<std::uint8_t>(examples, which, grouping, visit);
  } else {
    visit_pieces<float>(examples, which, grouping, visit);
  }
}

}  // namespace ordo::data
