"""Ghost batch normalisation (Hoffer, Hubara and Soudry, NIPS 2017): a large batch is normalised in
ghosts of some rows each, as if it were small batches."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple, Type

import torch
from torch import nn
from torch.nn import functional

from ._compiled import _train
from .errors import UsageError

_BatchNorm = nn.modules.batchnorm._BatchNorm


class _GhostBatchNorm(_BatchNorm):
    running_std: Optional[torch.Tensor]
    dimensions: Tuple[int, ...]  # that an input may have

    def __init__(
        self,
        num_features: int,
        ghost_size: int = 128,
        eps: float = 1e-5,
        momentum: Optional[float] = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        running: str = "ema_var",
        remainder: str = "merge",
        device: Any = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        _train.ghost_sizes(1, ghost_size, remainder, 1)  # refuses what makes no sense
        if running not in ("ema_var", "paper_std", "paper_literal"):
            raise UsageError(
                "running: expected 'ema_var', 'paper_std' or 'paper_literal', found %r" % (running,)
            )
        if momentum is None and running != "ema_var":
            raise UsageError("momentum=None, the mean over all ghosts, is for running='ema_var'")
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype)
        self.ghost_size = ghost_size
        self.running = running
        self.remainder = remainder
        spread = None
        if track_running_stats and running != "ema_var":
            spread, self.running_var = self.running_var, None
        self.register_buffer("running_std", spread)

    def reset_running_stats(self) -> None:
        for buffer, beginning in (
            (self.running_mean, 0),
            (self.running_var, 1),
            (getattr(self, "running_std", None), 1),  # torch's constructor comes before it is there
            (self.num_batches_tracked, 0),
        ):
            if buffer is not None:
                buffer.fill_(beginning)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        self._require_dimensions(input)
        if not self.training:
            return self._plain(input, training=self.running_mean is None)
        rows, values = input.size(0), input[0, 0].numel() if input.size(0) else 0
        if rows * values < 2:
            raise UsageError(
                "batch normalisation cannot learn from one value a channel (input of shape %s); use "
                "batches of at least two examples and drop a last one of one" % list(input.shape)
            )
        sizes = _train.ghost_sizes(rows, self.ghost_size, self.remainder, values)
        if len(sizes) == 1 and self.running_std is None:
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
            return self._plain(input, training=True)
        output, mean, variance = _train.ghost_batch_norm(
            input, self.weight, self.bias, sizes, self.eps
        )
        if self.running_mean is not None:
            self._track(mean, variance, sizes, values)
        return output

    def _track(
        self, mean: torch.Tensor, variance: torch.Tensor, sizes: List[int], values: int
    ) -> None:
        place = self.running_mean
        spread = self.running_std if self.running_var is None else self.running_var
        assert self.num_batches_tracked is not None and place is not None and spread is not None

        def move(first: int, last: int, momentum: float) -> None:
            _train.track_ghosts(
                mean[first:last], variance[first:last], sizes[first:last], values, self.ghost_size,
                momentum, self.eps, self.running, place, spread,
            )  # fmt: skip

        if self.momentum is not None:
            move(0, len(sizes), self.momentum)
            self.num_batches_tracked.add_(len(sizes))
            return
        for ghost in range(len(sizes)):
            self.num_batches_tracked.add_(1)
            move(ghost, ghost + 1, 1 / float(self.num_batches_tracked))

    def _plain(self, input: torch.Tensor, training: bool) -> torch.Tensor:
        """torch's own: of all rows, or by the running statistics. Evaluation knows no ghosts."""
        momentum, variance = self.momentum, self.running_var
        if momentum is None:
            counted = self.num_batches_tracked
            momentum = 0.0 if counted is None or not training else 1 / float(counted)
        if not training and self.running_std is not None:
            variance = (self.running_std.double().square() - self.eps).to(self.running_std.dtype)
        return functional.batch_norm(
            input, self.running_mean, variance, self.weight, self.bias, training, momentum, self.eps
        )

    def _require_dimensions(self, input: torch.Tensor) -> None:
        if input.dim() not in self.dimensions:
            raise UsageError(
                "expected an input of %s dimensions, found shape %s"
                % (" or ".join(map(str, self.dimensions)), list(input.shape))
            )

    def _check_input_dim(self, input: torch.Tensor) -> None:
        self._require_dimensions(input)  # torch's name for it

    def extra_repr(self) -> str:
        return (
            "{num_features}, ghost_size={ghost_size}, eps={eps}, momentum={momentum}, affine={affine}, "
            "track_running_stats={track_running_stats}, running='{running}', remainder='{remainder}'"
        ).format(**self.__dict__)


