// From recorded runs to verdicts: each finished cell gives its measures, the measures of all cells
// are judged against the claims. Claims are judged once all registered seeds are finished, which is
// the first look; each time seeds were added and have finished is another. In between there are
// means and intervals, and no verdict.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ordo/claims/verdict.h"
#include "ordo/store/store.h"
#include "ordo/trial/expand.h"
#include "ordo/trial/registry.h"

namespace ordo::trial {

/// A cell of the study with what is recorded of it.
struct CellResult {
  Cell cell;
  store::Status status = store::Status::pending;
  std::optional<store::Run> run;               ///< the one that counts
  store::CellId id = 0;                        ///< 0: not registered yet
  std::map<std::string, double> values;        ///< by measure
  std::map<std::string, std::string> reasons;  ///< why a measure has no value
};

/// One measure of one variant over its seeds.
struct Estimate {
  std::string variant, measure;
  std::vector<double> values;  ///< by seed; only those that are there
  double mean = 0;             ///< NaN if there are none
  double low = 0, high = 0;    ///< 95 % Student interval of the mean; infinite for one value
};

struct Results {
  Spec spec;
  std::vector<Variant> variants;
  std::vector<std::int64_t> registered;   ///< seeds
  std::vector<std::int64_t> seeds;        ///< registered, then added
  std::vector<CellResult> cells;          ///< by seed, then variant
  std::vector<Estimate> estimates;        ///< by variant, then measure
  bool is_complete = false;               ///< all cells of all seeds are finished
  std::vector<claims::Verdict> verdicts;  ///< in order of the claims; empty unless complete
  std::string level;                      ///< what alpha means here, in a sentence
  std::vector<store::Look> looks;         ///< earlier ones, and this one if it is recorded
  std::vector<std::string> changes;  ///< of registered parts or cells, after results were there
  std::vector<std::string> errors;   ///< claims that cannot be judged, and why, with their place
};

/// Whether a cell needs no further run: done, or ended badly after its last attempt.
bool is_finished(store::Status status);

/// Reads a stored study and judges it.
Results read_results(const store::Store& store, const std::string& study);
/// The same with the newest finished run of each cell that ran in one of these environments (by
/// hash) instead of the run that counts; cells without one are pending.
Results read_results(const store::Store& store, const std::string& study,
                     const std::set<std::string>& environments);

/// Records the look that `results` is, unless it is recorded already or nothing was judged.
void record_look(store::Store& store, Results& results);

/// The seeds of a stored study: registered, then those that its file or `add-seeds` added.
std::vector<std::int64_t> all_seeds(const store::Store& store, const Registered& registered);

}  // namespace ordo::trial
