// What editors ask about a .fmc file: problems, the type under the cursor, where a name is made.
#pragma once

#include "ordo/machine/lsp.h"

namespace ordo::machine::fmc {

LspLanguage lsp_language();

}  // namespace ordo::machine::fmc
