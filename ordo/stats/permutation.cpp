// Sign flips. Flipping the signs of the differences in a subset I changes their sum S to
// S - 2 sum(I), so an arrangement is at least as extreme as the sample, S' >= S, exactly if
// sum(I) <= 0. The p-value is therefore the share of the 2^n subsets with sum(I) <= 0, and of the
// null "centre = c", the share with sum over I of (x - c) <= 0, that is, with mean(I) <= c (the
// empty subset always counts). It grows with c, so the lower bound at error e is the K-th smallest
// subset mean, K = floor(e 2^n): Hartigan's typical values (1969).
//
// Subsets are counted without listing them: sort the subset sums of each half of the sample
// (merging, O(2^(n/2))) and walk the two lists against each other.
//
// Beyond the exact sizes, arrangements are drawn: with the sample itself counted among them the
// p-value (1 + as extreme) / (1 + drawn) is valid at any number drawn (Phipson and Smyth 2010), and
// the bound that inverts it is the K-th smallest mean of the drawn subsets, K = floor(e (1 +
// drawn)).
#include "ordo/stats/permutation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

void require_options(const PermutationOptions& options) {
  if (options.exact_up_to < 0 || options.exact_up_to > 40) {
    throw UsageError(fmt::format("a permutation test's exact_up_to must be 0 to 40, got {}",
                                 options.exact_up_to));
  }
  if (options.arrangements < 100) {
    throw UsageError(fmt::format("a permutation test needs at least 100 arrangements, got {}",
                                 options.arrangements));
  }
}

// Sums that differ by less than their rounding errors are ties, and ties count against rejection:
// without this, 0.1 + 0.2 and 0.3 would be ordered by accident.
double rounding_of_sums(std::span<const double> values) {
  double total = 0;
  for (const double value : values) total += std::abs(value);
  return static_cast<double>(values.size()) * kEpsilon * total;
}

std::vector<double> sorted_subset_sums(std::span<const double> values) {
  std::vector<double> sums{0.0}, shifted, merged;
  for (const double value : values) {
    shifted.resize(sums.size());
    std::ranges::transform(sums, shifted.begin(), [&](double sum) { return sum + value; });
    merged.resize(2 * sums.size());
    std::ranges::merge(sums, shifted, merged.begin());
    std::swap(sums, merged);
  }
  return sums;
}

// How many of the 2^n subsets have a sum that is not positive. At most 2^40, exact in a double.
double count_nonpositive_subsets(std::span<const double> values) {
  const double tolerance = rounding_of_sums(values);
  const auto low = sorted_subset_sums(values.first(values.size() / 2));
  const auto high = sorted_subset_sums(values.subspan(values.size() / 2));
  std::size_t fitting = high.size(), count = 0;
  for (const double sum : low) {
    while (fitting > 0 && sum + high[fitting - 1] > tolerance) --fitting;
    count += fitting;
  }
  return static_cast<double>(count);
}

// Which values an arrangement flips: 64 fair coins a word.
class RandomSubset {
 public:
  explicit RandomSubset(std::size_t size) : words_((size + 63) / 64) {}
  void draw(Random& random) {
    for (std::uint64_t& word : words_) word = random.next64();
  }
  bool contains(std::size_t i) const { return (words_[i / 64] >> (i % 64)) & 1; }

 private:
  std::vector<std::uint64_t> words_;
};

double drawn_nonpositive_subsets(std::span<const double> values, int arrangements, Random& random) {
  const double tolerance = rounding_of_sums(values);
  RandomSubset subset(values.size());
  double count = 0;
  for (int drawn = 0; drawn < arrangements; ++drawn) {
    subset.draw(random);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += subset.contains(i) ? values[i] : 0.0;
    count += sum <= tolerance;
  }
  return count;
}

std::vector<double> shifted_by(std::span<const double> values, double centre, double sign) {
  std::vector<double> result(values.begin(), values.end());
  for (double& value : result) value = sign * (value - centre);
  return result;
}

bool is_exact(std::span<const double> values, const PermutationOptions& options) {
  return values.size() <= static_cast<std::size_t>(options.exact_up_to);
}

