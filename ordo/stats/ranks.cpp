// Both tests are permutation tests of a sum of midranks, given the midranks that came, so ties need
// no formula of their own. Doubled midranks are whole numbers, and the exact distribution counts
// subsets by their sum:
//
//   signed ranks   all subsets of the ranks of |d|;              mean sum(r) / 2, variance
//                                                                sum(r^2) / 4
//   rank sums      subsets of n of the N ranks of both samples;  mean n (N + 1) / 2, variance
//                                                                n m sum((r - mean r)^2) / (N (N -
//                                                                1))
//
// which are the textbook's moments with tie correction (Hollander, Wolfe and Chicken 2014, ch. 3
// and 4). Without ties W- counts the Walsh averages that are at most the centre (U, the differences
// that are at most the shift), so the lower bound at error e is the K-th smallest of them, K the
// number of values w = 0, 1, ... with P(W <= w) <= e.
#include "ordo/stats/ranks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr std::size_t kExactUpTo = 50;  // counts stay below 2^53, exact in doubles

std::size_t doubled(double midrank) { return static_cast<std::size_t>(2 * midrank); }

std::size_t total_of(std::span<const std::size_t> parts) {
  return std::accumulate(parts.begin(), parts.end(), std::size_t{0});
}

// Entry s: the number of subsets of `parts` with sum s.
std::vector<double> count_subsets(std::span<const std::size_t> parts) {
  std::vector<double> counts(total_of(parts) + 1);
  counts[0] = 1;
  std::size_t largest = 0;
  for (const std::size_t part : parts) {
    largest += part;
    for (std::size_t sum = largest; sum >= part; --sum) counts[sum] += counts[sum - part];
  }
  return counts;
}

// The same for subsets of one size.
std::vector<double> count_subsets_of(std::size_t size, std::span<const std::size_t> parts) {
  std::vector<std::vector<double>> counts(size + 1, std::vector<double>(total_of(parts) + 1));
  counts[0][0] = 1;
  std::size_t largest = 0;
  for (const std::size_t part : parts) {
    largest += part;
    for (std::size_t chosen = size; chosen > 0; --chosen) {
      for (std::size_t sum = largest; sum >= part; --sum) {
        counts[chosen][sum] += counts[chosen - 1][sum - part];
      }
    }
  }
  return counts[size];
}

double p_of_tails(double above, double below, Alternative alternative) {
  if (alternative == Alternative::greater) return above;
  if (alternative == Alternative::less) return below;
  return std::min(1.0, 2 * std::min(above, below));
}

double exact_p(std::span<const double> counts, std::size_t seen, Alternative alternative) {
  const auto from = counts.begin() + static_cast<std::ptrdiff_t>(seen);
  const double below = std::accumulate(counts.begin(), from, 0.0);
  const double above = std::accumulate(from + 1, counts.end(), 0.0);
  const double all = below + *from + above;
  return p_of_tails((above + *from) / all, (below + *from) / all, alternative);
}

// With half a step of continuity correction on either side.
double normal_p(double distance, double variance, Alternative alternative) {
  if (variance == 0) return 1;
  const double spread = std::sqrt(variance);
  return p_of_tails(normal_cdf((0.5 - distance) / spread), normal_cdf((distance + 0.5) / spread),
                    alternative);
}

// Ranks of |d| with the signs they came with, zeros left out.
struct SignedRanks {
  std::vector<double> ranks;
  double positive = 0;  // W+
};

SignedRanks signed_ranks(std::span<const double> differences, Zeros zeros) {
  std::vector<double> kept(differences.begin(), differences.end());
  if (zeros == Zeros::drop) std::erase(kept, 0.0);
  std::vector<double> sizes(kept.size());
  std::ranges::transform(kept, sizes.begin(), [](double value) { return std::abs(value); });
  const std::vector<double> ranks = midranks(sizes);
  SignedRanks result;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] == 0) continue;
    result.ranks.push_back(ranks[i]);
    if (kept[i] > 0) result.positive += ranks[i];
  }
  return result;
}

// P(W <= w) = e at most for how many w from 0 on, of a distribution that `counts` lists.
std::size_t exact_bound_rank(std::span<const double> counts, double error) {
  const double allowed =
      error * std::accumulate(counts.begin(), counts.end(), 0.0) * (1 + kEpsilon);
  double below = 0;
  std::size_t rank = 0;
  while (rank < counts.size() && (below += counts[rank]) <= allowed) ++rank;
  return rank;
}

std::size_t normal_bound_rank(double mean, double variance, double error) {
  const double rank = std::floor(mean + 0.5 + normal_quantile(error) * std::sqrt(variance));
  return static_cast<std::size_t>(std::max(0.0, rank));
}

