// Laying out a `.fmc` file: one space where the house puts one, lines of at most 100 columns broken
// at the outermost joins, comments and the blank lines between declarations kept. Only the space
// between tokens changes, so the parse does not, and a second time changes nothing.
#pragma once

#include <string>

#include "ordo/machine/source.h"

namespace ordo::machine::fmc {

/// The text of a well-formed file, laid out. O(size).
std::string format_source(const SourceMap& sources, SourceId file);

}  // namespace ordo::machine::fmc
