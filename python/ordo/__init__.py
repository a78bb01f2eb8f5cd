"""Reporting from Python programs to an Ordo study.

    import ordo
    for step in range(100):
        ...
        ordo.log(step=step, accuracy=accuracy, loss=loss)
    ordo.result(accuracy=accuracy)

Under `ordo study run` these become curves and results of the cell; anywhere else they do nothing,
so a script needs no second version. Standard library only; docs/events.md has the format.
"""

from ._events import artifact, log, message, progress, result, to
from ._cell import Cell, cells, params, seed, threads, variant
from ._worker import serve

__all__ = [
    "Cell",
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