// The largest centre that the test against "greater" still rejects, by bisection on the doubles
// between the smallest and the largest value: p(smallest) is at least 2^-n, p(largest) is 1.
double exact_lower_bound(std::span<const double> values, double error) {
  const double subsets = std::ldexp(1.0, static_cast<int>(values.size()));
  const double allowed = std::floor(error * subsets * (1 + kEpsilon));
  if (allowed < 1) return -kInfinity;
  const auto rejects = [&](double centre) {
    return count_nonpositive_subsets(shifted_by(values, centre, 1)) <= allowed;
  };
  const auto [smallest, largest] = std::ranges::minmax(values);
  double low = smallest, high = largest;
  if (!rejects(low)) return low;
  // The widths below the rounding of the sums themselves cannot be told apart.
  const double resolution = kEpsilon * std::max(std::abs(low), std::abs(high));
  while (high - low > resolution) {
    const double middle = std::midpoint(low, high);
    if (middle <= low || middle >= high) break;
    (rejects(middle) ? low : high) = middle;
  }
  return low;
}

// The K-th smallest mean of drawn subsets; an empty one counts as -inf, below every centre.
double drawn_lower_bound(std::span<const double> values, double error, int arrangements,
                         Random& random) {
  const double allowed = std::floor(error * (1.0 + arrangements) * (1 + kEpsilon));
  RandomSubset subset(values.size());
  std::vector<double> means(static_cast<std::size_t>(arrangements));
  for (double& subset_mean : means) {
    subset.draw(random);
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += subset.contains(i) ? values[i] : 0.0;
      count += subset.contains(i);
    }
    subset_mean = count == 0 ? -kInfinity : sum / count;
  }
  if (allowed < 1) return -kInfinity;
  const auto place = means.begin() + static_cast<std::ptrdiff_t>(allowed) - 1;
  std::ranges::nth_element(means, place);
  return *place;
}

double lower_bound(std::span<const double> values, double error, const PermutationOptions& options,
                   Random& random) {
  return is_exact(values, options) ? exact_lower_bound(values, error)
                                   : drawn_lower_bound(values, error, options.arrangements, random);
}

double as_two_sided(double one_sided) { return std::min(1.0, 2 * one_sided); }

// Evidence for "greater" in `sign` * estimate; two-sided doubles the side the estimate lies on,
// which is exact for sign flips because the two tails mirror each other.
double direction(Alternative alternative, double estimate) {
  if (alternative == Alternative::two_sided) return estimate < 0 ? -1 : 1;
  return alternative == Alternative::greater ? 1 : -1;
}

}  // namespace

PermutationTest sign_flip_test(std::span<const double> differences, Alternative alternative,
                               const PermutationOptions& options, Random& random) {
  require_options(options);
  require_sample(differences, 1, "the sign-flip test");
  PermutationTest test;
  test.estimate = mean(differences);
  test.exact = is_exact(differences, options);
  const auto values = shifted_by(differences, 0, direction(alternative, test.estimate));
  if (test.exact) {
    test.arrangements = std::ldexp(1.0, static_cast<int>(differences.size()));
    test.p_value = count_nonpositive_subsets(values) / test.arrangements;
  } else {
    test.arrangements = options.arrangements;
    test.p_value = (1 + drawn_nonpositive_subsets(values, options.arrangements, random)) /
                   (1 + test.arrangements);
  }
  if (alternative == Alternative::two_sided) test.p_value = as_two_sided(test.p_value);
  return test;
}

Interval sign_flip_interval(std::span<const double> differences, double level, Side side,
                            const PermutationOptions& options, Random& random) {
  require_options(options);
  require_level(level, "a confidence level");
  require_sample(differences, 1, "the sign-flip interval");
  const double error = tail_error(level, side);
  Interval interval;
  if (side != Side::upper) interval.lower = lower_bound(differences, error, options, random);
  if (side != Side::lower) {
    const auto mirrored = shifted_by(differences, 0, -1);
    interval.upper = -lower_bound(mirrored, error, options, random);
  }
  return interval;
}

}  // namespace ordo::stats
