// Planted truths: studies whose variants differ by known amounts, judged as any other study is, and
// false verdicts counted. `bench-planted [studies]` (default 1,000) prints a row a setting and ends
// with 1 if a count is larger than its level explains (binomial, 99.9 %).
//
// Each study has variants a and b of equal mean, and c, better by one standard deviation of the
// noise; a share of the noise is common to the runs of one seed. Untrue claims: a > b, a < b,
// a >= b by 0 (at the margin, where errors are likeliest) and a ~= c within 1; true: c > a,
// a ~= b within 1.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ordo/claims/verdict.h"
#include "ordo/stats/distributions.h"

namespace {

using namespace ordo;
using namespace ordo::claims;

enum class Noise { normal, heavy, skewed };
constexpr const char* kNoiseNames[] = {"normal", "heavy", "skewed"};

/// Mean 0; standard deviation 1.
double draw(Noise noise, Random& random) {
  const double z = random.normal();
  if (noise == Noise::normal) return z;
  if (noise == Noise::skewed) return -std::log(1 - random.uniform()) - 1;
  double chi = 0;  // t with 3 degrees, whose variance is 3
  for (int i = 0; i < 3; ++i) {
    const double part = random.normal();
    chi += part * part;
  }
  return z / std::sqrt(chi / 3) / std::sqrt(3.0);
}

void add_seeds(std::vector<CellMeasures>& cells, Noise noise, int from, int to, Random& random) {
  for (int seed = from; seed < to; ++seed) {
    const double common = draw(noise, random);
    for (const char* variant : {"a", "b", "c"}) {
      const double gain = variant[0] == 'c' ? 1 : 0;
      const double value = gain + std::sqrt(0.5) * (common + draw(noise, random));
      cells.push_back({.variant = variant, .seed = seed, .values = {{"m", value}}});
    }
  }
}

struct Counts {
  int false_holds = 0, false_fails = 0, power = 0, equivalent = 0;
};

void count(const std::vector<Verdict>& verdicts, Counts& counts, bool& false_holds,
           bool& false_fails) {
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (i < 4) false_holds = false_holds || verdicts[i].outcome == Outcome::holds;
    if (i >= 4) false_fails = false_fails || verdicts[i].outcome == Outcome::fails;
  }
  counts.power += verdicts[4].outcome == Outcome::holds;
  counts.equivalent += verdicts[5].outcome == Outcome::holds;
}

Counts simulate(Noise noise, int n, int added_looks, int studies) {
  std::vector<Claim> claims;
  for (const char* text : {"m(a) > m(b)", "m(a) < m(b)", "m(a) >= m(b)", "m(a) ~= m(c) within 1",
                           "m(c) > m(a)", "m(a) ~= m(b) within 1"}) {
    claims.push_back(parse_claim(text));
  }
  Counts counts;
  const Random root(20);
  for (int study = 0; study < studies; ++study) {
    Random random = root.split(static_cast<std::uint64_t>(study));
    std::vector<CellMeasures> cells;
    JudgeOptions options;
    options.random = random.split("judge");
    bool false_holds = false, false_fails = false;
    Counts at_last;
    for (int look = 0; look <= added_looks; ++look) {
      add_seeds(cells, noise, look == 0 ? 0 : n + 5 * (look - 1), n + 5 * look, random);
      at_last = {};
      count(judge(claims, cells, options), at_last, false_holds, false_fails);
      options.earlier_looks.push_back(n + 5 * look);
    }
    counts.false_holds += false_holds;
    counts.false_fails += false_fails;
    counts.power += at_last.power;
    counts.equivalent += at_last.equivalent;
  }
  return counts;
}

}  // namespace

int main(int argc, char** argv) {
  const int studies = argc > 1 ? std::atoi(argv[1]) : 1000;
  if (studies < 1) {
    std::fprintf(stderr, "usage: bench-planted [studies >= 1]\n");
    return 2;
  }
  const auto trials = static_cast<std::uint64_t>(studies);
  const auto most = static_cast<int>(stats::binomial_quantile(0.999, trials, 0.05));
  std::printf("%d studies a row; at level 0.05 more than %d false ones would be a fault\n", studies,
              most);
  std::printf("%-8s %4s %6s %12s %12s %10s %12s\n", "noise", "n", "looks", "false holds",
              "false fails", "c > a", "a ~= b");
  bool good = true;
  for (const Noise noise : {Noise::normal, Noise::heavy, Noise::skewed}) {
    for (const int n : {5, 10, 20}) {
      for (const int added : {0, 3}) {
        const Counts counts = simulate(noise, n, added, studies);
        good = good && counts.false_holds <= most && counts.false_fails <= most;
        std::printf("%-8s %4d %6d %12d %12d %10d %12d\n", kNoiseNames[static_cast<int>(noise)], n,
                    added + 1, counts.false_holds, counts.false_fails, counts.power,
                    counts.equivalent);
      }
    }
  }
  return good ? 0 : 1;
}
