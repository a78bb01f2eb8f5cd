// Which examples are for training, validation and testing: drawn once from a seed, then kept. A
// split is recorded in a small JSON file that holds how it was drawn and the SHA-256 of the data,
// not the indices: they come out of the seed again, and are compared with a hash of theirs.
//
// Data may grow at the end, as when every day adds a chunk. Earlier examples keep their part, the
// new ones are divided by the same rule, and the record gets another round; so that nothing tested
// on was ever trained on. Data that changed are refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/base/options.h"
#include "ordo/data/labelled.h"

namespace ordo::data {

struct SplitOptions {
  /// "auto": "source" if the source has a test set of its own, else "random". "random": all
  /// examples are shuffled and divided. "source": the source's own test set is the test set,
  /// validation is drawn from its training set. "within-train": its training set alone is shuffled
  /// and divided, its test set is left out.
  std::string scheme = "auto";
  double test = 0.2;      ///< fraction for testing, rounded up to whole examples
  double validation = 0;  ///< fraction for validation, rounded up; of what "test" is a fraction of
  bool stratified = false;  ///< the same fractions of every class, to within one example
  std::uint64_t seed = 0;

  void describe(OptionSet& set);
};

/// What one round of growth added.
struct SplitRound {
  std::int64_t begin = 0, end = 0;  ///< examples begin to end - 1
  std::string data;                 ///< SHA-256 of them, see hash_of
  std::string split;                ///< SHA-256 of their indices in the three parts
};

/// Three disjoint sets of indices, each in shuffled order within a round, rounds in order.
struct Split {
  Indices train, validation, test;
  SplitOptions options = {};
  std::vector<SplitRound> rounds = {};
};

/// Draws a split. Throws UsageError if the fractions leave nothing to train on, or if the scheme
/// needs a division of the source's own that `data` has not.
Split make_split(const Labelled& data, const SplitOptions& options);

/// The record, without indices.
Json to_json(const Split& split);

/// The split of a record, with a new round if `data` grew. `source` names the record in messages.
/// Throws InputError if the record is malformed or the data are not those it was made for.
Split restore_split(const Json& record, const Labelled& data, const std::string& source);

/// The split that `file` records, made with `options` and recorded if there is no such file yet,
/// and recorded anew if the data grew. Throws UsageError if the record was made with other options.
Split fixed_split(const Labelled& data, const SplitOptions& options,
                  const std::filesystem::path& file);

}  // namespace ordo::data
