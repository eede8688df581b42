"""Losses that measure how far numbers lie from where they should be.

In each, input and target have one shape, or one of them is a single number; other shapes are refused instead of
stretched, because a column beside a row is a slip far more often than it is meant. Both may be differentiated.
``reduction`` is ``"mean"``, ``"sum"`` or ``"none"``; the mean of no numbers is nan.
"""

from __future__ import annotations

from autorecur.arrays.constants import refuse_gradient
from autorecur.errors import ArgumentError
from autorecur.nn.functional.activations import hardtanh
from autorecur.nn.functional.arguments import check_positive, input_and_target
from autorecur.nn.functional.reduction import check_reduction, reduced
from autorecur.ops import functions as ops
from autorecur.tape.tensor import ArrayLike, Tensor, apply


def mse_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> Tensor:
    """(input − target)², and the mean of it.

    >>> import autorecur as ar
    >>> ar.nn.functional.mse_loss([1.0, 4.0], [1.0, 2.0])
    tensor(2.)
    """
    return reduced(apply(ops.square, (_difference("mse_loss", input, target, reduction),)), reduction)


def l1_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean") -> Tensor:
    """|input − target|, and the mean of it; where both are equal the derivative is 0.

    >>> import autorecur as ar
    >>> ar.nn.functional.l1_loss([1.0, 4.0], [1.0, 2.0])
    tensor(1.)
    """
    return reduced(apply(ops.absolute, (_difference("l1_loss", input, target, reduction),)), reduction)


def huber_loss(input: ArrayLike, target: ArrayLike, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """d²/2 for a difference d smaller than ``delta``, else ``delta``·(|d| − ``delta``/2), and the mean of it. (Huber 1964.)

    ``delta`` has to be larger than 0 (ArgumentError). At |d| = ``delta`` the second derivative is 0.

    >>> import autorecur as ar
    >>> ar.nn.functional.huber_loss([0.5, 4.0], [0.0, 1.0], reduction="none")
    tensor([0.125, 2.5  ])
    """
    difference = _difference("huber_loss", input, target, reduction)
    check_positive("huber_loss", "delta", delta)
    return reduced(_huber(difference, delta, delta), reduction)


def smooth_l1_loss(input: ArrayLike, target: ArrayLike, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d²/(2·``beta``) for a difference d smaller than ``beta``, else |d| − ``beta``/2, and the mean of it. (Girshick 2015.)

    With ``beta=0`` this is :func:`l1_loss`; a negative one is refused (ArgumentError).

    >>> import autorecur as ar
    >>> ar.nn.functional.smooth_l1_loss([0.5, 4.0], [0.0, 1.0], reduction="none")
    tensor([0.125, 2.5  ])
    """
    difference = _difference("smooth_l1_loss", input, target, reduction)
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss: beta is {beta}, and must not be negative")
    if beta:
        return reduced(_huber(difference, beta, 1.0), reduction)
    refuse_gradient(beta, "smooth_l1_loss", "beta at 0")
    return reduced(apply(ops.absolute, (difference,)), reduction)


def _difference(function: str, input: ArrayLike, target: ArrayLike, reduction: str) -> Tensor:
    check_reduction(function, reduction)
    x, goal = input_and_target(function, input, target)
    return x - goal


def _huber(difference: Tensor, bend: float, steepest: float) -> Tensor:
    """Slope d·``steepest``/``bend`` up to ``bend``, ``steepest`` beyond.

    With c, the difference cut off at ±bend, both branches are c·(d − c/2) times a constant: nothing is squared that is large.
    """
    cut = hardtanh(difference, -bend, bend)
    return cut * (steepest / bend) * (difference - cut * 0.5)
