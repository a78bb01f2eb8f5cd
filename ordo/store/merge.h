// Making one store of several, such as the shards of a study that ran on many machines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::store {

struct MergeOptions {
  std::vector<std::filesystem::path> from;  ///< folders of the stores to read
  std::filesystem::path into = ".ordo";     ///< folder of the store to add to; made if absent
  void describe(OptionSet& set);
};
struct MergeResult {
  std::int64_t studies = 0, cells = 0, runs = 0, artifacts = 0;  ///< added
  std::int64_t present = 0;                                      ///< runs that were there already
  std::int64_t open = 0;               ///< runs left out because they have not ended
  std::vector<std::string> conflicts;  ///< what differed; the store merged into keeps its own
};
/// Adds what `from` has and `into` lacks: studies by name, cells by key, runs by their uid,
/// artifacts by content. Merging again adds nothing. Each store is one transaction. Throws
/// InputError if a study of the same name has another specification.
MergeResult merge(const MergeOptions& options, Context& context);
Json to_json(const MergeResult& result);
std::string to_text(const MergeResult& result);
/// `no` if there were conflicts.
ExitCode exit_code(const MergeResult& result);

}  // namespace ordo::store
