// The library's errors as Python's: those of ordo/errors.py, each also the built-in one that fits.
#pragma once

namespace ordo::python {

/// What functions of this module throw from now on arrives in Python as ordo.UsageError and so on.
void register_errors();

}  // namespace ordo::python
