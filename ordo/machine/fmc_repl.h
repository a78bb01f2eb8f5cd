// The language of `ordo fmc repl`: terms run on the session's memory, definitions extend the
// session.
#pragma once

#include "ordo/base/repl.h"

namespace ordo::machine::fmc {

ReplLanguage repl_language();

}  // namespace ordo::machine::fmc
