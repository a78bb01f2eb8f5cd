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
//
// Two samples are relabelled instead. A relabelling that exchanges A, k of the first sample, for B,
// k of the second, is at least as extreme under the shift d exactly if d >= mean(A) - mean(B). So
// the same holds as above with these differences of means for the subset means, the unchanged
// labelling for the empty subset and C(N, n) for 2^n; subsets are counted size by size.
#include "ordo/stats/permutation.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
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

// Merges the sums without `value` with those that have it. No branch depends on the sums: which is
// smaller cannot be foreseen, and a wrong guess costs more than the merging.
std::vector<double> sorted_subset_sums(std::span<const double> values) {
  std::vector<double> sums{0.0}, merged;
  for (const double value : values) {
    merged.resize(2 * sums.size());
    std::size_t without = 0, with = 0, next = 0;
    while (without < sums.size() && with < sums.size()) {
      const double left_out = sums[without], taken = sums[with] + value;
      const bool take = taken < left_out;
      merged[next++] = take ? taken : left_out;
      with += take;
      without += !take;
    }
    while (without < sums.size()) merged[next++] = sums[without++];
    while (with < sums.size()) merged[next++] = sums[with++] + value;
    std::swap(sums, merged);
  }
  return sums;
}

// Pairs of one number of each sorted list whose sum is at most `limit`. At most 2^40, exact in a
// double.
double count_pairs_up_to(double limit, std::span<const double> low, std::span<const double> high) {
  std::size_t fitting = high.size(), count = 0;
  for (const double sum : low) {
    while (fitting > 0 && sum + high[fitting - 1] > limit) --fitting;
    count += fitting;
  }
  return static_cast<double>(count);
}

// How many of the 2^n subsets have a sum that is not positive.
double count_nonpositive_subsets(std::span<const double> values) {
  return count_pairs_up_to(rounding_of_sums(values),
                           sorted_subset_sums(values.first(values.size() / 2)),
                           sorted_subset_sums(values.subspan(values.size() / 2)));
}

// Random subsets, 64 fair coins a word. The sums of all subsets of each 8 values are tabulated, so
// that a draw costs a lookup for 8 values.
class RandomSubsets {
 public:
  explicit RandomSubsets(std::span<const double> values) {
    for (std::size_t first = 0; first < values.size(); first += 8) {
      add_group(values.subspan(first, std::min<std::size_t>(8, values.size() - first)));
    }
  }

  /// Draws a subset and gives its sum; `count` is its size from then on.
  double draw(Random& random) {
    double sum = 0;
    std::uint64_t coins = 0;
    count_ = 0;
    for (std::size_t group = 0; group < masks_.size(); ++group) {
      coins = group % 8 == 0 ? random.next64() : coins >> 8;
      const std::size_t chosen = coins & masks_[group];
      sum += sums_[group][chosen];
      count_ += std::popcount(chosen);
    }
    return sum;
  }
  int count() const { return count_; }

 private:
  void add_group(std::span<const double> values) {
    std::array<double, 256> sums{};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t smaller = std::size_t{1} << i;
      for (std::size_t chosen = 0; chosen < smaller; ++chosen) {
        sums[smaller + chosen] = sums[chosen] + values[i];
      }
    }
    sums_.push_back(sums);
    masks_.push_back((1u << values.size()) - 1);
  }

  std::vector<std::array<double, 256>> sums_;
  std::vector<std::uint64_t> masks_;
  int count_ = 0;
};

double drawn_nonpositive_subsets(std::span<const double> values, int arrangements, Random& random) {
  const double tolerance = rounding_of_sums(values);
  RandomSubsets subsets(values);
  double count = 0;
  for (int drawn = 0; drawn < arrangements; ++drawn) count += subsets.draw(random) <= tolerance;
  return count;
}

// Entry k: the sorted sums of the subsets of size k.
std::vector<std::vector<double>> subset_sums_by_size(std::span<const double> values) {
  std::vector<std::vector<double>> sums{{0.0}};
  std::vector<double> shifted, merged;
  for (const double value : values) {
    sums.emplace_back();
    for (std::size_t size = sums.size() - 1; size > 0; --size) {
      shifted.resize(sums[size - 1].size());
      std::ranges::transform(sums[size - 1], shifted.begin(),
                             [&](double sum) { return sum + value; });
      merged.resize(sums[size].size() + shifted.size());
      std::ranges::merge(sums[size], shifted, merged.begin());
      std::swap(sums[size], merged);
    }
  }
  return sums;
}

