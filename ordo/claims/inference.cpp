// Every method answers one question, p(margin): how likely are data as far above the margin if the
// difference is not above it? "Below" is the same question about the negated sample, equivalence
// two such questions, and a bound is the margin at which p crosses the level.
//
// Two rules go before the method asked for. Measures of zeros and ones against a constant are
// counts, for which Student and sign flips (which suppose a symmetric or normal sample) can be far
// off, so they get the exact binomial test. And where every one of at least kSameSeeds seeds gave
// the same numbers the program ignores its seed: there is nothing to infer, the numbers are
// compared.
#include "ordo/claims/inference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "ordo/stats/bootstrap.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/effects.h"
#include "ordo/stats/estimates.h"
#include "ordo/stats/permutation.h"
#include "ordo/stats/power.h"
#include "ordo/stats/proportions.h"
#include "ordo/stats/ranks.h"
#include "ordo/stats/student.h"

namespace ordo::claims {
namespace {

using stats::Alternative;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kPermutationFrom = 8;  // runs a side
constexpr int kSameSeeds = 3;
constexpr int kBisections = 40;
constexpr stats::PermutationOptions kPermutations{};

bool all_same(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

bool is_binary(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](double value) { return value == 0 || value == 1; });
}

std::vector<double> shifted_by(const std::vector<double>& values, double margin, double sign) {
  std::vector<double> shifted;
  for (const double value : values) shifted.push_back(sign * (value - margin));
  return shifted;
}

double location(const std::vector<double>& values, bool robust) {
  if (!robust) return stats::mean(values);
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1 || sorted[middle - 1] == sorted[middle]) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

double mean_statistic(std::span<const double> values) { return stats::mean(values); }

std::string too_few(const Sample& sample) {
  const bool paired = sample.pairing == Pairing::by_seed;
  const std::size_t n =
      paired ? sample.left.size() : std::min(sample.left.size(), sample.right.size());
  if (n == 0) return "no seed has all the values that it needs";
  if (n == 1) return "one seed says nothing about how much seeds differ; run at least two";
  return {};
}

}  // namespace

Inference::Inference(const Sample& sample, const Comparison& comparison, Method method,
                     const Random& random)
    : sample_(sample), comparison_(comparison), random_(random), reason_(too_few(sample)) {
  if (possible()) rule_ = choose(method);
}

Inference::Rule Inference::choose(Method method) const {
  const std::vector<double>&left = sample_.left, &right = sample_.right;
  const std::size_t n = std::min(left.size(), right.size());
  // A constant of 0 or 1 makes no counts of what is compared with it.
  const bool binary = sample_.against_constant ? is_binary(sample_.constant_is_left ? right : left)
                                               : is_binary(left) || is_binary(right);
  if (sample_.against_constant && binary) return Rule::binomial;
  const bool both_infinite = left.front() == right.front() && std::isinf(left.front());
  if (n >= kSameSeeds && all_same(left) && all_same(right) && !binary && !both_infinite) {
    return Rule::exact;
  }
  if (sample_.censored > 0 || method == Method::wilcoxon) return Rule::ranks;
  if (method == Method::automatic) {
    method = n < kPermutationFrom ? Method::student : Method::permutation;
  }
  // Without spread Student's p is 0, which n equal differences do not deserve; flips give 2^-n.
  const bool flat = paired() ? all_same(sample_.differences) : all_same(left) && all_same(right);
  if (flat || method == Method::permutation) return Rule::permutation;
  if (method == Method::bootstrap && paired()) return Rule::bootstrap;
  return Rule::student;
}

double Inference::p_above(double margin) const { return p_value(margin, 1); }
double Inference::p_below(double margin) const { return p_value(margin, -1); }

double Inference::p_value(double margin, double sign) const {
  if (rule_ == Rule::binomial) return p_binomial(margin, sign);
  if (paired()) {
    std::vector<double> shifted = shifted_by(sample_.differences, margin, sign);
    // Two runs that never got there say nothing about their difference, whatever the margin.
    for (std::size_t i = 0; i < shifted.size(); ++i) {
      if (std::isinf(sample_.left[i]) && sample_.left[i] == sample_.right[i]) shifted[i] = 0;
    }
    return p_paired(shifted);
  }
  return p_unpaired(shifted_by(sample_.left, margin, sign), shifted_by(sample_.right, 0, sign));
}

