// The compiled part of the Python package `ordo`: what `ordo.train` calls. It stands on the torch
// that Python has loaded, and on our rooms, which are linked into it.
#include "python/native/bind.h"
#include "python/native/errors.h"

PYBIND11_MODULE(_train, module) {
  module.doc() = "What ordo.train calls; not for use by itself.";
  ordo::python::register_errors();
  ordo::python::bind_random(module);
  ordo::python::bind_ghost_batch_norm(module);
  ordo::python::bind_regime(module);
}