HodgesLehmann read_contrasts(std::vector<double> contrasts, std::size_t rank, Side side) {
  std::ranges::sort(contrasts);
  rank = std::min(rank, contrasts.size());
  HodgesLehmann result;
  result.estimate = median(contrasts);
  if (rank == 0) return result;
  if (side != Side::upper) result.interval.lower = contrasts[rank - 1];
  if (side != Side::lower) result.interval.upper = contrasts[contrasts.size() - rank];
  return result;
}

std::vector<std::size_t> first_numbers(std::size_t size) {
  std::vector<std::size_t> numbers(size);
  std::iota(numbers.begin(), numbers.end(), std::size_t{1});
  return numbers;
}

}  // namespace

RankTest wilcoxon_test(std::span<const double> differences, Alternative alternative, Zeros zeros) {
  require_ordered(differences, 0, "Wilcoxon's test");
  const SignedRanks sample = signed_ranks(differences, zeros);
  RankTest test{sample.positive, 1, sample.ranks.size() <= kExactUpTo};
  if (test.exact) {
    std::vector<std::size_t> parts(sample.ranks.size());
    std::ranges::transform(sample.ranks, parts.begin(), doubled);
    test.p_value = exact_p(count_subsets(parts), doubled(sample.positive), alternative);
    return test;
  }
  double sum = 0, squares = 0;
  for (const double rank : sample.ranks) sum += rank, squares += rank * rank;
  test.p_value = normal_p(sample.positive - sum / 2, squares / 4, alternative);
  return test;
}

RankTest mann_whitney_test(std::span<const double> first, std::span<const double> second,
                           Alternative alternative) {
  require_ordered(first, 1, "Mann and Whitney's test, first sample");
  require_ordered(second, 1, "Mann and Whitney's test, second sample");
  std::vector<double> joined(first.begin(), first.end());
  joined.insert(joined.end(), second.begin(), second.end());
  const std::vector<double> ranks = midranks(joined);
  const auto n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const double rank_sum = std::accumulate(
      ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(first.size()), 0.0);
  RankTest test{rank_sum - n * (n + 1) / 2, 1, joined.size() <= kExactUpTo};
  if (test.exact) {
    std::vector<std::size_t> parts(ranks.size());
    std::ranges::transform(ranks, parts.begin(), doubled);
    test.p_value = exact_p(count_subsets_of(first.size(), parts), doubled(rank_sum), alternative);
    return test;
  }
  const double mean_rank = (n + m + 1) / 2;
  double squares = 0;
  for (const double rank : ranks) squares += (rank - mean_rank) * (rank - mean_rank);
  test.p_value =
      normal_p(rank_sum - n * mean_rank, n * m * squares / ((n + m) * (n + m - 1)), alternative);
  return test;
}

HodgesLehmann hodges_lehmann(std::span<const double> differences, double level, Side side) {
  require_level(level, "a confidence level");
  require_sample(differences, 1, "the Hodges-Lehmann estimate");
  const std::size_t size = differences.size();
  std::vector<double> averages;
  averages.reserve(size * (size + 1) / 2);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = i; j < size; ++j) {
      averages.push_back(std::midpoint(differences[i], differences[j]));
    }
  }
  const double error = tail_error(level, side);
  const auto n = static_cast<double>(size);
  const std::size_t rank =
      size <= kExactUpTo
          ? exact_bound_rank(count_subsets(first_numbers(size)), error)
          : normal_bound_rank(n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24, error);
  return read_contrasts(std::move(averages), rank, side);
}

HodgesLehmann hodges_lehmann_shift(std::span<const double> first, std::span<const double> second,
                                   double level, Side side) {
  require_level(level, "a confidence level");
  require_sample(first, 1, "the Hodges-Lehmann shift, first sample");
  require_sample(second, 1, "the Hodges-Lehmann shift, second sample");
  std::vector<double> shifts;
  shifts.reserve(first.size() * second.size());
  for (const double a : first) {
    for (const double b : second) shifts.push_back(a - b);
  }
  const double error = tail_error(level, side);
  const auto n = static_cast<double>(first.size()), m = static_cast<double>(second.size());
  const std::size_t size = first.size() + second.size();
  if (size > kExactUpTo) {
    const std::size_t rank = normal_bound_rank(n * m / 2, n * m * (n + m + 1) / 12, error);
    return read_contrasts(std::move(shifts), rank, side);
  }
  const std::vector<double> sums = count_subsets_of(first.size(), first_numbers(size));
  const std::size_t least = first.size() * (first.size() + 1) / 2;  // the rank sum at U = 0
  const std::size_t rank = exact_bound_rank(std::span(sums).subspan(least), error);
  return read_contrasts(std::move(shifts), rank, side);
}

}  // namespace ordo::stats
