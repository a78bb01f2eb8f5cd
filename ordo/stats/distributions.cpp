#include "ordo/stats/distributions.h"

#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "ordo/base/error.h"

namespace ordo::stats {
namespace {

namespace bm = boost::math;
// Long double promotion costs a factor of five and gains nothing at the tolerances of this room;
// under- and overflow have their IEEE meaning here.
using Policy = bm::policies::policy<bm::policies::promote_double<false>,
                                    bm::policies::overflow_error<bm::policies::ignore_error>,
                                    bm::policies::underflow_error<bm::policies::ignore_error>,
                                    bm::policies::denorm_error<bm::policies::ignore_error>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void require(bool good, const char* what, const char* domain, double value) {
  if (!good) throw UsageError(fmt::format("{} must be {}, got {}", what, domain, value));
}

void require_number(double x) { require(!std::isnan(x), "x", "a number", x); }

void require_probability(double p) {
  require(p >= 0 && p <= 1, "a probability", "between 0 and 1", p);
}

void require_degrees(double degrees) {
  require(degrees > 0 && std::isfinite(degrees), "degrees of freedom", "positive and finite",
          degrees);
}

bm::normal_distribution<double, Policy> normal() { return {}; }

bm::students_t_distribution<double, Policy> student(double degrees) {
  require_degrees(degrees);
  return bm::students_t_distribution<double, Policy>(degrees);
}

bm::non_central_t_distribution<double, Policy> noncentral(double degrees, double shift) {
  require_degrees(degrees);
  require(std::isfinite(shift), "a noncentrality", "finite", shift);
  return bm::non_central_t_distribution<double, Policy>(degrees, shift);
}

bm::beta_distribution<double, Policy> beta(double a, double b) {
  require(a > 0 && std::isfinite(a), "a beta distribution's a", "positive and finite", a);
  require(b > 0 && std::isfinite(b), "a beta distribution's b", "positive and finite", b);
  return bm::beta_distribution<double, Policy>(a, b);
}

// The cdf asked beyond its support is no error but 0 or 1.
template <class Distribution>
double cdf_on(const Distribution& distribution, double x, double low, double high) {
  require_number(x);
  if (x <= low) return 0;
  if (x >= high) return 1;
  return bm::cdf(distribution, x);
}

template <class Distribution>
double survival_on(const Distribution& distribution, double x, double low, double high) {
  require_number(x);
  if (x <= low) return 1;
  if (x >= high) return 0;
  return bm::cdf(bm::complement(distribution, x));
}

template <class Distribution>
double quantile_on(const Distribution& distribution, double p, double low, double high) {
  require_probability(p);
  if (p == 0) return low;
  if (p == 1) return high;
  return bm::quantile(distribution, p);
}

}  // namespace

double normal_density(double x) {
  require_number(x);
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}
double normal_cdf(double x) { return cdf_on(normal(), x, -kInfinity, kInfinity); }
double normal_quantile(double probability) {
  return quantile_on(normal(), probability, -kInfinity, kInfinity);
}

double student_t_cdf(double x, double degrees) {
  return cdf_on(student(degrees), x, -kInfinity, kInfinity);
}
double student_t_quantile(double probability, double degrees) {
  return quantile_on(student(degrees), probability, -kInfinity, kInfinity);
}

double noncentral_t_cdf(double x, double degrees, double shift) {
  return cdf_on(noncentral(degrees, shift), x, -kInfinity, kInfinity);
}
double noncentral_t_survival(double x, double degrees, double shift) {
  return survival_on(noncentral(degrees, shift), x, -kInfinity, kInfinity);
}
double noncentral_t_quantile(double probability, double degrees, double shift) {
  return quantile_on(noncentral(degrees, shift), probability, -kInfinity, kInfinity);
}

double beta_cdf(double x, double a, double b) { return cdf_on(beta(a, b), x, 0, 1); }
double beta_quantile(double probability, double a, double b) {
  return quantile_on(beta(a, b), probability, 0, 1);
}

double binomial_pmf(std::uint64_t count, std::uint64_t trials, double success) {
  require_probability(success);
  if (count > trials) return 0;
  return bm::pdf(bm::binomial_distribution<double, Policy>(static_cast<double>(trials), success),
                 static_cast<double>(count));
}
double binomial_cdf(std::uint64_t count, std::uint64_t trials, double success) {
  require_probability(success);
  if (count >= trials) return 1;
  return bm::cdf(bm::binomial_distribution<double, Policy>(static_cast<double>(trials), success),
                 static_cast<double>(count));
}
std::uint64_t binomial_quantile(double probability, std::uint64_t trials, double success) {
  require_probability(probability);
  require_probability(success);
  std::uint64_t low = 0, high = trials;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (binomial_cdf(middle, trials, success) >= probability) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

double chi_squared_cdf(double x, double degrees) {
  require_degrees(degrees);
  return cdf_on(bm::chi_squared_distribution<double, Policy>(degrees), x, 0, kInfinity);
}
double chi_squared_survival(double x, double degrees) {
  require_degrees(degrees);
  return survival_on(bm::chi_squared_distribution<double, Policy>(degrees), x, 0, kInfinity);
}
double chi_squared_quantile(double probability, double degrees) {
  require_degrees(degrees);
  return quantile_on(bm::chi_squared_distribution<double, Policy>(degrees), probability, 0,
                     kInfinity);
}

double f_cdf(double x, double numerator, double denominator) {
  require_degrees(numerator);
  require_degrees(denominator);
  return cdf_on(bm::fisher_f_distribution<double, Policy>(numerator, denominator), x, 0, kInfinity);
}
double f_survival(double x, double numerator, double denominator) {
  require_degrees(numerator);
  require_degrees(denominator);
  return survival_on(bm::fisher_f_distribution<double, Policy>(numerator, denominator), x, 0,
                     kInfinity);
}
double f_quantile(double probability, double numerator, double denominator) {
  require_degrees(numerator);
  require_degrees(denominator);
  return quantile_on(bm::fisher_f_distribution<double, Policy>(numerator, denominator), probability,
                     0, kInfinity);
}

}  // namespace ordo::stats
