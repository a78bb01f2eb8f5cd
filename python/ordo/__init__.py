"""Ordo from Python.

`ordo.log` and its like report to a study and need only the standard library:

    import ordo
    for step in range(100):
        ...
        ordo.log(step=step, accuracy=accuracy, loss=loss)
    ordo.result(accuracy=accuracy)

Under `ordo study run` these become curves and results of the cell; anywhere else they do nothing,
so a script needs no second version (docs/events.md has the format).

`ordo.study` runs studies and reads them into pandas. `ordo.train` has what Ordo's C++ library does
to networks, for torch's modules and tensors. Both are loaded when they are first touched; the
second needs PyTorch. docs/python.md teaches all three.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

from ._cell import Cell, cells, params, seed, threads, variant
from ._events import artifact, log, message, progress, result, to
from ._worker import serve
from .errors import (
    Error,
    InputError,
    Interrupted,
    IoError,
    LimitError,
    NumericError,
    UsageError,
)

if TYPE_CHECKING:
    from . import study as study
    from . import train as train

__all__ = [
    "Cell",
    "Error",
    "InputError",
    "Interrupted",
    "IoError",
    "LimitError",
    "NumericError",
    "UsageError",
    "artifact",
    "cells",
    "log",
    "message",
    "params",
    "progress",
    "result",
    "seed",
    "serve",
    "threads",
    "to",
    "variant",
]
__version__ = "0.1.0"

_LOADED_WHEN_TOUCHED = ("study", "train")


def __getattr__(name: str) -> Any:
    if name in _LOADED_WHEN_TOUCHED:
        return importlib.import_module("." + name, __name__)
    raise AttributeError("module 'ordo' has no attribute '%s'" % name)


def __dir__() -> List[str]:
    return sorted({*globals(), *_LOADED_WHEN_TOUCHED})
