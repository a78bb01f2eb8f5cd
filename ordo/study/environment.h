// Where a study's cells run: machine, system, versions, and the commit of the study's own folder,
// so that results of two machines or two commits can be told apart and compared.
#pragma once

#include <filesystem>

#include "ordo/base/context.h"
#include "ordo/base/json.h"

namespace ordo::study {

/// {"host", "system", "processor", "cores", "memory_gb", "versions": {"ordo"}, "commit", "dirty"};
/// the last two only if `folder` lies in a git repository. Nothing that changes from run to run, so
/// that equal surroundings give equal records.
JsonObject describe_environment(const std::filesystem::path& folder, Context& context);

}  // namespace ordo::study
