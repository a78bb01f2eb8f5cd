"""Shrink and perturb (Ash and Adams, NeurIPS 2020): theta <- shrink * theta + perturb * phi."""

from __future__ import annotations

import math
from typing import Any, Collection, Dict, Iterable, List, NamedTuple, Optional, Tuple, TypeVar, Union

import torch
from torch import nn

from . import _fresh
from ._compiled import _train
from .errors import UsageError

Draw = _train.Draw
Random = _train.Random

Target = TypeVar(
    "Target", bound=Union[nn.Module, Iterable[torch.Tensor], Iterable[Tuple[str, torch.Tensor]]]
)


class _Blend(NamedTuple):
    """What happens to one parameter."""

    name: str
    value: torch.Tensor
    draw: Optional[Draw]
    fresh: Optional[torch.Tensor]
    stream: Random
    zero_row: Optional[int] = None  # a row that is zero in a fresh network (padding)


def shrink_perturb_(
    target: Target,
    shrink: float = 0.4,
    perturb: float = 0.1,
    *,
    stream: Union[Random, int] = 0,
    noise: str = "init",
    fresh: Optional[nn.Module] = None,
    include: Collection[str] = ("weights", "biases", "norms"),
    layers: str = "all",
    head: str = "",
    buffers: str = "reset",
    optimizer: Optional[torch.optim.Optimizer] = None,
) -> Target:
    """Shrinks parameters and adds noise, in place, so that a trained network learns new data as
    well as a fresh one: theta <- shrink * theta + perturb * phi. Returns `target`.

    target     a module; or tensors, or (name, tensor) pairs as named_parameters() gives them, which
               know nothing of layers: these take noise="gaussian" only
    shrink     lambda, in [0, 1]
    perturb    gamma >= 0; with noise="gaussian" the standard deviation
    stream     where phi comes from: a Random, or a seed for one. The parameter called `name` draws
               from stream.split(name), a tensor without a name from stream.split(its index): the
               same numbers as C++'s ordo::train::shrink_perturb, on any device, at any number of
               threads. torch's own generators are not touched
    noise      "init": phi is a fresh network, drawn as torch's layers draw themselves (uniform
               within 1/sqrt(fan_in), norms 1 and 0, ...); "gaussian": N(0, 1)
    fresh      phi itself instead: a network with parameters of the same names and shapes, for
               layers that are not torch's
    include    which parameters, of "weights", "biases", "norms"
    layers     "all", "head" (the last layer), "body" (all but the last)
    head       the last layer's name; default: the last layer that has parameters
    buffers    running statistics of norms: "reset" or "keep"
    optimizer  its state (momentum and the like) begins anew

    Raises UsageError, before anything has changed."""
    _require(0 <= shrink <= 1, "shrink", "a number from 0 to 1", shrink)
    _require(perturb >= 0 and math.isfinite(perturb), "perturb", "a number of at least 0", perturb)
    _require(noise in ("init", "gaussian"), "noise", "'init' or 'gaussian'", noise)
    _require(layers in ("all", "head", "body"), "layers", "'all', 'head' or 'body'", layers)
    _require(buffers in ("reset", "keep"), "buffers", "'reset' or 'keep'", buffers)
    for role in [include] if isinstance(include, str) else include:
        _require(
            role in ("weights", "biases", "norms") and not isinstance(include, str),
            "include",
            "a list of 'weights', 'biases' and 'norms'",
            include,
        )
    source = stream if isinstance(stream, Random) else Random(stream)
    if isinstance(target, nn.Module):
        parameters = _chosen(target, include, layers, head)
        blends = _of_module(parameters, noise, fresh, source)
    else:
        whole = len(include) == 3 and layers == "all" and not head and fresh is None
        if noise != "gaussian" or not whole:
            raise UsageError(
                "tensors alone do not tell how a fresh network draws them, nor what layers they are "
                "of: pass the module, or use noise='gaussian' and no choice of layers"
            )
        blends = _of_tensors(target, source)
    _require_floating(blends)
    with torch.no_grad():
        for blend in blends:
            _apply(blend, shrink, perturb)
    if isinstance(target, nn.Module) and buffers == "reset":
        for module in target.modules():
            if isinstance(module, nn.modules.batchnorm._NormBase):
                module.reset_running_stats()
    if optimizer is not None:
        optimizer.state.clear()
    return target


