// What a comparison's runs gave: the values of its sides seed by seed, and the seeds it lost.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ordo/claims/verdict.h"

namespace ordo::claims {

/// Cells by variant and seed.
class CellIndex {
 public:
  /// Throws UsageError if a variant and seed come twice. The cells must outlive the index.
  explicit CellIndex(std::span<const CellMeasures> cells);

  const CellMeasures* find(const std::string& variant, std::int64_t seed) const;
  /// Seeds that any of the variants has, ascending.
  std::vector<std::int64_t> seeds_of(const std::vector<std::string>& variants) const;
  /// The most seeds that a variant has.
  int most_seeds() const;

 private:
  std::map<std::string, std::map<std::int64_t, const CellMeasures*>> cells_;
};

struct Sample {
  Pairing pairing = Pairing::by_seed;
  std::vector<std::int64_t> seeds = {};       ///< of `left`
  std::vector<double> left = {}, right = {};  ///< of equal length if paired
  std::vector<double> differences =
      {};                         ///< if paired: left - right, 0 if both are the same infinity
  int wanted = 0;                 ///< seeds (or runs, if unpaired) there should be
  int censored = 0;               ///< seeds (or runs) with an infinite value
  bool against_constant = false;  ///< one side names no variant
  bool constant_is_left = false;  ///< of `against_constant`: which side
  std::vector<MissingSeed> missing = {};  ///< one a seed and variant lost
  int lost = 0;                           ///< seeds (or runs) lost
};

/// Gathers a comparison's values. A side without variants is a constant, and then the comparison is
/// never unpaired. Throws InputError if it is unpaired and a variant stands on both sides.
Sample gather(const Claim& claim, const Comparison& comparison, const CellIndex& cells,
              Pairing pairing);

}  // namespace ordo::claims
