// The session of `ordo rmc repl`.
#pragma once

#include "ordo/machine/repl.h"

namespace ordo::machine::rmc {

ReplLanguage repl_language();

}  // namespace ordo::machine::rmc
