// Distribution functions and quantiles. Thin over Boost.Math, which stays inside distributions.cpp;
// unlike Boost, a quantile at probability 0 or 1 is the end of the support (possibly infinite)
// instead of an exception. Every function throws UsageError for a probability outside [0, 1], a
// parameter outside its domain, or a NaN. `_survival` is P(X > x), accurate where 1 - cdf is not.
#pragma once

#include <cstdint>

namespace ordo::stats {

double normal_density(double x);
double normal_cdf(double x);
double normal_quantile(double probability);

/// Student's t with `degrees` > 0 degrees of freedom (need not be whole).
double student_t_cdf(double x, double degrees);
double student_t_quantile(double probability, double degrees);

/// t with noncentrality `shift`: (Z + shift) / sqrt(chi2 / degrees).
double noncentral_t_cdf(double x, double degrees, double shift);
double noncentral_t_survival(double x, double degrees, double shift);
double noncentral_t_quantile(double probability, double degrees, double shift);

/// Beta(a, b) on [0, 1]; a, b > 0.
double beta_cdf(double x, double a, double b);
double beta_quantile(double probability, double a, double b);

/// Successes among `trials` with probability `success` each.
double binomial_pmf(std::uint64_t count, std::uint64_t trials, double success);
double binomial_cdf(std::uint64_t count, std::uint64_t trials, double success);
/// The smallest count whose cdf reaches `probability`.
std::uint64_t binomial_quantile(double probability, std::uint64_t trials, double success);

double chi_squared_cdf(double x, double degrees);
double chi_squared_survival(double x, double degrees);
double chi_squared_quantile(double probability, double degrees);

/// F with `numerator` and `denominator` degrees of freedom.
double f_cdf(double x, double numerator, double denominator);
double f_survival(double x, double numerator, double denominator);
double f_quantile(double probability, double numerator, double denominator);

}  // namespace ordo::stats
