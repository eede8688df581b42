"""Losses of a choice among classes, from logits or from logarithms of probabilities.

The classes stand along axis 1, or along the only axis: inputs have the shape (C,), (N, C) or (N, C, d₁, …), and class numbers
the same without C.
"""

from __future__ import annotations

import numpy as np

from autorecur.errors import ShapeError
from autorecur.nn.functional.activations import log_softmax
from autorecur.nn.functional.arguments import CLASSES, check_fraction, check_range, check_whole
from autorecur.nn.functional.reduction import check_reduction, reduced, summed
from autorecur.ops import functions as ops
from autorecur.ops.indexing import getitem
from autorecur.ops.shape import permute, reshape
from autorecur.tape.numbers import Array
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float | Tensor = 0.0,
) -> Tensor:
    """−log softmax(input) of the class that is right, or the mean of it weighted by the probabilities in ``target``.

    * input: logits of shape (C,), (N, C) or (N, C, d₁, …);
    * target: class numbers (integers), without the axis C; or probabilities (floats), of the input's shape;
    * weight: (C,), the importance of each class. The mean of class numbers divides by the sum of the weights of the right
      classes, that of probabilities by the number of examples;
    * ignore_index: examples of this class number have no loss and are not counted; without any other the mean is nan;
    * label_smoothing: ε mixes the target, 1 − ε of it with ε/C of each class. (Szegedy et al. 2016.)

    Raises ShapeError (with the place of a class number that does not exist), DtypeError, ArgumentError.

    >>> import autorecur as ar
    >>> ar.nn.functional.cross_entropy([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]], [0, 0])
    tensor(1.40760596)
    >>> ar.nn.functional.cross_entropy([[2.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]])
    tensor(0.90760596)
    """
    check_reduction("cross_entropy", reduction)
    check_fraction("cross_entropy", "label_smoothing", label_smoothing)
    logits, goal = as_tensor(input), as_tensor(target)
    axis = _class_axis("cross_entropy", logits)
    importance = _class_weights("cross_entropy", weight, logits.shape[axis])
    if goal.dtype.kind not in "fc" or (not goal.size and goal.shape != logits.shape):
        _check_classes("cross_entropy", logits, goal, axis, ignore_index)
        scores = log_softmax(logits, axis)
        return _of_classes(scores, goal, importance, ignore_index, reduction, label_smoothing)
    if goal.shape != logits.shape:
        raise ShapeError(
            f"cross_entropy: floats as target are probabilities and need the input's shape, {logits.shape}, not {goal.shape}; "
            "class numbers are integers"
        )
    return _of_probabilities(log_softmax(logits, axis), goal, axis, importance, reduction, label_smoothing)


def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """−input at the class that is right, for an input of logarithms of probabilities; else like :func:`cross_entropy`.

    >>> import autorecur as ar
    >>> F = ar.nn.functional
    >>> F.nll_loss(F.log_softmax([[2.0, 1.0, 0.0]], dim=1), [0])
    tensor(0.40760596)
    """
    check_reduction("nll_loss", reduction)
    scores, goal = as_tensor(input), as_tensor(target)
    axis = _class_axis("nll_loss", scores)
    importance = _class_weights("nll_loss", weight, scores.shape[axis])
    _check_classes("nll_loss", scores, goal, axis, ignore_index)
    return _of_classes(scores, goal, importance, ignore_index, reduction, 0.0)


def _class_axis(function: str, scores: Tensor) -> int:
    if not scores.ndim:
        raise ShapeError(f"{function}: the input is a single number; its shape has to be (C,), (N, C) or (N, C, d₁, …)")
    return 0 if scores.ndim == 1 else 1


def _class_weights(function: str, weight: ArrayLike | None, count: int) -> Tensor | None:
    if weight is None:
        return None
    given = as_tensor(weight)
    if given.shape != (count,):
        raise ShapeError(f"{function}: the weight has shape {given.shape}, and the {count} classes need ({count},)")
    return given


def _check_classes(function: str, scores: Tensor, goal: Tensor, axis: int, ignore_index: int) -> None:
    count, expected = scores.shape[axis], scores.shape[:axis] + scores.shape[axis + 1 :]
    if goal.size:
        check_whole(function, "target", goal)
    if goal.shape != expected:
        hint = "; for probabilities give floats" if goal.shape == scores.shape and function == "cross_entropy" else ""
        raise ShapeError(
            f"{function}: class numbers for an input of shape {scores.shape} have the shape {expected}, not {goal.shape}{hint}"
        )
    check_range(function, "target", goal.data, count, CLASSES, besides=ignore_index)


def _of_classes(
    scores: Tensor, goal: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, smoothing: float | Tensor
) -> Tensor:
    rows = _one_row_each(scores)
    numbers = goal.data.ravel()
    ignored = numbers == ignore_index
    counted: Tensor | int = len(numbers) - int(np.count_nonzero(ignored))
    if counted == len(numbers):
        ignored = None
    else:
        numbers = np.where(ignored, 0, numbers)
    numbers = numbers.astype(np.intp)
    losses = _without(-apply(getitem, (rows,), {"index": (np.arange(len(numbers)), numbers)}), ignored)
    if weight is not None:
        importance = _without(apply(getitem, (weight,), {"index": (numbers,)}), ignored)
        losses, counted = losses * importance, summed(importance)
    if isinstance(smoothing, Tensor) or smoothing:
        of_all = _without(-summed(rows if weight is None else rows * weight, (1,)), ignored)
        losses = losses * (1 - smoothing) + of_all * (smoothing / rows.shape[1])
    if reduction == "none":
        return apply(reshape, (losses,), {"shape": goal.shape})
    return reduced(losses, reduction, counted)


def _of_probabilities(
    scores: Tensor, goal: Tensor, axis: int, weight: Tensor | None, reduction: str, smoothing: float | Tensor
) -> Tensor:
    count = scores.shape[axis]
    if isinstance(smoothing, Tensor) or smoothing:
        goal = goal * (1 - smoothing) + smoothing / count
    absent = np.isneginf(np.real(scores.data)) & (goal.data == 0)
    if absent.any():  # 0·log 0 is 0
        scores = apply(ops.where, (Tensor(absent), 0.0, scores))
    losses = -(goal * scores)
    if weight is not None:
        losses = losses * apply(reshape, (weight,), {"shape": (count,) + (1,) * (scores.ndim - 1 - axis)})
    return reduced(summed(losses, (axis,)), reduction)


def _one_row_each(scores: Tensor) -> Tensor:
    """Shape (examples, C)."""
    if scores.ndim > 2:
        scores = apply(permute, (scores,), {"axes": (0, *range(2, scores.ndim), 1)})
    if scores.ndim == 2:
        return scores
    return apply(reshape, (scores,), {"shape": (int(np.prod(scores.shape[:-1])), scores.shape[-1])})


def _without(losses: Tensor, ignored: Array | None) -> Tensor:
    """0 for each ignored example."""
    return losses if ignored is None else apply(ops.where, (Tensor(ignored), 0.0, losses))
