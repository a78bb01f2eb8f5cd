// A word that lies in a file of any length, read as its letters are asked for: letters and digits,
// quoted texts, blanks and comments between them, as a word in a question (rmc_from_regex.h).
#pragma once

#include <filesystem>

#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

/// The letters on `location`, the first on top. `path` may be "-" for standard input; `terms` must
/// outlive the stream. Throws IoError; the stream throws InputError with the place of what is no
/// letter.
StackStream word_file(Terms& terms, Symbol location, const std::filesystem::path& path);

}  // namespace ordo::machine::rmc