def _require(fits: bool, name: str, expected: str, found: Any) -> None:
    if not fits:
        raise UsageError("%s: expected %s, found %r" % (name, expected, found))


def _chosen(
    module: nn.Module, include: Collection[str], layers: str, head: str
) -> Dict[str, _fresh.Parameter]:
    everything = _fresh.parameters_of(module)
    if not everything:
        raise UsageError("%s has no parameters" % type(module).__name__)
    if layers != "all":
        if not head:
            last, parameter = list(everything.items())[-1]
            head = last[: -len(parameter.own_name) - 1]
        prefix = head + "." if head else ""  # a module that is one layer is its own head
        in_head = {name for name in everything if name.startswith(prefix)}
        if not in_head:
            raise UsageError("head: there are no parameters in a layer '%s'" % head)
    return {
        name: parameter
        for name, parameter in everything.items()
        if parameter.role in include
        and (layers == "all" or (name in in_head) == (layers == "head"))
    }


def _of_module(
    parameters: Dict[str, _fresh.Parameter], noise: str, fresh: Optional[nn.Module], stream: Random
) -> List[_Blend]:
    if fresh is not None:
        return _of_fresh(parameters, fresh, stream)
    if noise == "gaussian":
        draws = {name: Draw.normal(1) for name in parameters}
    else:
        draws = _fresh.draws_of(parameters)
    blends = []
    for name, parameter in parameters.items():
        padding = getattr(parameter.module, "padding_idx", None) if noise == "init" else None
        blends.append(
            _Blend(name, parameter.value, draws[name], None, stream.split(name), padding)
        )
    return blends


def _of_fresh(
    parameters: Dict[str, _fresh.Parameter], fresh: nn.Module, stream: Random
) -> List[_Blend]:
    others = dict(fresh.named_parameters())
    blends = []
    for name, parameter in parameters.items():
        other = others.get(name)
        if other is None or other.shape != parameter.value.shape:
            raise UsageError(
                "fresh: expected a parameter '%s' of shape %s, found %s"
                % (
                    name,
                    list(parameter.value.shape),
                    "none" if other is None else "shape %s" % list(other.shape),
                )
            )
        blends.append(_Blend(name, parameter.value, None, other.detach(), stream))
    return blends


def _of_tensors(target: Any, stream: Random) -> List[_Blend]:
    blends = []
    for index, item in enumerate([target] if isinstance(target, torch.Tensor) else target):
        if isinstance(item, torch.Tensor):
            name, value, own = "tensor %d" % index, item, stream.split(index)
        elif isinstance(item, tuple) and len(item) == 2 and isinstance(item[1], torch.Tensor):
            name, value, own = item[0], item[1], stream.split(str(item[0]))
        else:
            raise UsageError(
                "expected a module, tensors or pairs of a name and a tensor; number %d is %s"
                % (index, type(item).__name__)
            )
        blends.append(_Blend(name, value, Draw.normal(1), None, own))
    if not blends:
        raise UsageError("there are no tensors (is it a generator that was used up?)")
    return blends


def _require_floating(blends: List[_Blend]) -> None:
    for blend in blends:
        if not blend.value.is_floating_point():
            raise UsageError(
                "'%s' holds %s: only floating-point numbers can be blended"
                % (blend.name, str(blend.value.dtype).replace("torch.", ""))
            )


def _apply(blend: _Blend, shrink: float, perturb: float) -> None:
    value = blend.value.detach()
    kept = None
    if blend.zero_row is not None:
        row = value[blend.zero_row]
        kept = row * shrink if shrink > 0 else torch.zeros_like(row)
    if blend.draw is not None:
        _train.blend(value, shrink, perturb, blend.draw, blend.stream)
    else:
        assert blend.fresh is not None
        noise = blend.fresh.to(value.device, value.dtype)
        if shrink == 0:
            value.copy_(noise * perturb)
        else:
            value.mul_(shrink).add_(noise, alpha=perturb)
    if kept is not None:
        value[blend.zero_row] = kept
