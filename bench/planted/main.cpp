// Planted truths: studies whose variants differ by known amounts, judged as any other study is, and
// false verdicts counted. `bench-planted [studies] [seeds]` (default: 1,000 of 5, 10 and 20
// seeds) prints a line a setting as soon as it is done. README.md holds a run.
//
// Variants a and b have mean 10, c has 11 and d has 9; a run's noise has standard deviation 1, half
// of its variance common to the runs of one seed, so that differences have standard deviation 1
// too. Claims stand at their margins, where errors are likeliest. "any" counts studies with at
// least one false verdict of a kind, which the level bounds; "constant" those in which the claim
// against a constant was among them. Sign flips and Student suppose differences symmetric about
// their mean, and a skewed sample less a constant is not: the program ends with 1 if a count
// without such claims is over.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "ordo/claims/verdict.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/power.h"
#include "ordo/stats/sequential.h"

namespace {

using namespace ordo;
using namespace ordo::claims;

constexpr double kAlpha = 0.05;
constexpr int kAddedSeeds = 2;  // by each added look

enum class Noise { normal, heavy, skewed };
constexpr const char* kNoiseNames[] = {"normal", "t3", "exponential"};

/// Mean 0; standard deviation 1.
double draw(Noise noise, Random& random) {
  if (noise == Noise::skewed) return -std::log(1 - random.uniform()) - 1;
  const double z = random.normal();
  if (noise == Noise::normal) return z;
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
    for (const auto& [variant, mean] : {std::pair{"a", 10}, {"b", 10}, {"c", 11}, {"d", 9}}) {
      const double value = mean + std::sqrt(0.5) * (common + draw(noise, random));
      cells.push_back({.variant = variant, .seed = seed, .values = {{"m", value}}});
    }
  }
}

struct Planted {
  const char* text;
  bool is_true;
  bool constant = false;
};

const std::vector<Planted> kMixed = {{"m(c) > m(a)", true},
                                     {"m(a) ~= m(b) within 1", true},
                                     {"m(a) >= m(b)", true},
                                     {"m(a) >= 10", true, true},
                                     {"m(a) > m(b)", false},
                                     {"m(a) < m(b)", false},
                                     {"m(a) ~= m(c) within 1", false},
                                     {"m(d) < 0.9 * m(a)", false},
                                     {"m(a) < 10", false, true}};
const std::vector<Planted> kConstant = {{"m(a) < 10", false, true}};

struct Setting {
  Noise noise = Noise::normal;
  int n = 0;            ///< seeds at the first look
  int added_looks = 0;  ///< kAddedSeeds more seeds each
};

struct Errors {
  int any = 0, constant = 0, other = 0;
};

struct Counts {
  Errors holds, fails;
  int greater_at_first = 0;  ///< c > a holds at the first look
  int greater = 0;           ///< at any look
  int equivalent = 0;        ///< a ~= b holds at any look
};

struct Seen {
  bool constant = false, other = false;
  void add_to(Errors& errors) const {
    errors.any += constant || other;
    errors.constant += constant;
    errors.other += other;
  }
};

Counts simulate(const std::vector<Planted>& planted, const Setting& setting, int studies) {
  std::vector<Claim> claims;
  for (const Planted& one : planted) claims.push_back(parse_claim(one.text));
  Counts counts;
  const Random root(20);
  for (int study = 0; study < studies; ++study) {
    Random random = root.split(static_cast<std::uint64_t>(study));
    std::vector<CellMeasures> cells;
    JudgeOptions options{.alpha = kAlpha};
    options.random = random.split("judge");
    Seen holds, fails;
    bool greater = false, equivalent = false;
    for (int look = 0; look <= setting.added_looks; ++look) {
      const int seeds = setting.n + kAddedSeeds * look;
      add_seeds(cells, setting.noise, look == 0 ? 0 : seeds - kAddedSeeds, seeds, random);
      const std::vector<Verdict> verdicts = judge(claims, cells, options);
      options.earlier_looks.push_back(seeds);
      greater = greater || verdicts[0].outcome == Outcome::holds;
      equivalent = equivalent || verdicts[1 % verdicts.size()].outcome == Outcome::holds;
      if (look == 0) counts.greater_at_first += greater;
      for (std::size_t i = 0; i < planted.size(); ++i) {
        const Outcome wrong = planted[i].is_true ? Outcome::fails : Outcome::holds;
        if (verdicts[i].outcome != wrong) continue;
        Seen& seen = planted[i].is_true ? fails : holds;
        (planted[i].constant ? seen.constant : seen.other) = true;
      }
    }
    holds.add_to(counts.holds);
    fails.add_to(counts.fails);
    counts.greater += greater;
    counts.equivalent += equivalent;
  }
  return counts;
}

/// Power of Student's test of c > a at the first look, at the level of Holm's first step.
double predicted_power(int seeds) {
  const double level = stats::next_look_level(kAlpha, {}) / static_cast<double>(kMixed.size());
  return stats::paired_t_power(1, static_cast<std::size_t>(seeds), level);
}

void print_row(const Setting& setting, const Counts& mixed, const Counts& lone, int studies,
               int most) {
  const auto word = [&](int count) { return count <= most ? "ok" : "over"; };
  const auto percent = [&](int count) { return 100.0 * count / studies; };
  std::printf("| %s | %d | %d | %d | %d | %d | %d | %s | %.1f %% | %.1f %% | %.1f %% | %.1f %% |",
              kNoiseNames[static_cast<int>(setting.noise)], setting.n, setting.added_looks + 1,
              mixed.holds.any, mixed.holds.constant, mixed.fails.any, mixed.fails.constant,
              word(std::max(mixed.holds.any, mixed.fails.any)), percent(mixed.greater_at_first),
              100 * predicted_power(setting.n), percent(mixed.greater), percent(mixed.equivalent));
  std::printf(" %d | %s |\n", lone.holds.any, word(lone.holds.any));
}

}  // namespace

int main(int argc, char** argv) {
  const int studies = argc > 1 ? std::atoi(argv[1]) : 1000;
  const std::vector<int> sizes =
      argc > 2 ? std::vector<int>{std::atoi(argv[2])} : std::vector<int>{5, 10, 20};
  if (studies < 1 || sizes.front() < 2) {
    std::fprintf(stderr, "usage: bench-planted [studies >= 1] [seeds >= 2]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const auto most = static_cast<int>(
      stats::binomial_quantile(0.999, static_cast<std::uint64_t>(studies), kAlpha));
  std::printf("%d studies a row; more than %d with a false verdict are over the level of %.2f\n\n",
              studies, most, kAlpha);
  std::printf(
      "| noise | n | looks | false holds: any | constant | false fails: any | constant | | c > a, "
      "first look | predicted | c > a | a ~= b | lone constant: false holds | |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  bool good = true;
  for (const Noise noise : {Noise::normal, Noise::heavy, Noise::skewed}) {
    for (const int n : sizes) {
      for (const int added : {0, 3}) {
        const Setting setting{noise, n, added};
        const Counts mixed = simulate(kMixed, setting, studies);
        const Counts lone = simulate(kConstant, setting, studies);
        good = good && mixed.holds.other <= most && mixed.fails.other <= most;
        if (noise != Noise::skewed) good = good && lone.holds.any <= most;
        print_row(setting, mixed, lone, studies, most);
      }
    }
  }
  return good ? 0 : 1;
}