double Inference::p_paired(const std::vector<double>& shifted) const {
  Random random = random_;
  switch (rule_) {
    case Rule::ranks:
      return stats::wilcoxon_test(shifted, Alternative::greater).p_value;
    case Rule::permutation:
      return stats::sign_flip_test(shifted, Alternative::greater, kPermutations, random).p_value;
    case Rule::bootstrap:
      return p_bootstrap(shifted);
    default:
      return stats::paired_t_test(shifted, Alternative::greater).p_value;
  }
}

double Inference::p_unpaired(const std::vector<double>& first,
                             const std::vector<double>& second) const {
  Random random = random_;
  if (rule_ == Rule::ranks) {
    return stats::mann_whitney_test(first, second, Alternative::greater).p_value;
  }
  if (rule_ == Rule::permutation) {
    return stats::two_sample_permutation_test(first, second, Alternative::greater, kPermutations,
                                              random)
        .p_value;
  }
  return stats::welch_t_test(first, second, Alternative::greater).p_value;
}

/// The smallest error at which the BCa lower bound is above 0, by bisection on one stream.
double Inference::p_bootstrap(const std::vector<double>& shifted) const {
  const auto bound = [&](double error) {
    Random random = random_;
    const stats::BootstrapOptions options{.level = 1 - error, .side = stats::Side::lower};
    return stats::bca_interval(shifted, mean_statistic, options, random).interval.lower;
  };
  double low = 1e-4, high = 0.9999;  // 10,000 resamples see nothing finer
  if (bound(low) > 0) return low;
  if (bound(high) <= 0) return 1;
  for (int step = 0; step < 14; ++step) {
    const double middle = (low + high) / 2;
    (bound(middle) > 0 ? high : low) = middle;
  }
  return high;
}

/// Successes against the constant of the other side, moved by the margin.
double Inference::p_binomial(double margin, double sign) const {
  const bool left_is_data = !sample_.constant_is_left;
  const std::vector<double>& data = left_is_data ? sample_.left : sample_.right;
  const double constant =
      left_is_data ? sample_.right.front() + margin : sample_.left.front() - margin;
  const bool above = (sign > 0) == left_is_data;  // is "the rate is above the constant" asked?
  if (constant < 0) return above ? 0 : 1;
  if (constant > 1) return above ? 1 : 0;
  const auto trials = static_cast<std::uint64_t>(data.size());
  const auto successes = static_cast<std::uint64_t>(std::count(data.begin(), data.end(), 1.0));
  if (!above) return stats::binomial_cdf(successes, trials, constant);
  return stats::binomial_cdf(trials - successes, trials, 1 - constant);
}

bool Inference::exactly_true() const {
  const double difference = estimate(), margin = comparison_.margin;
  switch (comparison_.relation) {
    case Relation::greater:
      return difference > margin;
    case Relation::greater_equal:
      return difference >= margin;
    case Relation::less:
      return difference < -margin;
    case Relation::less_equal:
      return difference <= -margin;
    default:
      return std::abs(difference) < margin;
  }
}

double Inference::p_holds() const {
  if (rule_ == Rule::exact) return exactly_true() ? 0 : 1;
  const double margin = comparison_.margin;
  switch (comparison_.relation) {
    case Relation::greater:
    case Relation::greater_equal:
      return p_above(margin);
    case Relation::less:
    case Relation::less_equal:
      return p_below(-margin);
    default:
      return std::max(p_below(margin), p_above(-margin));
  }
}

double Inference::p_fails() const {
  if (rule_ == Rule::exact) return exactly_true() ? 1 : 0;
  const double margin = comparison_.margin;
  switch (comparison_.relation) {
    case Relation::greater:
    case Relation::greater_equal:
      return p_below(margin);
    case Relation::less:
    case Relation::less_equal:
      return p_above(-margin);
    default:
      // Beyond either end counts, so each end may use half of the error.
      return std::min(1.0, 2 * std::min(p_above(margin), p_below(-margin)));
  }
}

double Inference::estimate() const {
  const bool robust = sample_.censored > 0;
  if (paired()) return location(sample_.differences, robust);
  const double left = location(sample_.left, robust), right = location(sample_.right, robust);
  return left == right ? 0 : left - right;
}

std::optional<double> Inference::effect() const {
  if (sample_.censored > 0) return std::nullopt;
  const double size = paired() ? stats::cohen_dz(sample_.differences)
                               : stats::hedges_g(sample_.left, sample_.right);
  return size;
}