// Two samples as one, the first in front, about their common centre: relabelling does not see the
// centre, and sums of small numbers round less.
struct Joined {
  Joined(std::span<const double> first, std::span<const double> second)
      : values(first.begin(), first.end()), size_of_first(first.size()) {
    values.insert(values.end(), second.begin(), second.end());
    const double centre = mean(values);
    for (double& value : values) value -= centre;
    sum_of_first = std::accumulate(
        values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size_of_first), 0.0);
  }

  std::vector<double> values;
  std::size_t size_of_first = 0;
  double sum_of_first = 0;
};

// How many of the C(N, n) choices of a first sample leave at most the sum seen to the second one.
double count_extreme_relabellings(const Joined& joined) {
  const std::span<const double> values = joined.values;
  const std::size_t size_of_second = values.size() - joined.size_of_first;
  const double limit = rounding_of_sums(values) - joined.sum_of_first;
  const auto low = subset_sums_by_size(values.first(values.size() / 2));
  const auto high = subset_sums_by_size(values.subspan(values.size() / 2));
  double count = 0;
  for (std::size_t from_low = 0; from_low <= std::min(size_of_second, low.size() - 1); ++from_low) {
    const std::size_t from_high = size_of_second - from_low;
    if (from_high < high.size()) count += count_pairs_up_to(limit, low[from_low], high[from_high]);
  }
  return count;
}

double binomial_coefficient(std::size_t n, std::size_t k) {
  double ways = 1;
  for (std::size_t i = 1; i <= k; ++i) {
    ways = ways * static_cast<double>(n - k + i) / static_cast<double>(i);
  }
  return ways;
}

// A random choice of which values are called first.
class RandomRelabelling {
 public:
  explicit RandomRelabelling(const Joined& joined)
      : order_(joined.values.size()), chosen_(joined.size_of_first) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }
  void draw(Random& random) {
    for (std::size_t i = 0; i < chosen_; ++i) {
      std::swap(order_[i], order_[i + random.below(order_.size() - i)]);
    }
  }
  std::span<const std::size_t> first() const { return std::span(order_).first(chosen_); }
  std::span<const std::size_t> second() const { return std::span(order_).subspan(chosen_); }

 private:
  std::vector<std::size_t> order_;
  std::size_t chosen_;
};

double drawn_extreme_relabellings(const Joined& joined, int arrangements, Random& random) {
  const double tolerance = rounding_of_sums(joined.values);
  RandomRelabelling relabelling(joined);
  double count = 0;
  for (int drawn = 0; drawn < arrangements; ++drawn) {
    relabelling.draw(random);
    double sum = 0;
    for (const std::size_t row : relabelling.first()) sum += joined.values[row];
    count += sum >= joined.sum_of_first - tolerance;
  }
  return count;
}

std::vector<double> shifted_by(std::span<const double> values, double centre, double sign) {
  std::vector<double> result(values.begin(), values.end());
  for (double& value : result) value = sign * (value - centre);
  return result;
}

bool is_exact(std::size_t size, const PermutationOptions& options) {
  return size <= static_cast<std::size_t>(options.exact_up_to);
}

double allowed_arrangements(double error, double arrangements) {
  return std::floor(error * arrangements * (1 + kEpsilon));
}

// The largest null value in [low, high] that `rejects`, which is true below some point and false
// from there, by bisection on doubles. Widths below the rounding of the sums cannot be told apart.
template <class Rejects>
double last_rejected(double low, double high, const Rejects& rejects) {
  if (!rejects(low)) return low;
  const double resolution = kEpsilon * std::max(std::abs(low), std::abs(high));
  while (high - low > resolution) {
    const double middle = std::midpoint(low, high);
    if (middle <= low || middle >= high) break;
    (rejects(middle) ? low : high) = middle;
  }
  return low;
}

// The K-th smallest of drawn numbers; -inf stands for arrangements below every null value.
double smallest(std::vector<double>& drawn, double rank) {
  if (rank < 1) return -kInfinity;
  const auto place = drawn.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::ranges::nth_element(drawn, place);
  return *place;
}

struct Subset {
  double sum = 0;
  double size = 0;
};

