#include "ordo/claims/sample.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace ordo::claims {
namespace {

std::vector<std::string> variants_of(const Node& side) {
  return Comparison{.left = side, .right = {}}.variants();
}

/// Why this cell has no value for a measure.
std::string reason_for(const CellMeasures* cell, const std::string& measure) {
  if (cell == nullptr) return "not run";
  if (!cell->failure.empty()) return cell->failure;
  if (const auto reason = cell->reasons.find(measure); reason != cell->reasons.end()) {
    return reason->second;
  }
  const bool recorded = cell->values.contains(measure);
  return measure + (recorded ? " is not a number" : " was not recorded");
}

/// The value of a side at one seed; what is missing is added to `missing`.
std::optional<double> side_value(const Node& side, const CellIndex& cells, std::int64_t seed,
                                 std::vector<MissingSeed>& missing) {
  const std::size_t before = missing.size();
  std::string last_variant;
  const auto leaf = [&](const Node& node) {
    last_variant = node.variant;
    const CellMeasures* cell = cells.find(node.variant, seed);
    if (cell != nullptr && cell->failure.empty()) {
      const auto value = cell->values.find(node.name);
      if (value != cell->values.end() && !std::isnan(value->second)) return value->second;
    }
    const bool told =
        std::any_of(missing.begin() + static_cast<std::ptrdiff_t>(before), missing.end(),
                    [&](const MissingSeed& other) { return other.variant == node.variant; });
    if (!told) missing.push_back({node.variant, seed, reason_for(cell, node.name)});
    return 1.0;  // any number: the seed is lost, but every variant that lacks it is to be named
  };
  std::string reason = to_string(side) + " is not a number";
  try {
    const double value = evaluate(side, leaf);
    if (missing.size() > before) return std::nullopt;
    if (!std::isnan(value)) return value;
  } catch (const NumericError& error) {
    if (missing.size() > before) return std::nullopt;
    reason = fmt::format("{}: {}", to_string(side), error.what());
  }
  missing.push_back({last_variant, seed, reason});
  return std::nullopt;
}

void gather_paired(const Comparison& comparison, const CellIndex& cells, Sample& sample) {
  const std::vector<std::int64_t> seeds = cells.seeds_of(comparison.variants());
  sample.wanted = static_cast<int>(seeds.size());
  for (const std::int64_t seed : seeds) {
    const auto left = side_value(comparison.left, cells, seed, sample.missing);
    const auto right = side_value(comparison.right, cells, seed, sample.missing);
    if (!left || !right) {
      ++sample.lost;
      continue;
    }
    sample.seeds.push_back(seed);
    sample.left.push_back(*left);
    sample.right.push_back(*right);
    sample.differences.push_back(*left == *right ? 0 : *left - *right);
    if (std::isinf(*left) || std::isinf(*right)) ++sample.censored;
  }
}

void gather_side(const Node& side, const CellIndex& cells, Sample& sample,
                 std::vector<double>& values, std::vector<std::int64_t>* kept) {
  for (const std::int64_t seed : cells.seeds_of(variants_of(side))) {
    ++sample.wanted;
    const auto value = side_value(side, cells, seed, sample.missing);
    if (!value) {
      ++sample.lost;
      continue;
    }
    values.push_back(*value);
    if (kept != nullptr) kept->push_back(seed);
    if (std::isinf(*value)) ++sample.censored;
  }
}

}  // namespace

CellIndex::CellIndex(std::span<const CellMeasures> cells) {
  for (const CellMeasures& cell : cells) {
    if (!cells_[cell.variant].emplace(cell.seed, &cell).second) {
      throw UsageError(fmt::format("variant '{}' has two cells with seed {}; give one cell a seed",
                                   cell.variant, cell.seed));
    }
  }
}

const CellMeasures* CellIndex::find(const std::string& variant, std::int64_t seed) const {
  const auto seeds = cells_.find(variant);
  if (seeds == cells_.end()) return nullptr;
  const auto cell = seeds->second.find(seed);
  return cell == seeds->second.end() ? nullptr : cell->second;
}

std::vector<std::int64_t> CellIndex::seeds_of(const std::vector<std::string>& variants) const {
  std::set<std::int64_t> seeds;
  for (const std::string& variant : variants) {
    const auto found = cells_.find(variant);
    if (found == cells_.end()) continue;
    for (const auto& [seed, cell] : found->second) seeds.insert(seed);
  }
  return {seeds.begin(), seeds.end()};
}

int CellIndex::most_seeds() const {
  std::size_t most = 0;
  for (const auto& [variant, seeds] : cells_) most = std::max(most, seeds.size());
  return static_cast<int>(most);
}

Sample gather(const Claim& claim, const Comparison& comparison, const CellIndex& cells,
              Pairing pairing) {
  Sample sample;
  const std::vector<std::string> left = variants_of(comparison.left);
  const std::vector<std::string> right = variants_of(comparison.right);
  sample.against_constant = left.empty() || right.empty();
  sample.constant_is_left = left.empty();
  sample.pairing = sample.against_constant ? Pairing::by_seed : pairing;
  if (sample.pairing == Pairing::by_seed) {
    gather_paired(comparison, cells, sample);
    return sample;
  }
  for (const std::string& variant : left) {
    if (std::find(right.begin(), right.end(), variant) != right.end()) {
      throw syntax_error(claim.where, claim.text, comparison.column,
                         fmt::format("unpaired sides must not share a variant, and '{}' stands on "
                                     "both; bring it to one side, or compare by seed",
                                     variant));
    }
  }
  gather_side(comparison.left, cells, sample, sample.left, &sample.seeds);
  gather_side(comparison.right, cells, sample, sample.right, nullptr);
  return sample;
}

}  // namespace ordo::claims
