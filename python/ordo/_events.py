"""Events as lines of JSON, each written whole, so that threads and forks do not mix them."""

import json
import math
import os
import threading
from typing import Any, Dict, Mapping, Optional, Union

_lock = threading.Lock()
_file: Optional[int] = None  # where `to` sends events
_steps: Dict[Any, int] = {}  # next step of a series that is logged without one


def to(path: Optional[Union[str, "os.PathLike[str]"]]) -> None:
    """Appends events to the file `path` instead; None goes back to the study's descriptor."""
    global _file
    with _lock:
        if _file is not None:
            os.close(_file)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        _file = None if path is None else os.open(path, flags, 0o666)


def log(
    metrics: Optional[Mapping[str, Any]] = None, *, step: Optional[float] = None, **named: Any
) -> None:
    """One point of each named series. Without `step` they count 0, 1, 2, ... by themselves.

    Values are anything float() takes, NumPy and torch scalars too."""
    _log(metrics, step, named, None)


def result(values: Optional[Mapping[str, Any]] = None, **named: Any) -> None:
    """Final numbers and texts of this cell. Later values replace earlier ones of the same name."""
    _result(values, named, None)


def artifact(path: Any, name: Optional[str] = None, media: str = "") -> None:
    """A file to keep with the cell; it must be complete and stay until the program ends."""
    _emit("artifact", {"path": os.path.abspath(path), "name": name or "", "media": media}, None)


def progress(done: float, total: float = 0, task: str = "", unit: str = "") -> None:
    """How far the program has come; a `total` of 0 is unknown."""
    body = {"task": task, "done": float(done), "total": float(total), "unit": unit}
    _emit("progress", body, None)


def message(text: str, level: str = "info") -> None:
    """A line for the person who watches; `level` is "info" or "warning"."""
    _emit("message", {"level": level, "text": str(text)}, None)


def _log(metrics: Any, step: Optional[float], named: Mapping[str, Any], cell: Any) -> None:
    lines = []
    for name, value in {**(metrics or {}), **named}.items():
        at = _next_step(cell, name) if step is None else float(step)
        body = {"name": str(name), "step": at, "value": _number(value, name)}
        lines.append(_line("metric", body, cell))
    _write("".join(lines))


def _result(values: Any, named: Mapping[str, Any], cell: Any) -> None:
    plain = {str(name): _plain(value, name) for name, value in {**(values or {}), **named}.items()}
    _emit("result", {"values": plain}, cell)


def _next_step(cell: Any, name: str) -> int:
    key = (json.dumps(cell, sort_keys=True), name)
    with _lock:
        step = _steps.get(key, 0)
        _steps[key] = step + 1
    return step


def _number(value: Any, name: str) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(
            "ordo: expected a number for '%s', found %s %r" % (name, type(value).__name__, value)
        ) from None
    return number if math.isfinite(number) else _name_of(number)


def _name_of(number: float) -> str:
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _plain(value: Any, name: str) -> Any:
    """`value` as JSON can hold it: containers by their items, array scalars by float()."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item, name) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, name) for item in value]
    return _number(value, name)


def _line(kind: str, body: Mapping[str, Any], cell: Any) -> str:
    event = {"ordo": 1, "type": kind}
    event.update(body)
    if cell is not None:
        event["cell"] = cell
    return json.dumps(event, separators=(",", ":"), allow_nan=False) + "\n"


def _emit(kind: str, body: Mapping[str, Any], cell: Any) -> None:
    _write(_line(kind, body, cell))


def _write(text: str) -> None:
    data = text.encode()
    with _lock:
        target = _file
        if target is None:
            number = os.environ.get("ORDO_EVENTS_FD", "")
            if not number:
                return
            target = int(number)
        try:
            while data:
                data = data[os.write(target, data) :]
        except OSError:
            pass  # nobody listens any more; the work itself goes on


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # another thread of the parent may have held it
    _steps.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
