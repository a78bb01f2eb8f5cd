// How long the tests and intervals that claims use take: bench-stats prints a line per case, its
// name, microseconds (the median of 7 timings of at least 20 ms) and the number that came out, with
// tabs between. bench/stats/run sets SciPy beside it, on the same samples.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/random.h"
#include "ordo/stats/bootstrap.h"
#include "ordo/stats/estimates.h"
#include "ordo/stats/permutation.h"
#include "ordo/stats/ranks.h"

namespace {

using ordo::Random;
using ordo::stats::Alternative;

// The sample that scipy_peer.py makes too: no ties, no zeros.
std::vector<double> sample(int size) {
  std::vector<double> values;
  for (int i = 1; i <= size; ++i) values.push_back(0.3 + std::sin(i));
  return values;
}

double seconds_of(int calls, const std::function<double()>& run, double& answer) {
  const auto start = std::chrono::steady_clock::now();
  for (int call = 0; call < calls; ++call) answer = run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void time_case(std::string_view name, const std::function<double()>& run) {
  double answer = 0;
  int calls = 1;
  while (seconds_of(calls, run, answer) < 0.02) calls *= 2;
  std::array<double, 7> times{};
  for (double& time : times) time = seconds_of(calls, run, answer) / calls;
  std::ranges::sort(times);
  fmt::print("{}\t{:.3f}\t{:.6g}\n", name, 1e6 * times[times.size() / 2], answer);
}

double sign_flip_p(const std::vector<double>& values, int exact_up_to) {
  Random random(1);
  const ordo::stats::PermutationOptions options{.exact_up_to = exact_up_to};
  return ordo::stats::sign_flip_test(values, Alternative::greater, options, random).p_value;
}

double bca_lower(const std::vector<double>& values) {
  Random random(1);
  const auto mean = [](std::span<const double> drawn) { return ordo::stats::mean(drawn); };
  return ordo::stats::bca_interval(values, mean, {}, random).interval.lower;
}

}  // namespace

int main() {
  const auto small = sample(16), medium = sample(20), large = sample(30);
  time_case("sign flips, exact, n = 16", [&] { return sign_flip_p(small, 30); });
  time_case("sign flips, exact, n = 20", [&] { return sign_flip_p(medium, 30); });
  time_case("sign flips, 10,000 drawn, n = 30", [&] { return sign_flip_p(large, 0); });
  time_case("BCa of the mean, 10,000 resamples, n = 30", [&] { return bca_lower(large); });
  time_case("Wilcoxon, exact, n = 30",
            [&] { return ordo::stats::wilcoxon_test(large, Alternative::greater).p_value; });
  return 0;
}
