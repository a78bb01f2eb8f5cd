"""What Ordo's C++ library does to networks, for torch's modules and tensors.

    import ordo

    ordo.train.shrink_perturb_(model, shrink=0.4, perturb=0.1, stream=seed)
    norm = ordo.train.GhostBatchNorm2d(64, ghost_size=32)
    regime = ordo.train.Regime.read("f1").adapt(128, 4096)

Names, defaults and numbers are those of C++. Tensors are shared, not copied. Needs PyTorch, in the
version that the package was built against.
"""

from __future__ import annotations

from ._compiled import _train
from ._ghost import GhostBatchNorm1d, GhostBatchNorm2d, GhostBatchNorm3d, convert_batch_norm
from ._shrink import shrink_perturb_

Random = _train.Random
Regime = _train.Regime
scale_rate = _train.scale_rate

__all__ = [
    "GhostBatchNorm1d",
    "GhostBatchNorm2d",
    "GhostBatchNorm3d",
    "Random",
    "Regime",
    "convert_batch_norm",
    "scale_rate",
    "shrink_perturb_",
]