std::optional<Range> Inference::range(double tail) const {
  if (rule_ == Rule::exact) return Range{estimate(), estimate()};
  if (sample_.censored > 0) return std::nullopt;
  if (rule_ == Rule::binomial || rule_ == Rule::ranks) return invert(tail);
  Random random = random_;
  const double level = 1 - 2 * tail;
  const std::vector<double>&left = sample_.left, &right = sample_.right;
  const std::vector<double>& values = sample_.differences;
  stats::Interval interval;
  switch (rule_) {
    case Rule::permutation:
      interval = paired() ? stats::sign_flip_interval(values, level, stats::Side::both,
                                                      kPermutations, random)
                          : stats::two_sample_permutation_interval(
                                left, right, level, stats::Side::both, kPermutations, random);
      break;
    case Rule::bootstrap:
      interval = stats::bca_interval(values, mean_statistic, {.level = level}, random).interval;
      break;
    default:
      interval = paired() ? stats::student_interval(values, level)
                          : stats::welch_interval(left, right, level);
      break;
  }
  return Range{interval.lower, interval.upper};
}

/// Margins at which p crosses `tail`, by bisection between the extremes of the differences.
Range Inference::invert(double tail) const {
  const auto [left_low, left_high] = std::minmax_element(sample_.left.begin(), sample_.left.end());
  const auto [right_low, right_high] =
      std::minmax_element(sample_.right.begin(), sample_.right.end());
  const double least = rule_ == Rule::binomial ? estimate() - 1 : *left_low - *right_high;
  const double most = rule_ == Rule::binomial ? estimate() + 1 : *left_high - *right_low;
  const double pad = 1e-9 * (std::abs(least) + std::abs(most)) + 1e-300;
  const auto crossing = [&](double sign) {
    double out = sign > 0 ? least - pad : most + pad, in = estimate();
    if (p_value(out, sign) > tail) return sign > 0 ? -kInfinity : kInfinity;
    for (int step = 0; step < kBisections; ++step) {
      const double middle = (out + in) / 2;
      (p_value(middle, sign) <= tail ? out : in) = middle;
    }
    return out;
  };
  return {crossing(1), crossing(-1)};
}

std::optional<int> Inference::further_seeds(double level, double power) const {
  if (sample_.censored > 0 || rule_ == Rule::exact) return std::nullopt;
  const std::size_t n = std::min(sample_.left.size(), sample_.right.size());
  double spread = 0;
  if (paired()) {
    spread = stats::standard_deviation(sample_.differences);
  } else {
    spread = std::sqrt(stats::variance(sample_.left) + stats::variance(sample_.right));
  }
  const double margin = comparison_.margin;
  double nearest = margin;
  if (comparison_.relation == Relation::equivalent) {
    nearest = std::copysign(margin, estimate());
  } else if (comparison_.relation == Relation::less ||
             comparison_.relation == Relation::less_equal) {
    nearest = -margin;
  }
  std::size_t further = 1;
  if (spread > 0) {
    const auto wanted = stats::further_pairs({estimate(), spread, nearest, n}, level, power);
    if (!wanted) return std::nullopt;
    further = *wanted;
  } else if (estimate() == nearest) {
    return std::nullopt;
  }
  // A sign-flip test cannot reach a level below 2^-n at all.
  const auto least = static_cast<std::size_t>(std::ceil(-std::log2(level)));
  if (least > n + further) further = least - n;
  if (further > static_cast<std::size_t>(std::numeric_limits<int>::max())) return std::nullopt;
  return static_cast<int>(further);
}

std::string Inference::method_name() const {
  const std::size_t n = sample_.left.size() + (paired() ? 0 : sample_.right.size());
  const bool all_counted = n <= static_cast<std::size_t>(kPermutations.exact_up_to);
  switch (rule_) {
    case Rule::exact:
      return "compared exactly";
    case Rule::binomial:
      return "exact binomial";
    case Rule::ranks:
      return paired() ? "Wilcoxon signed ranks" : "Mann-Whitney rank sums";
    case Rule::permutation:
      if (!paired()) return all_counted ? "exact relabelling" : "Monte Carlo relabelling";
      return all_counted ? "exact sign-flip permutation" : "Monte Carlo sign-flip permutation";
    case Rule::bootstrap:
      return "BCa bootstrap";
    default:
      return paired() ? (sample_.against_constant ? "one-sample Student" : "paired Student")
                      : "Welch";
  }
}

}  // namespace ordo::claims
