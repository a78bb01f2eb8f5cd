#include "ordo/stats/association.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"
#include "ordo/stats/proportions.h"
#include "ordo/stats/ranks.h"

namespace ordo::stats {
namespace {

void require_pairs(std::span<const double> x, std::span<const double> y, double level) {
  require_level(level, "a confidence level");
  require_same_size(x, y, "a correlation");
  require_sample(x, 2, "a correlation's first column");
  require_sample(y, 2, "a correlation's second column");
  for (const std::span<const double> column : {x, y}) {
    if (std::ranges::all_of(column, [&](double value) { return value == column[0]; })) {
      throw NumericError(
          fmt::format("a correlation needs columns that vary, but all {} values of the {} are {}",
                      column.size(), column.data() == x.data() ? "first" : "second", column[0]));
    }
  }
}

double correlation(std::span<const double> x, std::span<const double> y) {
  const double r = covariance(x, y) / (standard_deviation(x) * standard_deviation(y));
  return std::clamp(r, -1.0, 1.0);
}

// Symmetric on Fisher's scale z = atanh(r). A variance that is not a positive number means too few
// pairs.
Interval fisher_interval(double r, double variance, double level) {
  if (!(variance > 0 && std::isfinite(variance))) return {-1, 1};
  const double z = std::atanh(r), reach = -normal_quantile((1 - level) / 2) * std::sqrt(variance);
  return {std::tanh(z - reach), std::tanh(z + reach)};
}

// Of r against 0 by t = r sqrt((n - 2) / (1 - r^2)).
double correlation_p(double r, std::size_t pairs) {
  if (pairs == 2) return 1;
  if (std::abs(r) == 1) return 0;
  const auto degrees = static_cast<double>(pairs - 2);
  return 2 * student_t_cdf(-std::abs(r) * std::sqrt(degrees / ((1 - r) * (1 + r))), degrees);
}

// Sums over groups of t tied values that Kendall's variance needs.
struct Ties {
  double pairs = 0;    // t (t - 1)
  double triples = 0;  // t (t - 1) (t - 2)
  double spread = 0;   // t (t - 1) (2 t + 5)
};

Ties ties_of(std::span<const double> values) {
  std::vector<double> order(values.begin(), values.end());
  std::ranges::sort(order);
  Ties ties;
  for (auto from = order.begin(); from != order.end();) {
    const auto to = std::upper_bound(from, order.end(), *from);
    const auto t = static_cast<double>(to - from);
    ties.pairs += t * (t - 1);
    ties.triples += t * (t - 1) * (t - 2);
    ties.spread += t * (t - 1) * (2 * t + 5);
    from = to;
  }
  return ties;
}

int sign(double value) { return (value > 0) - (value < 0); }

// Pairs in the same order less pairs in opposite order.
double concordance(std::span<const double> x, std::span<const double> y) {
  double score = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) score += sign(x[i] - x[j]) * sign(y[i] - y[j]);
  }
  return score;
}

// Of the concordance when nothing is associated, given the ties (Kendall 1970, ch. 4).
double concordance_variance(double n, const Ties& x, const Ties& y) {
  double variance = (n * (n - 1) * (2 * n + 5) - x.spread - y.spread) / 18 +
                    x.pairs * y.pairs / (2 * n * (n - 1));
  if (n > 2) variance += x.triples * y.triples / (9 * n * (n - 1) * (n - 2));
  return variance;
}

// DeLong's variance: of the shares that each score beats, class by class.
double delong_variance(std::span<const double> positive, std::span<const double> negative) {
  const auto n = static_cast<double>(positive.size()), m = static_cast<double>(negative.size());
  return variance(placements(positive, negative)) / (m * m * n) +
         variance(placements(negative, positive)) / (n * n * m);
}

Interval logit_interval(double share, double variance, double level) {
  const double centre = std::log(share / (1 - share));
  const double reach =
      -normal_quantile((1 - level) / 2) * std::sqrt(variance) / (share * (1 - share));
  return {1 / (1 + std::exp(reach - centre)), 1 / (1 + std::exp(-reach - centre))};
}

}  // namespace

Association pearson(std::span<const double> x, std::span<const double> y, double level) {
  require_pairs(x, y, level);
  const double r = correlation(x, y);
  const auto n = static_cast<double>(x.size());
  return {r, fisher_interval(r, 1 / (n - 3), level), correlation_p(r, x.size())};
}

Association spearman(std::span<const double> x, std::span<const double> y, double level) {
  require_pairs(x, y, level);
  const double rho = correlation(midranks(x), midranks(y));
  const double variance = (1 + rho * rho / 2) / (static_cast<double>(x.size()) - 3);
  return {rho, fisher_interval(rho, variance, level), correlation_p(rho, x.size())};
}

Association kendall(std::span<const double> x, std::span<const double> y, double level) {
  require_pairs(x, y, level);
  const auto n = static_cast<double>(x.size());
  const Ties x_ties = ties_of(x), y_ties = ties_of(y);
  const double score = concordance(x, y), pairs = n * (n - 1);
  const double tau = 2 * score / std::sqrt((pairs - x_ties.pairs) * (pairs - y_ties.pairs));
  const double z = score / std::sqrt(concordance_variance(n, x_ties, y_ties));
  return {std::clamp(tau, -1.0, 1.0), fisher_interval(tau, 0.437 / (n - 4), level),
          2 * normal_cdf(-std::abs(z))};
}

Association auroc(std::span<const double> positive, std::span<const double> negative,
                  double level) {
  require_level(level, "a confidence level");
  require_sample(positive, 1, "AUROC's positive class");
  require_sample(negative, 1, "AUROC's negative class");
  const std::size_t n = positive.size(), m = negative.size();
  const RankTest test = mann_whitney_test(positive, negative);
  Association result{
      test.statistic / (static_cast<double>(n) * static_cast<double>(m)), {0, 1}, test.p_value};
  const std::size_t fewest = std::min(n, m);
  if (result.estimate == 0 || result.estimate == 1) {
    result.interval = clopper_pearson(result.estimate == 1 ? fewest : 0, fewest, level);
  } else if (fewest > 1) {
    const double variance = delong_variance(positive, negative);
    if (variance > 0) result.interval = logit_interval(result.estimate, variance, level);
  }
  return result;
}

}  // namespace ordo::stats
