#include "ordo/data/apportion.h"

#include <algorithm>
#include <numeric>

namespace ordo::data {

std::vector<std::int64_t> apportion(std::int64_t total, std::span<const std::int64_t> counts) {
  const std::int64_t sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  std::vector<std::int64_t> seats(counts.size()), remainders(counts.size());
  if (sum == 0) return seats;
  std::int64_t left = total;
  for (std::size_t item = 0; item < counts.size(); ++item) {
    seats[item] = total * counts[item] / sum;
    remainders[item] = total * counts[item] % sum;
    left -= seats[item];
  }
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  // Fewer seats are left than there are remainders above 0, so no count is exceeded.
  for (std::size_t place = 0; left > 0; ++place, --left) ++seats[order[place]];
  return seats;
}

std::vector<std::int64_t> class_counts(std::span<const std::int64_t> labels,
                                       std::span<const std::int64_t> examples,
                                       std::size_t classes) {
  std::vector<std::int64_t> counts(classes);
  for (const std::int64_t example : examples) {
    ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(example)])];
  }
  return counts;
}

}  // namespace ordo::data
