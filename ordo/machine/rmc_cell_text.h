// The fast machine's cells as short texts, for messages: however large a term or a stack is, no
// more of it is looked at than is shown.
#pragma once

#include <string>

#include "ordo/machine/rmc_code.h"

namespace ordo::machine::rmc {

/// A term, cut off after about `limit` bytes.
std::string cell_text(const Terms& terms, Word value, std::size_t limit);
/// The topmost items of a stack (the address of its first pair), top rightmost.
std::string stack_text(const Terms& terms, Word stack, std::size_t limit);

}  // namespace ordo::machine::rmc
