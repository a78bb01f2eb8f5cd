// BCa (Efron 1987; Efron and Tibshirani 1993, ch. 14): the bound at tail error e is the quantile of
// the resampled statistics at
//
//   Phi(z0 + (z0 + z_e) / (1 - a (z0 + z_e))),   z_e = Phi^-1(e),
//
// where z0 = Phi^-1(share of resamples below the estimate, ties half) corrects the median's bias
// and a = sum(d^3) / (6 sum(d^2)^1.5), d the jackknife's deviations, the change of spread with the
// parameter. Quantiles are of type 7.
#include "ordo/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

void require_options(const BootstrapOptions& options) {
  require_level(options.level, "a bootstrap interval's level");
  if (options.resamples < 100) {
    throw UsageError(
        fmt::format("the bootstrap needs at least 100 resamples, got {}", options.resamples));
  }
}

double finite(double value, const char* of) {
  if (!std::isfinite(value)) {
    throw NumericError(
        fmt::format("the bootstrapped statistic of {} is {}, expected a finite "
                    "number; choose a statistic defined for any resample",
                    of, value));
  }
  return value;
}

// Uniform on 0 .. bound - 1 from one 32-bit word (Lemire 2019); a sample has fewer than 2^32 rows.
std::size_t draw_index(Random& random, std::uint32_t bound) {
  std::uint64_t product = std::uint64_t{random.next32()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint32_t>(product) < threshold) {
      product = std::uint64_t{random.next32()} * bound;
    }
  }
  return product >> 32;
}

// A resample is drawn into place and measured; how rows are represented is the caller's matter.
// `Rows` has: size(), whole(), without(row), drawn(random): the statistic of each.
template <class Rows>
std::vector<double> resampled_statistics(Rows& rows, int resamples, Random& random) {
  std::vector<double> statistics(static_cast<std::size_t>(resamples));
  for (double& statistic : statistics) statistic = finite(rows.drawn(random), "a resample");
  return statistics;
}

// Rows that are numbers: they are gathered, so that the statistic sees a plain sample.
class ValueRows {
 public:
  ValueRows(std::span<const double> values, const Statistic& statistic)
      : values_(values), statistic_(statistic), scratch_(values.size()) {}
  std::size_t size() const { return values_.size(); }
  double whole() { return statistic_(values_); }
  double without(std::size_t row) {
    const auto position = static_cast<std::ptrdiff_t>(row);
    std::copy(values_.begin(), values_.begin() + position, scratch_.begin());
    std::copy(values_.begin() + position + 1, values_.end(), scratch_.begin() + position);
    return statistic_(std::span(scratch_).first(size() - 1));
  }
  double drawn(Random& random) {
    const auto bound = static_cast<std::uint32_t>(size());
    for (double& value : scratch_) value = values_[draw_index(random, bound)];
    return statistic_(scratch_);
  }

 private:
  std::span<const double> values_;
  const Statistic& statistic_;
  std::vector<double> scratch_;
};

class IndexRows {
 public:
  IndexRows(std::size_t size, const IndexStatistic& statistic)
      : statistic_(statistic), scratch_(size) {}
  std::size_t size() const { return scratch_.size(); }
  double whole() {
    std::iota(scratch_.begin(), scratch_.end(), std::size_t{0});
    return statistic_(scratch_);
  }
  double without(std::size_t row) {
    for (std::size_t i = 0; i + 1 < size(); ++i) scratch_[i] = i + (i >= row);
    return statistic_(std::span(scratch_).first(size() - 1));
  }
  double drawn(Random& random) {
    const auto bound = static_cast<std::uint32_t>(size());
    for (std::size_t& index : scratch_) index = draw_index(random, bound);
    return statistic_(scratch_);
  }

 private:
  const IndexStatistic& statistic_;
  std::vector<std::size_t> scratch_;
};

template <class Rows>
double jackknife_acceleration(Rows& rows) {
  std::vector<double> left_out(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    left_out[row] = finite(rows.without(row), "the sample without one row");
  }
  const double centre = mean(left_out);
  double squares = 0, cubes = 0;
  for (const double value : left_out) {
    const double deviation = centre - value;
    squares += deviation * deviation;
    cubes += deviation * deviation * deviation;
  }
  return squares == 0 ? 0 : cubes / (6 * std::pow(squares, 1.5));
}

double median_bias(std::span<const double> statistics, double estimate) {
  double below = 0, equal = 0;
  for (const double statistic : statistics) {
    below += statistic < estimate;
    equal += statistic == estimate;
  }
  return normal_quantile((below + equal / 2) / static_cast<double>(statistics.size()));
}

// The probability at which the resampled quantile is read instead of `probability`.
double corrected(double probability, double bias, double acceleration) {
  const double z = bias + normal_quantile(probability);
  const double divisor = 1 - acceleration * z;
  // Beyond the pole of the correction the bound is at the end of the resampled statistics.
  if (divisor <= 0) return z > 0 ? 1 : 0;
  return normal_cdf(bias + z / divisor);
}

void read_interval(BootstrapInterval& result, std::span<const double> statistics,
                   const BootstrapOptions& options) {
  const double error = tail_error(options.level, options.side);
  const auto bound = [&](double probability) {
    return quantile(statistics,
                    corrected(probability, result.bias_correction, result.acceleration));
  };
  if (options.side != Side::upper) result.interval.lower = bound(error);
  if (options.side != Side::lower) result.interval.upper = bound(1 - error);
}

enum class Correction { none, bias_and_acceleration };

template <class Rows>
BootstrapInterval interval_of(Rows rows, Correction correction, const BootstrapOptions& options,
                              Random& random) {
  BootstrapInterval result;
  result.estimate = finite(rows.whole(), "the sample");
  if (rows.size() == 1) {
    result.degenerate = true;
    return result;
  }
  const auto statistics = resampled_statistics(rows, options.resamples, random);
  result.standard_error = standard_deviation(statistics);
  if (correction == Correction::bias_and_acceleration) {
    const double bias = median_bias(statistics, result.estimate);
    result.degenerate = !std::isfinite(bias) || result.standard_error == 0;
    if (!result.degenerate) {
      result.bias_correction = bias;
      result.acceleration = jackknife_acceleration(rows);
    }
  }
  read_interval(result, statistics, options);
  return result;
}

}  // namespace

BootstrapInterval percentile_interval(std::span<const double> values, const Statistic& statistic,
                                      const BootstrapOptions& options, Random& random) {
  require_options(options);
  require_sample(values, 1, "the bootstrap");
  return interval_of(ValueRows(values, statistic), Correction::none, options, random);
}

BootstrapInterval bca_interval(std::span<const double> values, const Statistic& statistic,
                               const BootstrapOptions& options, Random& random) {
  require_options(options);
  require_sample(values, 1, "the bootstrap");
  return interval_of(ValueRows(values, statistic), Correction::bias_and_acceleration, options,
                     random);
}

BootstrapInterval bca_interval(std::size_t size, const IndexStatistic& statistic,
                               const BootstrapOptions& options, Random& random) {
  require_options(options);
  if (size == 0) throw UsageError("the bootstrap needs at least 1 row, got 0");
  return interval_of(IndexRows(size, statistic), Correction::bias_and_acceleration, options,
                     random);
}

}  // namespace ordo::stats
