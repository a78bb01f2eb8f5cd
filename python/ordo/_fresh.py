"""How a fresh network draws its parameters, and what kind each is: torch's defaults, as the layers'
own reset_parameters has them."""

from __future__ import annotations

import math
from typing import Dict, NamedTuple, Tuple

import torch
from torch import nn

from ._compiled import _train
from .errors import UsageError

Draw = _train.Draw

NORMS: Tuple[type, ...] = (
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)
_FAN_IN = (nn.Linear, nn.modules.conv._ConvNd)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)


class Parameter(NamedTuple):
    """A parameter of a module, by name."""

    value: torch.Tensor
    role: str  # "weights", "biases", "norms"
    module: nn.Module
    own_name: str  # within `module`


def parameters_of(root: nn.Module) -> Dict[str, Parameter]:
    """In the order of named_parameters; a shared one counts where it comes first."""
    found = {}
    for path, module in root.named_modules():
        for name, value in module.named_parameters(recurse=False):
            role = "norms" if isinstance(module, NORMS) else "weights"
            if role == "weights" and "bias" in name:
                role = "biases"
            found[path + "." + name if path else name] = Parameter(value, role, module, name)
    return {name: found[name] for name, _ in root.named_parameters()}


def draws_of(parameters: Dict[str, Parameter]) -> Dict[str, Draw]:
    """Raises UsageError for a layer that is not one of torch's."""
    draws = {}
    for name, parameter in parameters.items():
        draw = _draw(parameter)
        if draw is None:
            raise UsageError(
                "how a fresh network draws '%s' is not known, as %s is not one of torch's layers: "
                "pass a freshly built network of the same kind as fresh=..., or noise='gaussian'"
                % (name, type(parameter.module).__name__)
            )
        draws[name] = draw
    for name, parameter in parameters.items():  # what a layer does to a layer inside it
        bias = name[: -len(parameter.own_name)] + "out_proj.bias"
        if isinstance(parameter.module, nn.MultiheadAttention) and bias in draws:
            draws[bias] = Draw.constant(0)
    return draws


def _draw(parameter: Parameter) -> Draw | None:
    value, _, module, name = parameter
    if value.numel() == 0:
        return Draw.constant(0)
    if isinstance(module, NORMS):
        return Draw.constant(1 if name == "weight" else 0)
    if isinstance(module, _FAN_IN):
        return Draw.uniform(1 / math.sqrt(module.weight[0].numel()))
    if isinstance(module, nn.Bilinear):
        return Draw.uniform(1 / math.sqrt(module.weight.size(1)))
    if isinstance(module, _RECURRENT):
        return Draw.uniform(1 / math.sqrt(module.hidden_size))
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return Draw.normal(1)
    if isinstance(module, nn.PReLU):
        return Draw.constant(module.init)
    if isinstance(module, nn.MultiheadAttention):
        if name == "in_proj_bias":
            return Draw.constant(0)
        inputs, outputs = nn.init._calculate_fan_in_and_fan_out(value)
        if name in ("bias_k", "bias_v"):
            return Draw.normal(math.sqrt(2 / (inputs + outputs)))
        return Draw.uniform(math.sqrt(6 / (inputs + outputs)))
    return None
