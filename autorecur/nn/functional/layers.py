"""Layers without state of their own: the weights are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np

from autorecur import random
from autorecur.arrays.constants import constant
from autorecur.errors import ArgumentError, ShapeError
from autorecur.nn.functional.arguments import CLASSES, ROWS, check_fraction, check_range, check_whole
from autorecur.ops import functions as ops
from autorecur.ops import reductions
from autorecur.ops.indexing import getitem
from autorecur.ops.linear import affine, matmul, matrix_transpose
from autorecur.ops.shape import reshape
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def linear(input: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Tensor:
    """input · weightᵀ + bias: shapes (…, in) and (out, in) and (out,) give (…, out); a weight of shape (in,) gives (…).

    Raises ShapeError where these do not fit.

    >>> import autorecur as ar
    >>> ar.nn.functional.linear([1.0, 2.0], [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.0, 0.0, 10.0])
    tensor([ 1.,  2., 13.])
    """
    x, w = as_tensor(input), as_tensor(weight)
    if not x.ndim or w.ndim not in (1, 2):
        raise ShapeError(
            f"linear: the input has shape {x.shape} and the weight {w.shape}; they have to be (…, in) and (out, in)"
        )
    if x.shape[-1] != w.shape[-1]:
        raise ShapeError(
            f"linear: the last axis of the input, of shape {x.shape}, has size {x.shape[-1]}, "
            f"and the weight of shape {w.shape} takes {w.shape[-1]}"
        )
    if bias is None:
        return _product(x, w)
    b = as_tensor(bias)
    if b.shape not in (w.shape[:-1], ()):
        raise ShapeError(
            f"linear: the bias has shape {b.shape}, and the weight of shape {w.shape} needs {w.shape[:-1]}"
        )
    if w.ndim == 2 and b.ndim == 1:
        return apply(affine, (x, w, b))
    return _product(x, w) + b


def _product(x: Tensor, w: Tensor) -> Tensor:
    """x · wᵀ."""
    result = (*x.shape[:-1], *w.shape[:-1])
    if x.ndim > 2:  # one product instead of many
        x = apply(reshape, (x,), {"shape": (int(np.prod(x.shape[:-1])), x.shape[-1])})
    y = apply(matmul, (x, apply(matrix_transpose, (w,)) if w.ndim == 2 else w))
    return y if y.shape == result else apply(reshape, (y,), {"shape": result})


def layer_norm(
    input: ArrayLike,
    normalized_shape: int | Sequence[int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float | Tensor = 1e-5,
) -> Tensor:
    """Mean 0 and variance 1 over the last axes, then times ``weight`` plus ``bias``. (Ba et al. 2016.)

    ``normalized_shape`` is the shape of the last axes, and that of weight and bias. The variance divides by the count; ``eps``
    is added to it. Raises ShapeError where shapes do not fit.

    >>> import autorecur as ar
    >>> ar.nn.functional.layer_norm([[1.0, 2.0, 3.0]], 3, eps=0.0)
    tensor([[-1.22474487,  0.        ,  1.22474487]])
    """
    x = as_tensor(input)
    last = tuple(map(index, normalized_shape)) if isinstance(normalized_shape, Sequence) else (index(normalized_shape),)
    if not last or x.shape[-len(last) :] != last:
        raise ShapeError(f"layer_norm: the last axes of an input of shape {x.shape} are not {last}")
    over = {"axis": tuple(range(x.ndim - len(last), x.ndim))}
    centred = x - apply(reductions.mean, (x,), over)
    variance = apply(reductions.mean, (apply(ops.square, (centred,)),), over)
    shift = eps if isinstance(eps, Tensor) and eps.requires_grad else float(eps)
    y = centred * (1.0 / apply(ops.sqrt, (variance + shift,)))
    if weight is not None:
        y = y * _of_shape("weight", weight, last)
    return y if bias is None else y + _of_shape("bias", bias, last)


def _of_shape(role: str, value: ArrayLike, shape: tuple[int, ...]) -> Tensor:
    given = as_tensor(value)
    if given.shape != shape:
        raise ShapeError(f"layer_norm: the {role} has shape {given.shape}, and normalized_shape is {shape}")
    return given


def dropout(input: ArrayLike, p: float = 0.5, training: bool = True) -> Tensor:
    """Each number is 0 with probability ``p``, else divided by 1 − p, which keeps the mean. (Srivastava et al. 2014.)

    If not ``training``, the input itself. The numbers drawn start anew with :func:`autorecur.manual_seed`. Raises
    ArgumentError for a p outside 0 … 1, GradientError for one that asks for a gradient.

    >>> import autorecur as ar
    >>> ar.manual_seed(0)
    >>> ar.nn.functional.dropout([1.0, 2.0, 3.0, 4.0])
    tensor([2., 0., 0., 0.])
    >>> ar.nn.functional.dropout([1.0, 2.0, 3.0, 4.0], training=False)
    tensor([1., 2., 3., 4.])
    """
    p = constant(p, "dropout", "p")
    check_fraction("dropout", "p", p)
    x = as_tensor(input)
    if not training or p == 0:
        return x
    kept = random.generator.random(x.shape) >= p
    scale = 1 / (1 - p) if p < 1 else 0.0
    return x * Tensor(np.asarray(kept * scale, x.dtype if x.dtype.kind == "f" else None))


def embedding(input: ArrayLike, weight: ArrayLike, padding_idx: int | None = None) -> Tensor:
    """Row i of ``weight`` for each integer i of the input: shapes (…) and (count, size) give (…, size).

    Row ``padding_idx``, which may be counted from the end, receives no gradient. Raises ShapeError for a row that does not
    exist, DtypeError for an input that does not hold integers.

    >>> import autorecur as ar
    >>> ar.nn.functional.embedding([2, 0], [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    tensor([[4., 5.],
            [0., 1.]])
    """
    numbers, table = as_tensor(input), as_tensor(weight)
    if table.ndim != 2:
        raise ShapeError(f"embedding: the weight has shape {table.shape}, and has to have two axes, (count, size)")
    if numbers.size:
        check_whole("embedding", "input", numbers)
    check_range("embedding", "input", numbers.data, table.shape[0], ROWS)
    rows = apply(getitem, (table,), {"index": (numbers.data.astype(np.intp),)})
    if padding_idx is None:
        return rows
    if not -table.shape[0] <= padding_idx < table.shape[0]:
        raise ArgumentError(f"embedding: padding_idx is {padding_idx}, and there are {table.shape[0]} rows")
    padding = np.asarray(numbers.data == padding_idx % table.shape[0])[..., None]
    return apply(ops.where, (Tensor(padding), rows.detach(), rows)) if padding.any() else rows


def one_hot(tensor: ArrayLike, num_classes: int = -1) -> Tensor:
    """1 at the place that each integer names, else 0, along a new last axis: (…) gives integers of shape (…, num_classes).

    With ``num_classes=-1`` there are as many as the largest integer asks for. Raises ShapeError for an integer outside of
    them, DtypeError for numbers that are not integers.

    >>> import autorecur as ar
    >>> ar.nn.functional.one_hot([0, 2])
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    numbers = as_tensor(tensor)
    count = index(num_classes)
    if count < -1 or (count == -1 and not numbers.size):
        what = "is -1, and there are no integers to count them by" if count == -1 else f"is {count}"
        raise ArgumentError(f"one_hot: num_classes {what}")
    if numbers.size:
        check_whole("one_hot", "tensor", numbers)
    classes = numbers.data.astype(np.intp)
    if count == -1:
        count = int(classes.max(initial=0)) + 1
    check_range("one_hot", "tensor", classes, count, CLASSES)
    return Tensor((classes[..., None] == np.arange(count)).astype(np.int64))
