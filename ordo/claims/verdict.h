// Verdicts: what the recorded numbers say about the claims.
//
// Each comparison of each claim is tested in both directions. It `holds` if the simultaneous
// one-sided bound of the difference clears the margin, `fails` if the bound of the other side does,
// and is `undecided` otherwise. What is controlled, at level alpha each: the probability that any
// comparison of the study that is untrue is said to hold, and the probability that any that is true
// is said to fail (Holm over all comparisons of all claims; a study looked at k times spends alpha
// over its looks). docs/claims.md tells what each method supposes for that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/base/random.h"
#include "ordo/claims/claim.h"

namespace ordo::claims {

enum class Outcome { holds, fails, undecided };

/// "holds", "fails" or "undecided".
std::string_view to_string(Outcome outcome);

/// The measures of one cell: a variant run under a seed.
struct CellMeasures {
  std::string variant;
  std::int64_t seed = 0;
  std::map<std::string, double> values = {};        ///< by the measure's name; NaN counts as failed
  std::string failure = {};                         ///< why the run gave nothing ("timed out")
  std::map<std::string, std::string> reasons = {};  ///< why a measure has no value in this run
};

/// How a study judges.
struct JudgeOptions {
  double alpha = 0.05;  ///< family level of each direction, in (0, 0.5)
  Method method = Method::automatic;
  Pairing pairing = Pairing::by_seed;
  int registered_seeds = 0;  ///< number of seeds the study set out with; 0: not registered
  std::vector<int> earlier_looks = {};  ///< seeds a variant had when it was judged before, in order
  double missing_allowed = 0.2;  ///< share of a comparison's seeds that may be lost, in [0, 1]
  double power = 0.8;            ///< wanted when further seeds are counted, in (0, 1)
  Random random{0};              ///< for Monte Carlo permutations and the bootstrap
};

/// A seed that a comparison lost, and why.
struct MissingSeed {
  std::string variant;
  std::int64_t seed = 0;
  std::string reason;  ///< "timed out", "acc is not a number", "not run yet"
};

/// A range on the scale of left - right; infinite where nothing bounds it.
struct Range {
  double low = 0;
  double high = 0;
};

/// What came of one comparison. Differences are left - right, whatever the relation.
struct Finding {
  Comparison comparison;
  Outcome outcome = Outcome::undecided;
  int n = 0;                             ///< seeds (pairs) that were compared
  int n_right = 0;                       ///< runs on the right if unpaired, else 0
  std::vector<std::int64_t> seeds = {};  ///< [n] seeds compared; of the left if unpaired
  std::vector<double> differences = {};  ///< [n] seed by seed; empty if unpaired
  std::optional<double> left, right;     ///< means of the sides
  std::optional<double> estimate;        ///< mean difference; the median where ranks are compared
  std::optional<double> effect;   ///< standardised: d_z of the differences; Hedges' g if unpaired
  std::optional<Range> interval;  ///< two-sided, 1 - alpha, for this comparison alone
  std::optional<Range> bounds;    ///< one-sided simultaneous bounds, low and high
  double margin = 0;              ///< the value that the difference must clear, signed
  double p_holds = 1;             ///< against "untrue", before Holm
  double p_fails = 1;             ///< against "true", before Holm
  double level = 0;               ///< level at which Holm tested it
  std::string method = {};        ///< in words: "exact sign-flip permutation"
  int censored = 0;               ///< seeds with an infinite value on either side
  std::vector<MissingSeed> missing = {};
  std::optional<int> seeds_to_decide;  ///< further seeds that likely decide it, if undecided
  std::string sentence = {};           ///< the numbers in plain words

  /// The one to show beside the outcome: toward it, and of an undecided comparison the smaller.
  double p_value() const;
};

/// What came of one claim.
struct Verdict {
  Claim claim;  ///< resolved
  Outcome outcome = Outcome::undecided;
  std::vector<Finding> findings = {};  ///< one per comparison
  std::optional<int> seeds_to_decide;  ///< the most that any undecided comparison needs
  std::string sentence = {};
};

/// Judges all claims of a study together. A claim holds if all its comparisons hold and fails if
/// any fails. Claims may be unresolved: variants are those of `cells`, measures those that any cell
/// names. Throws UsageError for options out of range and what `resolve` throws.
std::vector<Verdict> judge(std::span<const Claim> claims, std::span<const CellMeasures> cells,
                           const JudgeOptions& options);

/// All fields, keys as named above; absent numbers are null.
Json to_json(const Finding& finding);
Json to_json(const Verdict& verdict);

/// What alpha means for this study, in a sentence: the family, its size, the looks.
std::string describe_level(std::span<const Verdict> verdicts, const JudgeOptions& options);

}  // namespace ordo::claims
