"""Ops that join components: sums, means, maxima, norms, softmax, and the losses that are computed from logits.

``axis`` lists the axes that are joined; they stay, with size 1, unless ``keepdims`` is false. In a cell these are the two axes
of a quantity, so that a batch in front of them is never mixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.ops.arithmetic import divide, multiply, ratio
from autorecur.ops.functions import equal, exp, log, sigmoid, softplus, sqrt, square
from autorecur.ops.op import Op, Shape, shape_of
from autorecur.ops.shape import reshape

COMPONENTS = (-2, -1)
"""The axes of a quantity of a cell: its rows and its columns."""
Axes = tuple[int, ...]


def count(x: Any, axis: Axes) -> Any:
    """How many numbers are joined: a number for an array; for a node a constant whose sizes may be names."""
    sizes = getattr(x, "__autorecur_count__", None)
    return sizes(axis) if sizes else int(np.prod([np.shape(x)[a] for a in axis]))


def _kept(shape: Shape, axis: Axes = COMPONENTS, keepdims: bool = True) -> Shape:
    joined = {a % len(shape) for a in axis}
    if keepdims:
        return tuple(1 if i in joined else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in joined)


def _reduction(name: str, kernel: Any, pullback: Any, **facts: Any) -> Op:
    """An op that joins axes; its kernel may leave ``keepdims`` to us, its rule never sees it."""

    def whole(g: Any, out: Any, x: Any, axis: Axes, keepdims: bool = True, **attributes: Any) -> Any:
        if not keepdims:
            shape = _kept(shape_of(x), axis)
            g, out = reshape(g, shape=shape), reshape(out, shape=shape)
        return pullback(g, out, x, axis=axis, **attributes)

    return Op(
        name,
        "reduction",
        lambda shape, axis, keepdims=True, **_: _kept(shape, axis, keepdims),
        kernel,
        (whole,),
        **facts,
    )


def _squeezed(kernel: Any) -> Any:
    """A kernel that keeps the joined axes, and drops them if asked to."""

    def squeezing(x: Any, axis: Axes, keepdims: bool = True) -> Any:
        value = kernel(x, axis)
        return value if keepdims else np.reshape(value, _kept(np.shape(x), axis, False))

    return squeezing


def _sum_to(x: Any, shape: Shape) -> Any:
    extra = np.ndim(x) - len(shape)
    stretched = tuple(range(extra)) + tuple(
        i + extra for i, size in enumerate(shape) if size == 1 and np.shape(x)[i + extra] != 1
    )
    return np.sum(x, axis=stretched, keepdims=True).reshape(shape) if stretched else x


sum_to = Op(
    "sum_to",
    "shape",
    lambda _, shape: shape,
    _sum_to,
    (lambda g, out, x, shape: broadcast_to(g, shape=shape_of(x)),),
)
"""Sums over every axis that broadcasting had stretched, until the shape is ``shape``."""


def _broadcast_to(x: Any, shape: Shape) -> Any:
    """Keeps axes in front of those named in ``shape``: batches."""
    return np.broadcast_to(x, np.shape(x)[: max(0, np.ndim(x) - len(shape))] + tuple(shape))


broadcast_to: Op = Op(
    "broadcast_to",
    "shape",
    lambda _, shape: shape,
    _broadcast_to,
    (lambda g, out, x, shape: sum_to(g, shape=shape_of(x)),),
)

total = _reduction(
    "sum",
    lambda x, axis, keepdims=True: np.add.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, out, x, axis: broadcast_to(g, shape=shape_of(x)),
)
mean = _reduction(
    "mean",
    lambda x, axis, keepdims=True: np.true_divide(np.add.reduce(x, axis=axis, keepdims=keepdims), count(x, axis)),
    lambda g, out, x, axis: broadcast_to(divide(g, count(x, axis)), shape=shape_of(x)),
)


def _flat(x: Any, axis: Axes) -> Any:
    """The joined axes as one, the last."""
    kept = [i for i in range(np.ndim(x)) if i - np.ndim(x) not in axis and i not in axis]
    moved = np.moveaxis(np.asarray(x), kept, range(len(kept)))
    return moved.reshape((*moved.shape[: len(kept)], -1))


def _max(x: Any, axis: Axes) -> Any:
    flat = _flat(x, axis)
    best = np.argmax(np.real(flat), axis=-1)
    return np.take_along_axis(flat, best[..., None], axis=-1).reshape(_kept(np.shape(x), axis))


def _gap(x: Any, axis: Axes) -> Any:
    """The distance between the largest number and the next."""
    ordered = np.sort(np.real(_flat(x, axis)), axis=-1)
    return ordered[..., -1] - ordered[..., -2] if ordered.shape[-1] > 1 else np.full(ordered.shape[:-1], np.inf)


maximum_of = _reduction(
    "max",
    _squeezed(_max),
    lambda g, out, x, axis: g * (equal(x, out) / total(equal(x, out), axis=axis)),
    kink=_gap,
)
"""Equal maxima share the cotangent."""
norm = _reduction(
    "norm",
    lambda x, axis, keepdims=True: np.sqrt(np.add.reduce(x * x, axis=axis, keepdims=keepdims)),
    lambda g, out, x, axis: g * ratio(x, out),
    definition=lambda x, axis: sqrt(total(square(x), axis=axis)),
)
"""The Euclidean norm; at the origin the derivative is 0."""


def _logsumexp(x: Any, axis: Axes) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))


def _softmax(x: Any, axis: Axes) -> Any:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


logsumexp = _reduction(
    "logsumexp",
    _squeezed(_logsumexp),
    lambda g, out, x, axis: g * softmax(x, axis=axis),
    definition=lambda x, axis: log(total(exp(x), axis=axis)),
)
softmax: Op = Op(
    "softmax",
    "componentwise",
    lambda shape, axis: shape,
    _softmax,
    (lambda g, out, x, axis: (g - total(g * out, axis=axis)) * out,),
    definition=lambda x, axis: exp(x) / total(exp(x), axis=axis),
)

cross_entropy = Op(
    "cross_entropy",
    "loss",
    lambda logits, target, axis: _kept(logits, axis),
    lambda z, target, axis: (
        np.sum(target, axis=axis, keepdims=True) * _logsumexp(z, axis) - np.sum(target * z, axis=axis, keepdims=True)
    ),
    (
        lambda g, out, z, target, axis: g * (total(target, axis=axis) * softmax(z, axis=axis) - target),
        lambda g, out, z, target, axis: g * (logsumexp(z, axis=axis) - z),
    ),
    arity=2,
    broadcasts=True,
    definition=lambda z, target, axis: (
        total(target, axis=axis) * logsumexp(z, axis=axis) - total(target * z, axis=axis)
    ),
)
"""``−Σ target log softmax(z)``, from the logits z."""
binary_cross_entropy = Op(
    "binary_cross_entropy",
    "loss",
    lambda logits, target, axis: _kept(logits, axis),
    lambda z, target, axis: np.sum(softplus.kernel(z) - target * z, axis=axis, keepdims=True),
    (
        lambda g, out, z, target, axis: g * (sigmoid(z) - target),
        lambda g, out, z, target, axis: -(g * z),
    ),
    arity=2,
    broadcasts=True,
    definition=lambda z, target, axis: total(softplus(z) - multiply(target, z), axis=axis),
)
"""``−Σ (target log σ(z) + (1 − target) log(1 − σ(z)))``, from the logits z."""