_SHAPES = """

    In training each ghost of `ghost_size` neighbouring rows is normalised by its own mean and biased
    variance; gradients stay within ghosts. Running statistics move as that many small batches would
    have moved them. Batches of at most `ghost_size` rows, and evaluation, are torch's BatchNorm, bit
    by bit. State dicts are those of torch's BatchNorm, and load either way.

    num_features  C
    ghost_size    rows that share statistics, at least 2; 0: the whole batch
    eps, momentum, affine, track_running_stats, device, dtype   as in torch.nn.BatchNorm
    running       "ema_var": mean and unbiased variance; "paper_std", "paper_literal": the standard
                  deviation (in the buffer running_std), and the paper's formula as it is printed
    remainder     rows that do not fill a ghost: "merge" (they join the one before if they are fewer
                  than half of one), "split" (they are a smaller one), "error"

    Raises UsageError in training for one value a channel, which has no variance.
    """


class GhostBatchNorm1d(_GhostBatchNorm):
    __doc__ = "Over [n, C] and [n, C, length]." + _SHAPES
    dimensions = (2, 3)


class GhostBatchNorm2d(_GhostBatchNorm):
    __doc__ = "Over [n, C, height, width]." + _SHAPES
    dimensions = (4,)


class GhostBatchNorm3d(_GhostBatchNorm):
    __doc__ = "Over [n, C, depth, height, width]." + _SHAPES
    dimensions = (5,)


_GHOSTS: Dict[type, Type[_GhostBatchNorm]] = {
    nn.BatchNorm1d: GhostBatchNorm1d,
    nn.BatchNorm2d: GhostBatchNorm2d,
    nn.BatchNorm3d: GhostBatchNorm3d,
}


def convert_batch_norm(
    module: nn.Module,
    ghost_size: int = 128,
    running: str = "ema_var",
    remainder: str = "merge",
) -> nn.Module:
    """Replaces each torch BatchNorm in `module` by a GhostBatchNorm, in place, and returns `module`
    (or what stands for it, if it is a batch norm itself). Parameters and buffers stay the same
    objects, so that optimizers and trained models go on; a running standard deviation is made of
    the variance. Other layers, SyncBatchNorm among them, stay."""
    kind = _GHOSTS.get(type(module))
    if kind is not None:
        assert isinstance(module, _BatchNorm)
        return _converted(module, kind, ghost_size, running, remainder)
    for name, child in module.named_children():
        setattr(module, name, convert_batch_norm(child, ghost_size, running, remainder))
    return module


def _converted(
    plain: _BatchNorm, kind: Type[_GhostBatchNorm], ghost_size: int, running: str, remainder: str
) -> _GhostBatchNorm:
    ghosts = kind(
        plain.num_features, ghost_size, plain.eps, plain.momentum, plain.affine,
        plain.track_running_stats, running, remainder,
    )  # fmt: skip
    ghosts.weight, ghosts.bias = plain.weight, plain.bias
    ghosts.running_mean, ghosts.num_batches_tracked = plain.running_mean, plain.num_batches_tracked
    if running == "ema_var":
        ghosts.running_var = plain.running_var
    elif plain.running_var is not None:
        ghosts.running_std = (plain.running_var + plain.eps).sqrt()
    return ghosts.train(plain.training)
