"""What the study told this program about the cell, or the cells, that it runs."""

import json
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from . import _events


class Cell(NamedTuple):
    """One variant with one seed, in a program that reports several."""

    key: str
    variant: str
    seed: int
    params: Dict[str, Any]

    def log(
        self,
        metrics: Optional[Mapping[str, Any]] = None,
        *,
        step: Optional[float] = None,
        **named: Any
    ) -> None:
        """As ordo.log, for this cell."""
        _events._log(metrics, step, named, {"key": self.key})

    def result(self, values: Optional[Mapping[str, Any]] = None, **named: Any) -> None:
        """As ordo.result, for this cell."""
        _events._result(values, named, {"key": self.key})


def cells() -> List[Cell]:
    """The cells that a process of many cells is to report; else the one that it is, if any."""
    number = os.environ.get("ORDO_CELLS_FD", "")
    if not number:
        text = os.environ.get("ORDO_CELL", "")
        return [_cell(text)] if text else []
    with open("/proc/self/fd/" + number, encoding="utf-8") as lines:
        return [_cell(line) for line in lines]


def _cell(text: str) -> Cell:
    cell = json.loads(text)
    return Cell(cell["key"], cell["variant"], cell["seed"], cell["params"])


def params() -> Dict[str, Any]:
    """The cell's parameters; empty outside a study."""
    text = os.environ.get("ORDO_CELL", "")
    return dict(json.loads(text)["params"]) if text else {}


def variant(default: str = "") -> str:
    """The cell's variant."""
    return os.environ.get("ORDO_VARIANT", default)


def seed(default: int = 0) -> int:
    """The cell's seed."""
    return int(os.environ.get("ORDO_SEED", default))


def threads(default: int = 1) -> int:
    """How many threads the cell may use."""
    return int(os.environ.get("ORDO_THREADS", default))
