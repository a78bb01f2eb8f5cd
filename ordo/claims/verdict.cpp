// From samples to verdicts. Every comparison of every claim gets two p-values, against "untrue" and
// against "true"; Holm's step-down over all comparisons is applied to each kind by itself at the
// level of this look, so each kind of false verdict has at most that probability, family-wise. A
// comparison that cannot be tested keeps p = 1 and its place in the family: what gets into the
// family must not depend on what came out.
//
// The bounds that are reported are simultaneous by Bonferroni. Holm is never weaker: what a bound
// shows to clear its margin Holm rejects too, and what Holm rejects may have a bound that does not
// quite clear (the bounds that match Holm's rejections exactly are useless for reading: they equal
// the margin).
#include "ordo/claims/verdict.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "ordo/claims/inference.h"
#include "ordo/claims/sample.h"
#include "ordo/claims/words.h"
#include "ordo/stats/multiple.h"
#include "ordo/stats/sequential.h"

namespace ordo::claims {
namespace {

void check_options(const JudgeOptions& options) {
  const auto require = [](bool good, const char* name, const char* range, double value) {
    if (!good) throw UsageError(fmt::format("{} must be {}, not {}", name, range, value));
  };
  require(options.alpha > 0 && options.alpha < 0.5, "alpha", "between 0 and 0.5", options.alpha);
  require(options.missing_allowed >= 0 && options.missing_allowed <= 1, "the share of lost seeds",
          "between 0 and 1", options.missing_allowed);
  require(options.power > 0 && options.power < 1, "power", "between 0 and 1", options.power);
  require(options.registered_seeds >= 0, "the registered number of seeds", "at least 0",
          options.registered_seeds);
  for (const int look : options.earlier_looks)
    require(look > 0, "a look's seeds", "positive", look);
}

/// Levels of this look and the next. Judging again with as many seeds is the same look.
struct Levels {
  double now = 0, next = 0;
  int looks = 1;  ///< with this one
};

Levels spend(const JudgeOptions& options, int seeds_now) {
  std::set<int> earlier(options.earlier_looks.begin(), options.earlier_looks.end());
  earlier.erase(seeds_now);
  std::vector<double> spent;
  const auto take = [&] {
    spent.push_back(stats::next_look_level(options.alpha, spent));
    return spent.back();
  };
  for (std::size_t look = 0; look < earlier.size(); ++look) take();
  const double now = take();
  return {.now = now, .next = take(), .looks = static_cast<int>(earlier.size()) + 1};
}

std::vector<Claim> resolve_all(std::span<const Claim> claims, std::span<const CellMeasures> cells) {
  std::vector<std::string> variants, measures;
  std::set<std::string> seen_variants, seen_measures;
  const auto add_measure = [&](const std::string& name) {
    if (seen_measures.insert(name).second) measures.push_back(name);
  };
  for (const CellMeasures& cell : cells) {
    if (seen_variants.insert(cell.variant).second) variants.push_back(cell.variant);
    for (const auto& [name, value] : cell.values) add_measure(name);
    for (const auto& [name, reason] : cell.reasons) add_measure(name);
  }
  // Before any run has reported, measures cannot be told from mistakes; the study checks names.
  for (const Claim& claim : claims) {
    if (!measures.empty()) break;
    for (const Comparison& comparison : claim.comparisons) {
      for (const std::string& name : comparison.measures()) add_measure(name);
    }
  }
  std::vector<Claim> resolved;
  for (const Claim& claim : claims) resolved.push_back(resolve(claim, variants, measures));
  return resolved;
}

double signed_margin(const Comparison& comparison) {
  const bool less =
      comparison.relation == Relation::less || comparison.relation == Relation::less_equal;
  return less && comparison.margin != 0 ? -comparison.margin : comparison.margin;
}

double average(const std::vector<double>& values, bool robust) {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  if (robust)
    return sorted.size() % 2 == 1 ? sorted[middle]
                                  : std::midpoint(sorted[middle - 1], sorted[middle]);
  return std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
}

/// One comparison on its way to a finding.
struct Case {
  Case(const Claim& claim, const Comparison& comparison, const CellIndex& cells,
       const JudgeOptions& options, std::uint64_t index)
      : sample(gather(claim, comparison, cells, claim.pairing.value_or(options.pairing))),
        inference(sample, comparison, claim.method.value_or(options.method),
                  options.random.split(index)) {}
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  Sample sample;
  Inference inference;
  std::string refusal = {};
  Finding finding = {};
};

void describe_sample(Case& one, const Comparison& comparison, double alpha, std::size_t family) {
  const Sample& sample = one.sample;
  Finding& finding = one.finding;
  finding.comparison = comparison;
  finding.margin = signed_margin(comparison);
  finding.n = static_cast<int>(sample.left.size());
  const bool unpaired = sample.pairing == Pairing::unpaired;
  finding.n_right = unpaired ? static_cast<int>(sample.right.size()) : 0;
  finding.seeds = sample.seeds;
  finding.differences = sample.differences;
  finding.censored = sample.censored;
  finding.missing = sample.missing;
  if (sample.left.empty() || sample.right.empty()) return;
  finding.left = average(sample.left, sample.censored > 0);
  finding.right = average(sample.right, sample.censored > 0);
  finding.estimate = one.inference.estimate();
  if (!one.inference.possible()) return;
  finding.effect = one.inference.effect();
  finding.interval = one.inference.range(alpha / 2);
  finding.bounds = one.inference.range(alpha / static_cast<double>(family));
  finding.method = one.inference.method_name();
}

void test(Case& one, const JudgeOptions& options) {
  const Sample& sample = one.sample;
  one.refusal = one.inference.reason();
  if (sample.lost > options.missing_allowed * sample.wanted + 1e-9) {
    one.refusal = fmt::format("{} of {} seeds were lost, more than the {:.3g} % that may be",
                              sample.lost, sample.wanted, 100 * options.missing_allowed);
  }
  if (!one.refusal.empty()) return;
  one.finding.p_holds = one.inference.p_holds();
  one.finding.p_fails = one.inference.p_fails();
}

/// Holm's step-down: which are rejected, and the level at which each was tested.
struct Steps {
  std::vector<char> rejected;
  std::vector<double> levels;
};

Steps step_down(const std::vector<double>& p_values, double alpha) {
  const std::vector<double> adjusted = stats::holm_adjust(p_values);
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(p_values[a], a) < std::pair(p_values[b], b);
  });
  Steps steps{std::vector<char>(p_values.size(), 0), std::vector<double>(p_values.size(), 0)};
  double level = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    // Once one is not rejected, all after it were stopped at its level.
    const bool stopped = rank > 0 && !steps.rejected[order[rank - 1]];
    if (!stopped) level = alpha / static_cast<double>(order.size() - rank);
    steps.rejected[order[rank]] = adjusted[order[rank]] <= alpha;
    steps.levels[order[rank]] = level;
  }
  return steps;
}

