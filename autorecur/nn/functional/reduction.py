"""What becomes of the losses of single examples: all of them, their mean, or their sum."""

from __future__ import annotations

import numpy as np

from autorecur.nn.functional.arguments import check_word
from autorecur.ops import reductions
from autorecur.ops.arithmetic import divide
from autorecur.tape.tensor import Tensor, apply

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(function: str, reduction: str) -> None:
    """Raises ArgumentError for an unknown word."""
    check_word(function, "reduction", reduction, REDUCTIONS)


def reduced(losses: Tensor, reduction: str, counted: Tensor | int | None = None) -> Tensor:
    """The losses, their sum, or their sum divided by what was ``counted``, which is all of them if nothing else is given.

    The mean of no losses is nan, as in PyTorch.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return summed(losses)
    if counted is None:
        return apply(reductions.mean, (losses,), {"axis": tuple(range(losses.ndim)), "keepdims": False})
    with np.errstate(divide="ignore", invalid="ignore"):
        return apply(divide, (summed(losses), counted))


def summed(x: Tensor, axis: tuple[int, ...] | None = None) -> Tensor:
    """The sum over all numbers, or over the listed axes."""
    return apply(reductions.total, (x,), {"axis": tuple(range(x.ndim)) if axis is None else axis, "keepdims": False})
