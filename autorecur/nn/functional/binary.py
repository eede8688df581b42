"""Losses of a choice between two classes, from probabilities or from logits."""

from __future__ import annotations

from autorecur.errors import ShapeError
from autorecur.nn.functional.arguments import check_probabilities, input_and_target
from autorecur.nn.functional.reduction import check_reduction, reduced
from autorecur.ops import functions as ops
from autorecur.ops.arithmetic import broadcast_shapes
from autorecur.ops.losses import probability_loss
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def binary_cross_entropy(
    input: ArrayLike, target: ArrayLike, weight: ArrayLike | None = None, *, reduction: str = "mean"
) -> Tensor:
    """−(target·log input + (1 − target)·log(1 − input)), for an input and a target of probabilities of one shape.

    As in PyTorch no logarithm is smaller than −100, and the derivative (input − target) / (input·(1 − input)) has a
    denominator of 10⁻¹² at least. ``weight`` stretches to the input's shape and multiplies each loss. Raises ArgumentError for
    what is no probability, ShapeError.

    >>> import autorecur as ar
    >>> ar.nn.functional.binary_cross_entropy([0.5, 0.0], [1.0, 1.0], reduction="none")
    tensor([  0.69314718, 100.        ])
    """
    check_reduction("binary_cross_entropy", reduction)
    p, goal = input_and_target("binary_cross_entropy", input, target)
    check_probabilities("binary_cross_entropy", "input", p)
    check_probabilities("binary_cross_entropy", "target", goal)
    losses = apply(probability_loss, (p, goal))
    return reduced(_weighted("binary_cross_entropy", losses, weight), reduction)


def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    reduction: str = "mean",
    pos_weight: ArrayLike | None = None,
) -> Tensor:
    """The binary cross entropy of σ(input), computed without σ: nothing overflows or vanishes before the loss itself does.

    ``weight`` multiplies each loss, ``pos_weight`` the part of the target; both stretch to the input's shape. Raises
    ShapeError.

    >>> import autorecur as ar
    >>> ar.nn.functional.binary_cross_entropy_with_logits([0.0, -1000.0], [1.0, 1.0], reduction="none")
    tensor([6.93147181e-01, 1.00000000e+03])
    """
    name = "binary_cross_entropy_with_logits"
    check_reduction(name, reduction)
    x, goal = input_and_target(name, input, target)
    if_true = goal * apply(ops.softplus, (-x,))
    if_false = (1.0 - goal) * apply(ops.softplus, (x,))
    losses = _weighted(name, if_true, pos_weight, "pos_weight") + if_false
    return reduced(_weighted(name, losses, weight), reduction)


def _weighted(function: str, losses: Tensor, weight: ArrayLike | None, role: str = "weight") -> Tensor:
    if weight is None:
        return losses
    factor = as_tensor(weight)
    try:
        fits = broadcast_shapes(losses.shape, factor.shape) == losses.shape
    except ShapeError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{function}: the {role} of shape {factor.shape} does not stretch to the losses, {losses.shape}"
        )
    return losses * factor
