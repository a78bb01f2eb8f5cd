#include "ordo/claims/words.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

namespace ordo::claims {
namespace {

constexpr std::size_t kNamed = 3;  // lost seeds named in a sentence

std::string number(double value) { return fmt::format("{:.4g}", value); }

std::string difference(const Finding& finding) {
  const bool median = finding.censored > 0;
  std::string text =
      fmt::format("{} difference {}", median ? "median" : "mean", number(*finding.estimate));
  const bool relative = finding.left && finding.right && *finding.left > 0 && *finding.right > 0 &&
                        std::isfinite(*finding.estimate) && std::isfinite(*finding.right);
  if (relative) text += fmt::format(" ({:+.3g} %)", 100 * (*finding.left / *finding.right - 1));
  return text;
}

/// The bound that the margin is compared with: low for "above", high for "below".
std::string bound(const Finding& finding, double alpha) {
  if (!finding.bounds) return "";
  const std::string confidence = fmt::format("simultaneous {:.3g} % bound", 100 * (1 - alpha));
  const Relation relation = finding.comparison.relation;
  if (relation == Relation::equivalent || finding.outcome == Outcome::undecided) {
    return fmt::format(", {}s {} and {}", confidence, number(finding.bounds->low),
                       number(finding.bounds->high));
  }
  const bool wants_more = relation == Relation::greater || relation == Relation::greater_equal;
  const bool low = wants_more == (finding.outcome == Outcome::holds);
  return fmt::format(", {} {}", confidence,
                     number(low ? finding.bounds->low : finding.bounds->high));
}

std::string losses(const Finding& finding) {
  if (finding.missing.empty()) return "";
  std::string text = fmt::format(". Lost: {} run{}", finding.missing.size(),
                                 finding.missing.size() == 1 ? "" : "s");
  for (std::size_t i = 0; i < std::min(kNamed, finding.missing.size()); ++i) {
    const MissingSeed& lost = finding.missing[i];
    text +=
        fmt::format("{}{} seed {}: {}", i == 0 ? " (" : "; ", lost.variant, lost.seed, lost.reason);
  }
  return text + (finding.missing.size() > kNamed ? "; ...)" : ")");
}

std::string size(const Finding& finding) {
  if (finding.n_right > 0) return fmt::format("n = {} and {} runs", finding.n, finding.n_right);
  return fmt::format("n = {} seed{}", finding.n, finding.n == 1 ? "" : "s");
}

std::string advice(const Finding& finding) {
  if (finding.outcome != Outcome::undecided) return "";
  if (!finding.seeds_to_decide) return ". How many further seeds would decide it cannot be told";
  return fmt::format(". About {} further seed{} would likely decide it", *finding.seeds_to_decide,
                     *finding.seeds_to_decide == 1 ? "" : "s");
}

std::string tested(const Finding& finding, double alpha) {
  if (finding.method == "compared exactly") {
    return fmt::format(
        "{}; all {} seeds gave the same numbers, so the seed does not matter here and "
        "they were compared exactly",
        difference(finding), finding.n);
  }
  std::string text = fmt::format("{}{}; {}, {}, p = {:.2g} against a level of {:.2g}",
                                 difference(finding), bound(finding, alpha), size(finding),
                                 finding.method, finding.p_value(), finding.level);
  if (finding.censored > 0) {
    text +=
        fmt::format(". In {} of them a value is infinite (never reached), so ranks were compared",
                    finding.censored);
  }
  return text;
}

}  // namespace

std::string finding_sentence(const Finding& finding, const std::string& refusal, double alpha) {
  std::string text = refusal.empty() ? tested(finding, alpha) : refusal;
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text + losses(finding) + (refusal.empty() ? advice(finding) : "") + ".";
}

std::string verdict_sentence(const Verdict& verdict) {
  if (verdict.findings.size() == 1) return verdict.findings.front().sentence;
  const auto count = [&](Outcome outcome) {
    return std::count_if(verdict.findings.begin(), verdict.findings.end(),
                         [&](const Finding& finding) { return finding.outcome == outcome; });
  };
  return fmt::format("{} of {} comparisons hold, {} fail, {} undecided.", count(Outcome::holds),
                     verdict.findings.size(), count(Outcome::fails), count(Outcome::undecided));
}

}  // namespace ordo::claims
