"""The compiled part of ordo.train, once it is sure that it fits the torch that is here.

It calls torch's C++ library, whose binary interface changes with every release: with another torch
than it was built against it would crash rather than raise."""

import importlib
import sys
from typing import Optional

_REINSTALL = (
    "install ordo again for it: pip install --no-build-isolation --force-reinstall --no-deps "
    "PATH_TO_ORDO"
)


def why_not(built_torch: str, torch: str, built_python: str, python: str) -> Optional[str]:
    """What is wrong with these versions, and what to do; None if they fit."""
    if built_python != python:
        return "ordo.train was built for Python %s and this is Python %s; %s" % (
            built_python,
            python,
            _REINSTALL,
        )
    if built_torch != torch.split("+")[0]:  # CPU and CUDA flavours of a release are alike
        return (
            "ordo.train was built against torch %s and found torch %s; install that torch again "
            "(pip install torch==%s), or %s" % (built_torch, torch, built_torch, _REINSTALL)
        )
    return None


def _check() -> None:
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            "ordo.train needs PyTorch (2.11 or newer), which cannot be imported here (%s). pip "
            "install torch, then %s" % (error, _REINSTALL)
        ) from error
    try:
        built = importlib.import_module("ordo._built")
    except ImportError:
        raise ImportError(
            "this ordo has no compiled part, as no torch of 2.11 or newer was there when it was "
            "installed; torch %s is here now: %s" % (torch.__version__, _REINSTALL)
        ) from None
    python = "%d.%d" % sys.version_info[:2]
    problem = why_not(built.TORCH, torch.__version__, built.PYTHON, python)
    if problem is not None:
        raise ImportError(problem)


_check()

from . import _train as _train  # noqa: E402  (after the check)
