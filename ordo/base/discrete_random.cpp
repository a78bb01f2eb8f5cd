#include "ordo/base/discrete_random.h"

#include <cmath>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;  // keeps every product below 2^127

void check(Rational value, const char* what) {
  const auto fits = [](std::uint64_t part) { return part >= 1 && part <= kLargest; };
  if (fits(value.numerator) && fits(value.denominator)) return;
  throw UsageError(fmt::format("the {} must be a fraction of integers from 1 to 2^30, found {}/{}",
                               what, value.numerator, value.denominator));
}

bool bernoulli_fraction(Random& random, Rational probability) {
  return random.below(probability.denominator) < probability.numerator;
}

// exp(-gamma) for gamma <= 1: the first k with Bernoulli(gamma / k) false is odd with just that
// probability. Bernoulli(gamma / k) is drawn as Bernoulli(gamma) and Bernoulli(1 / k).
bool bernoulli_exp_small(Random& random, Rational gamma) {
  std::uint64_t k = 1;
  while (bernoulli_fraction(random, gamma) && random.below(k) == 0) ++k;
  return k % 2 == 1;
}

std::uint64_t integer_root(std::uint64_t value) {
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(value)));
  while (root * root > value) --root;
  while ((root + 1) * (root + 1) <= value) ++root;
  return root;
}

}  // namespace

bool bernoulli_exp(Random& random, Rational gamma) {
  for (std::uint64_t whole = gamma.numerator / gamma.denominator; whole > 0; --whole) {
    if (!bernoulli_exp_small(random, {1, 1})) return false;
  }
  return bernoulli_exp_small(random, {gamma.numerator % gamma.denominator, gamma.denominator});
}

// With scale = t / s: X geometric with ratio exp(-1 / t), drawn as a remainder and a quotient of t;
// then |x| = floor(X / s), and a sign, refusing the second zero.
std::int64_t discrete_laplace(Random& random, Rational scale) {
  check(scale, "scale");
  const std::uint64_t t = scale.numerator, s = scale.denominator;
  while (true) {
    const std::uint64_t remainder = random.below(t);
    if (!bernoulli_exp_small(random, {remainder, t})) continue;
    std::uint64_t quotient = 0;
    while (bernoulli_exp_small(random, {1, 1})) ++quotient;
    const auto size = static_cast<std::int64_t>((remainder + t * quotient) / s);
    const bool negative = random.below(2) == 1;
    if (negative && size == 0) continue;
    return negative ? -size : size;
  }
}

// Rejection from the discrete Laplace of scale t = floor(sigma) + 1, accepted with probability
// exp(-(|y| - sigma^2 / t)^2 / (2 sigma^2)); with sigma^2 = n / d the exponent is
// (|y| d t - n)^2 / (2 n d t^2).
std::int64_t discrete_gaussian(Random& random, Rational variance) {
  check(variance, "variance");
  __extension__ typedef unsigned __int128 Wide;  // no 128-bit integers in ISO C++
  const std::uint64_t n = variance.numerator, d = variance.denominator;
  const std::uint64_t t = integer_root(n / d) + 1;
  const Wide bottom = Wide{2} * n * d * t * t;
  while (true) {
    const std::int64_t y = discrete_laplace(random, {t, 1});
    const Wide reach = static_cast<Wide>(y < 0 ? -y : y) * d * t;
    const Wide gap = reach > n ? reach - n : n - reach;
    Wide top = gap * gap;
    bool accepted = true;
    for (; accepted && top >= bottom; top -= bottom) {
      accepted = bernoulli_exp_small(random, {1, 1});
    }
    if (accepted && bernoulli_exp_small(random, {static_cast<std::uint64_t>(top),
                                                 static_cast<std::uint64_t>(bottom)})) {
      return y;
    }
  }
}

}  // namespace ordo