void decide(std::vector<std::unique_ptr<Case>>& cases, const Levels& levels,
            const JudgeOptions& options) {
  std::vector<double> p_holds, p_fails;
  for (const auto& one : cases) {
    p_holds.push_back(one->finding.p_holds);
    p_fails.push_back(one->finding.p_fails);
  }
  const Steps holds = step_down(p_holds, levels.now), fails = step_down(p_fails, levels.now);
  const double next = levels.next / static_cast<double>(std::max<std::size_t>(cases.size(), 1));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Finding& finding = cases[i]->finding;
    const bool toward_fails = finding.p_fails < finding.p_holds;
    finding.level = toward_fails ? fails.levels[i] : holds.levels[i];
    if (holds.rejected[i]) finding.outcome = Outcome::holds;
    if (fails.rejected[i]) finding.outcome = Outcome::fails;
    if (finding.outcome == Outcome::undecided && cases[i]->inference.possible()) {
      finding.seeds_to_decide = cases[i]->inference.further_seeds(next, options.power);
    }
    finding.sentence = finding_sentence(finding, cases[i]->refusal, levels.now);
  }
}

/// A claim's outcome from its comparisons': any fails, else any undecided, else holds.
void conclude(Verdict& verdict) {
  verdict.outcome = Outcome::holds;
  bool countable = true;
  for (const Finding& finding : verdict.findings) {
    if (finding.outcome == Outcome::fails) verdict.outcome = Outcome::fails;
    if (finding.outcome != Outcome::undecided) continue;
    if (verdict.outcome == Outcome::holds) verdict.outcome = Outcome::undecided;
    countable = countable && finding.seeds_to_decide.has_value();
    verdict.seeds_to_decide = std::max(verdict.seeds_to_decide, finding.seeds_to_decide);
  }
  if (verdict.outcome != Outcome::undecided || !countable) verdict.seeds_to_decide.reset();
  verdict.sentence = verdict_sentence(verdict);
}