std::vector<Subset> subsets_by_sum(std::span<const double> values) {
  std::vector<Subset> subsets{{}}, grown, merged;
  for (const double value : values) {
    grown.resize(subsets.size());
    std::ranges::transform(subsets, grown.begin(), [&](const Subset& subset) {
      return Subset{subset.sum + value, subset.size + 1};
    });
    merged.resize(2 * subsets.size());
    std::ranges::merge(subsets, grown, merged.begin(), {}, &Subset::sum, &Subset::sum);
    std::swap(subsets, merged);
  }
  return subsets;
}

// The subset means in (low, high]. About `high` such a subset's sum is at most 0, and above
// -n (high - low), so that few pairs of the two halves need a look.
std::vector<double> subset_means_between(std::span<const double> values, double low, double high) {
  const auto about_high = shifted_by(values, high, 1);
  const std::span<const double> all = about_high;
  const auto first = subsets_by_sum(all.first(all.size() / 2));
  const auto second = subsets_by_sum(all.subspan(all.size() / 2));
  const double tolerance = rounding_of_sums(all), width = high - low;
  const double least = -static_cast<double>(values.size()) * width - tolerance;
  std::size_t begin = second.size(), end = second.size();
  std::vector<double> means;
  for (const Subset& one : first) {
    while (end > 0 && one.sum + second[end - 1].sum > tolerance) --end;
    while (begin > 0 && one.sum + second[begin - 1].sum >= least) --begin;
    for (std::size_t i = begin; i < end; ++i) {
      const double sum = one.sum + second[i].sum, size = one.size + second[i].size;
      if (size > 0 && sum + size * width > tolerance) means.push_back(high + sum / size);
    }
  }
  return means;
}

// A centre and how many of the subset means lie at or below it.
struct Counted {
  double centre = 0;
  double count = 0;
};

// Where to count next, to bring the end of the bracket that is farther off in counts to within
// `near` of `wanted`: subset means are nearly normal, so that the normal quantile of their share is
// nearly linear in the centre. Stays inside the bracket, whatever the sample.
double next_centre(const Counted& low, const Counted& high, double wanted, double near,
                   double subsets) {
  const auto quantile = [&](double count) {
    return normal_quantile(std::clamp((count + 0.5) / (subsets + 1), 1e-12, 1 - 1e-12));
  };
  const bool raise_low = wanted - low.count > high.count - wanted;
  const double aim = quantile(wanted + (raise_low ? -near : near));
  const double from = quantile(low.count), to = quantile(high.count);
  const double share = to > from ? (aim - from) / (to - from) : 0.5;
  return std::lerp(low.centre, high.centre, std::clamp(share, 0.02, 0.98));
}

// Closes in on the bound by counting, until so few subset means are left that they can be listed.
double exact_lower_bound(std::span<const double> values, double error) {
  const double subsets = std::ldexp(1.0, static_cast<int>(values.size()));
  const double allowed = allowed_arrangements(error, subsets);
  if (allowed < 1) return -kInfinity;
  const auto count_at = [&](double centre) {
    return Counted{centre, count_nonpositive_subsets(shifted_by(values, centre, 1))};
  };
  const auto [least, most] = std::ranges::minmax(values);
  Counted low = count_at(least), high{most, subsets};
  if (low.count > allowed) return least;
  const double few = 4 * std::sqrt(subsets);
  const double resolution = kEpsilon * std::max(std::abs(least), std::abs(most));
  for (bool halve = false; high.count - low.count > few; halve = !halve) {
    const double width = high.centre - low.centre;
    if (width <= resolution) return low.centre;  // ties that rounding cannot tell apart
    const Counted middle = count_at(next_centre(low, high, allowed, few / 4, subsets));
    (middle.count <= allowed ? low : high) = middle;
    if (!halve || high.centre - low.centre < width / 2) continue;
    const Counted half = count_at(std::midpoint(low.centre, high.centre));
    (half.count <= allowed ? low : high) = half;
  }
  std::vector<double> means = subset_means_between(values, low.centre, high.centre);
  if (means.empty()) return low.centre;
  const auto rank = static_cast<std::size_t>(allowed - low.count);
  return smallest(means, static_cast<double>(std::min(rank + 1, means.size())));
}

double drawn_lower_bound(std::span<const double> values, double error, int arrangements,
                         Random& random) {
  RandomSubsets subsets(values);
  std::vector<double> means(static_cast<std::size_t>(arrangements));
  for (double& subset_mean : means) {
    const double sum = subsets.draw(random);
    subset_mean = subsets.count() == 0 ? -kInfinity : sum / subsets.count();
  }
  return smallest(means, allowed_arrangements(error, 1.0 + arrangements));
}

