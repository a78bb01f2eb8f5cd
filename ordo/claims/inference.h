// One comparison tested by one method: p-values in both directions, bounds, and what it would take
// to decide it.
#pragma once

#include <optional>
#include <string>

#include "ordo/base/random.h"
#include "ordo/claims/sample.h"

namespace ordo::claims {

/// A comparison's sample, its method made definite, ready to answer.
class Inference {
 public:
  /// `method` may be automatic. The sample and comparison must outlive it.
  Inference(const Sample& sample, const Comparison& comparison, Method method,
            const Random& random);

  /// Are there enough runs to say anything? If not, `reason` says why.
  bool possible() const { return reason_.empty(); }
  const std::string& reason() const { return reason_; }

  double p_holds() const;  ///< of the data if the claim is untrue
  double p_fails() const;  ///< of the data if it is true
  /// Mean (median if censored) of left - right.
  double estimate() const;
  std::optional<double> effect() const;
  /// A bound of left - right with error `tail` at each end; nothing where infinities are ranked.
  std::optional<Range> range(double tail) const;
  /// Further seeds for a test at `level`.
  std::optional<int> further_seeds(double level, double power) const;
  /// "exact sign-flip permutation" and the like.
  std::string method_name() const;

 private:
  enum class Rule { exact, binomial, ranks, student, permutation, bootstrap };

  Rule choose(Method method) const;
  bool exactly_true() const;
  /// p of "difference <= margin" against ">"; mirrored: ">=" against "<".
  double p_above(double margin) const;
  double p_below(double margin) const;
  double p_value(double margin, double sign) const;
  double p_paired(const std::vector<double>& shifted) const;
  double p_unpaired(const std::vector<double>& first, const std::vector<double>& second) const;
  double p_bootstrap(const std::vector<double>& shifted) const;
  double p_binomial(double margin, double sign) const;
  Range invert(double tail) const;
  bool paired() const { return sample_.pairing == Pairing::by_seed; }

  const Sample& sample_;
  const Comparison& comparison_;
  Random random_;
  Rule rule_ = Rule::student;
  std::string reason_;
};

}  // namespace ordo::claims