template <class T>
Json optional_json(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json range_json(const std::optional<Range>& range) {
  if (!range) return Json();
  return Json::object({{"low", range->low}, {"high", range->high}});
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view kNames[] = {"holds", "fails", "undecided"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::vector<Verdict> judge(std::span<const Claim> claims, std::span<const CellMeasures> cells,
                           const JudgeOptions& options) {
  check_options(options);
  const CellIndex index(cells);
  const Levels levels = spend(options, index.most_seeds());
  const std::vector<Claim> resolved = resolve_all(claims, cells);
  std::size_t family = 0;
  for (const Claim& claim : resolved) family += claim.comparisons.size();
  std::vector<std::unique_ptr<Case>> cases;
  for (const Claim& claim : resolved) {
    for (const Comparison& comparison : claim.comparisons) {
      cases.push_back(std::make_unique<Case>(claim, comparison, index, options, cases.size()));
      describe_sample(*cases.back(), comparison, levels.now, family);
      test(*cases.back(), options);
    }
  }
  decide(cases, levels, options);
  std::vector<Verdict> verdicts;
  std::size_t next = 0;
  for (const Claim& claim : resolved) {
    Verdict verdict{.claim = claim, .seeds_to_decide = {}};
    for (std::size_t i = 0; i < claim.comparisons.size(); ++i) {
      verdict.findings.push_back(std::move(cases[next++]->finding));
    }
    conclude(verdict);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

double Finding::p_value() const {
  switch (outcome) {
    case Outcome::holds:
      return p_holds;
    case Outcome::fails:
      return p_fails;
    case Outcome::undecided:
      break;
  }
  return std::min(p_holds, p_fails);
}

Json to_json(const Finding& finding) {
  Json missing = Json::array();
  for (const MissingSeed& lost : finding.missing) {
    missing.push_back(
        Json::object({{"variant", lost.variant}, {"seed", lost.seed}, {"reason", lost.reason}}));
  }
  return Json::object({{"comparison", finding.comparison.text},
                       {"relation", std::string(to_string(finding.comparison.relation))},
                       {"outcome", std::string(to_string(finding.outcome))},
                       {"n", finding.n},
                       {"n_right", finding.n_right},
                       {"seeds", Json::array_of(finding.seeds)},
                       {"differences", Json::array_of(finding.differences)},
                       {"left", optional_json(finding.left)},
                       {"right", optional_json(finding.right)},
                       {"estimate", optional_json(finding.estimate)},
                       {"effect", optional_json(finding.effect)},
                       {"interval", range_json(finding.interval)},
                       {"bounds", range_json(finding.bounds)},
                       {"margin", finding.margin},
                       {"p_holds", finding.p_holds},
                       {"p_fails", finding.p_fails},
                       {"level", finding.level},
                       {"method", finding.method},
                       {"censored", finding.censored},
                       {"missing", missing},
                       {"seeds_to_decide", optional_json(finding.seeds_to_decide)},
                       {"sentence", finding.sentence}});
}

Json to_json(const Verdict& verdict) {
  Json findings = Json::array();
  for (const Finding& finding : verdict.findings) findings.push_back(to_json(finding));
  return Json::object({{"name", verdict.claim.name},
                       {"claim", verdict.claim.text},
                       {"outcome", std::string(to_string(verdict.outcome))},
                       {"findings", findings},
                       {"seeds_to_decide", optional_json(verdict.seeds_to_decide)},
                       {"sentence", verdict.sentence}});
}

std::string describe_level(std::span<const Verdict> verdicts, const JudgeOptions& options) {
  std::size_t family = 0;
  int seeds = 0;
  for (const Verdict& verdict : verdicts) {
    family += verdict.findings.size();
    for (const Finding& finding : verdict.findings) {
      seeds = std::max(seeds, finding.n + static_cast<int>(finding.missing.size()));
    }
  }
  const Levels levels = spend(options, seeds);
  std::string text =
      fmt::format("{} comparison{} share{} a level of {:.3g} in each direction (Holm)", family,
                  family == 1 ? "" : "s", family == 1 ? "s" : "", options.alpha);
  text +=
      levels.looks == 1
          ? fmt::format("; this first look uses {:.3g} of it, the rest is kept for added seeds.",
                        levels.now)
          : fmt::format(
                "; this is look {} at the data, and after what the earlier looks used it "
                "may use {:.3g}.",
                levels.looks, levels.now);
  return text;
}

}  // namespace ordo::claims
