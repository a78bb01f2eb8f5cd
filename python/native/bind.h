// What every file of this module stands on: pybind11 as LibTorch ships it, with tensors that cross
// the border as the same tensor, never as a copy.
#pragma once

#include <torch/torch.h>
// Python.h comes by way of this one.
#include <torch/csrc/utils/pybind.h>

namespace ordo::python {

/// Lets other Python threads run while the function works.
using WithoutGil = py::call_guard<py::gil_scoped_release>;

void bind_random(py::module_& module);
void bind_ghost_batch_norm(py::module_& module);
void bind_regime(py::module_& module);

}  // namespace ordo::python
