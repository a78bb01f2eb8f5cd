"""What Ordo's C++ library does to networks, for torch's modules and tensors.

    import ordo

    ordo.train.shrink_perturb_(model, shrink=0.4, perturb=0.1, stream=seed)

Names, defaults and numbers are those of ordo::train in C++. Tensors are shared, not copied. Needs
PyTorch, in the version that the package was built against.
"""

from __future__ import annotations

from ._compiled import _train
from ._shrink import shrink_perturb_

Random = _train.Random

__all__ = ["Random", "shrink_perturb_"]
