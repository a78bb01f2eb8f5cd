// Claims: what a study says about its variants, in words that can be tested.
//
//   acc(sp) > acc(ri) by 0.02 and steps(sp) <= 0.9 * steps(ri)
//   acc(sp) ~= acc(full) within 0.005
//   acc(sp) > max(acc(a), acc(b))
//   acc(*) >= 0.9
//   loss(lr=0.1,model=mlp) < loss(lr=0.01,model=mlp)
//
// `acc(sp)` is the measure `acc` of the variant `sp`. docs/claims.md is the reference.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/claims/expression.h"

namespace ordo::claims {

enum class Relation { less, less_equal, greater, greater_equal, equivalent };

/// "<", "<=", ">", ">=" or "~=".
std::string_view to_string(Relation relation);

/// One comparison: left relation right, by or within a margin.
struct Comparison {
  Node left, right;
  Relation relation = Relation::greater;
  double margin = 0;       ///< of `by` (at least 0) or `within` (above 0)
  std::string text = {};   ///< as written, or as `resolve` expanded it
  std::size_t column = 1;  ///< where it begins in the claim's text

  /// Variants it speaks of, each once, in order of appearance.
  std::vector<std::string> variants() const;
  /// Measures it speaks of, each once, in order of appearance.
  std::vector<std::string> measures() const;
};

/// How differences are tested.
enum class Method {
  automatic,    ///< Student below 8 pairs, sign-flip permutation from there
  student,      ///< t on paired differences; Welch if unpaired
  permutation,  ///< sign flips, or relabelling if unpaired; exact when few enough
  wilcoxon,     ///< signed ranks, or rank sums if unpaired
  bootstrap,    ///< BCa intervals
};

/// "automatic", "student", "permutation", "wilcoxon" or "bootstrap".
std::string_view to_string(Method method);
/// The reverse; throws UsageError that lists the names.
Method parse_method(const std::string& name);

/// Whether runs of equal seed belong together.
enum class Pairing {
  by_seed,   ///< seeds name common conditions: differences are taken seed by seed
  unpaired,  ///< each variant's runs are a sample of its own
};

/// A claim that was read: it holds if all its comparisons hold.
struct Claim {
  std::string name = {};  ///< how the study calls it; may be empty
  std::string text = {};
  Location where = {};
  std::vector<Comparison> comparisons = {};  ///< at least one
  std::optional<Method> method = {};         ///< if set, goes before the study's
  std::optional<Pairing> pairing = {};       ///< if set, goes before the study's
};

/// Reads a claim. `where` is the place of the text, for errors. Throws InputError with a caret
/// below the place and what was expected.
Claim parse_claim(std::string_view text, const Location& where = {});

/// The claim over the variants and measures that exist: checks every name, and writes out `*`. In a
/// comparison `*` stands for each variant that the comparison does not name, one comparison each;
/// in the argument of max, min or mean, for all of these at once. Throws InputError naming the
/// nearest known name.
Claim resolve(const Claim& claim, std::span<const std::string> variants,
              std::span<const std::string> measures);

}  // namespace ordo::claims
