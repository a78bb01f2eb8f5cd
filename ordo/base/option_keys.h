// Options that are written as keys, "sgd:momentum=0.9", and not as flags.
#pragma once

#include <string>

#include "ordo/base/options.h"

namespace ordo {

/// OptionSet::markdown with the names as keys are written: without dashes before them.
std::string markdown_of_keys(const OptionSet& set);

}  // namespace ordo
