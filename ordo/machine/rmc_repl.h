// The session of `ordo rmc repl`.
#pragma once

#include "ordo/base/repl.h"

namespace ordo::machine::rmc {

ReplLanguage repl_language();

}  // namespace ordo::machine::rmc
