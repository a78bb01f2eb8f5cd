// Studies as they stand in a store: what was registered, and what was changed afterwards. A claim
// that is written after the results were seen proves less than one that was written before, so a
// change of seeds, claims or measures is recorded with the study and told with every verdict.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ordo/store/store.h"
#include "ordo/trial/spec.h"

namespace ordo::trial {

/// What differs between two versions of a study in what is registered: seeds, alpha, method,
/// pairing, measures, claims. One sentence each.
std::vector<std::string> registered_changes(const Spec& before, const Spec& now);

/// A study as the store holds it.
struct Registered {
  Spec spec;                         ///< the newest version
  std::vector<std::int64_t> seeds;   ///< registered before the first look
  std::vector<std::string> changes;  ///< made after the first cell was finished
};

/// Registers `spec`, or takes up a new version of it. Until the first cell is finished the file may
/// change freely. After that, changes are recorded; after the first look the registered seeds stay
/// as they were, and further ones count as added. Returns what changed this time.
std::vector<std::string> register_study(store::Store& store, const Spec& spec);

/// A stored study. Throws UsageError if there is none of that name, with the nearest.
Registered read_registered(const store::Store& store, const std::string& name);

/// What a person calls a study by: the path of its file if it ends in ".toml" or there is such a
/// file, else the name of a stored one.
bool is_file_name(const std::string& study);

}  // namespace ordo::trial
