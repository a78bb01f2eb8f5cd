// One number for a sample: location and spread. All throw UsageError for too few values and
// NumericError, naming the position, for a value that is not finite.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace ordo::stats {

/// Arithmetic mean, summed with Neumaier's compensation.
double mean(std::span<const double> values);
/// Unbiased variance (divisor n - 1), two passes; needs 2 values.
double variance(std::span<const double> values);
double standard_deviation(std::span<const double> values);
/// Unbiased covariance of pairs (divisor n - 1); needs 2.
double covariance(std::span<const double> first, std::span<const double> second);
double median(std::span<const double> values);
/// Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7, the default
/// of R and NumPy); `probability` in [0, 1].
double quantile(std::span<const double> values, double probability);
/// Mean of what remains when floor(fraction * n) values are cut at each end; 0 <= fraction < 0.5.
double trimmed_mean(std::span<const double> values, double fraction);
/// sum(w x) / sum(w); weights are not negative and not all zero.
double weighted_mean(std::span<const double> values, std::span<const double> weights);

/// first - scale * second, pair by pair: the sample behind `first - scale * second > margin`.
std::vector<double> differences(std::span<const double> first, std::span<const double> second,
                                double scale = 1.0);

/// Natural logarithms of what `what` names. Throws NumericError, naming the position, for a value
/// that is not positive.
std::vector<double> logarithms(std::span<const double> values, std::string_view what);

/// Ranks from 1, ties share the mean of their ranks. Infinite values rank beyond all others.
std::vector<double> midranks(std::span<const double> values);

/// For each value, how many of `others` lie below it; ties count half. Infinite values are
/// accepted. O((n + m) log m).
std::vector<double> placements(std::span<const double> values, std::span<const double> others);

}  // namespace ordo::stats