double lower_bound(std::span<const double> values, double error, const PermutationOptions& options,
                   Random& random) {
  return is_exact(values.size(), options)
             ? exact_lower_bound(values, error)
             : drawn_lower_bound(values, error, options.arrangements, random);
}

double exact_lower_shift(std::span<const double> first, std::span<const double> second,
                         double error) {
  const std::size_t size = first.size() + second.size();
  const double allowed = allowed_arrangements(error, binomial_coefficient(size, first.size()));
  if (allowed < 1) return -kInfinity;
  const auto [first_least, first_most] = std::ranges::minmax(first);
  const auto [second_least, second_most] = std::ranges::minmax(second);
  return last_rejected(first_least - second_most, first_most - second_least, [&](double shift) {
    return count_extreme_relabellings(Joined(shifted_by(first, shift, 1), second)) <= allowed;
  });
}

// The mean of what was exchanged out of the first sample less the mean of what came in.
double drawn_lower_shift(std::span<const double> first, std::span<const double> second,
                         double error, int arrangements, Random& random) {
  const Joined joined(first, second);
  const std::size_t size_of_first = first.size();
  RandomRelabelling relabelling(joined);
  std::vector<double> shifts(static_cast<std::size_t>(arrangements));
  for (double& shift : shifts) {
    relabelling.draw(random);
    double left = 0, came = 0, count = 0;
    for (const std::size_t row : relabelling.first()) {
      came += row >= size_of_first ? joined.values[row] : 0.0;
      count += row >= size_of_first;
    }
    for (const std::size_t row : relabelling.second()) {
      left += row < size_of_first ? joined.values[row] : 0.0;
    }
    shift = count == 0 ? -kInfinity : (left - came) / count;
  }
  return smallest(shifts, allowed_arrangements(error, 1.0 + arrangements));
}

double lower_shift(std::span<const double> first, std::span<const double> second, double error,
                   const PermutationOptions& options, Random& random) {
  return is_exact(first.size() + second.size(), options)
             ? exact_lower_shift(first, second, error)
             : drawn_lower_shift(first, second, error, options.arrangements, random);
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
  test.exact = is_exact(differences.size(), options);
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
  const Random same = random;
  if (side != Side::upper) interval.lower = lower_bound(differences, error, options, random);
  if (side == Side::lower) return interval;
  if (side == Side::both) random = same;
  interval.upper = -lower_bound(shifted_by(differences, 0, -1), error, options, random);
  return interval;
}

PermutationTest two_sample_permutation_test(std::span<const double> first,
                                            std::span<const double> second, Alternative alternative,
                                            const PermutationOptions& options, Random& random) {
  require_options(options);
  require_sample(first, 1, "the permutation test, first sample");
  require_sample(second, 1, "the permutation test, second sample");
  const std::size_t size = first.size() + second.size();
  PermutationTest test;
  test.estimate = mean(first) - mean(second);
  test.exact = is_exact(size, options);
  test.arrangements = test.exact ? binomial_coefficient(size, first.size()) : options.arrangements;
  const auto p_above = [&](double sign) {
    const Joined joined(shifted_by(first, 0, sign), shifted_by(second, 0, sign));
    if (test.exact) return count_extreme_relabellings(joined) / test.arrangements;
    return (1 + drawn_extreme_relabellings(joined, options.arrangements, random)) /
           (1 + test.arrangements);
  };
  if (alternative == Alternative::greater) {
    test.p_value = p_above(1);
  } else if (alternative == Alternative::less) {
    test.p_value = p_above(-1);
  } else {
    // The tails of samples of unequal size do not mirror each other.
    test.p_value = as_two_sided(std::min(p_above(1), p_above(-1)));
  }
  return test;
}

Interval two_sample_permutation_interval(std::span<const double> first,
                                         std::span<const double> second, double level, Side side,
                                         const PermutationOptions& options, Random& random) {
  require_options(options);
  require_level(level, "a confidence level");
  require_sample(first, 1, "the permutation interval, first sample");
  require_sample(second, 1, "the permutation interval, second sample");
  const double error = tail_error(level, side);
  Interval interval;
  const Random same = random;
  if (side != Side::upper) interval.lower = lower_shift(first, second, error, options, random);
  if (side == Side::lower) return interval;
  if (side == Side::both) random = same;
  interval.upper =
      -lower_shift(shifted_by(first, 0, -1), shifted_by(second, 0, -1), error, options, random);
  return interval;
}

}  // namespace ordo::stats
