"""Ops that join components: sums, means, maxima, norms, softmax, and the losses that are computed from logits.

``axis`` lists the axes that are joined; they stay, with size 1, unless ``keepdims`` is false. In a cell these are the two axes
of a quantity, so that a batch in front of them is never mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.kernels.choice import LEAST_SUMS
from autorecur.kernels.rows import along_rows
from autorecur.kernels.sums import extremum_of_rows, summed
from autorecur.ops.arithmetic import divide, multiply, power, ratio
from autorecur.ops.functions import (
    absolute,
    equal,
    exp,
    is_complex,
    log,
    sigmoid,
    sign,
    softplus,
    sqrt,
    square,
    where,
)
from autorecur.ops.op import Op, Shape, shape_of, shown
from autorecur.ops.shape import reshape

COMPONENTS = (-2, -1)
"""The axes of a quantity of a cell: its rows and its columns."""
Axes = tuple[int, ...]
_added: Any = np.add.reduce
_largest: Any = np.maximum.reduce
_smallest: Any = np.minimum.reduce


def count(x: Any, axis: Axes) -> Any:
    """How many numbers are joined: a number for an array; for a node a constant whose sizes may be names."""
    sizes = None if type(x) is np.ndarray else getattr(x, "__autorecur_count__", None)
    if sizes:
        return sizes(axis)
    shape = shape_of(x)
    return prod([shape[a] for a in axis])


def _kept(shape: Shape, axis: Axes = COMPONENTS, keepdims: bool = True) -> Shape:
    joined = {a % len(shape) for a in axis}
    if keepdims:
        return tuple(1 if i in joined else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in joined)


def reduction(name: str, kernel: Any, pullback: Any, **facts: Any) -> Op:
    """An op that joins axes; its rule sees ``g`` and ``out`` as if the axes had been kept."""

    def whole(g: Any, out: Any, x: Any, axis: Axes, keepdims: bool = True, **attributes: Any) -> Any:
        shape = shape_of(x)
        if not keepdims and len(axis) < len(shape):  # a single number fits every shape as it is
            kept = _kept(shape, axis)
            g, out = reshape(g, shape=kept), reshape(out, shape=kept)
        return pullback(g, out, x, axis=axis, **attributes)

    def shape(given: Shape, axis: Axes, keepdims: bool = True, **_: Any) -> Shape:
        return _kept(given, axis, keepdims)

    return Op(name, "reduction", facts.pop("shape", shape), kernel, (whole,), **facts)


def _of_some(name: str, sought: str) -> Callable[..., Shape]:
    """The shape rule of what does not exist where there are no numbers."""

    def shape(given: Shape, axis: Axes, keepdims: bool = True, **_: Any) -> Shape:
        kept = _kept(given, axis, keepdims)
        if any(given[a] == 0 for a in axis) and 0 not in _kept(given, axis, False):
            axes = ", ".join(str(a) for a in axis)
            along = f"axis {axes}" if len(axis) == 1 else f"the axes {axes}"
            raise ShapeError(f"{name}: there is no {sought} number along {along} of a tensor of shape {shown(given)}")
        return kept

    return shape


def _squeezed(kernel: Any) -> Any:
    """A kernel that keeps the joined axes, and drops them if asked to."""

    def squeezing(x: Any, axis: Axes, keepdims: bool = True, **attributes: Any) -> Any:
        value = kernel(x, axis, **attributes)
        return value if keepdims else np.reshape(value, _kept(np.shape(x), axis, False))

    return squeezing


def _sum_to(x: Any, shape: Shape) -> Any:
    extra = np.ndim(x) - len(shape)
    stretched = tuple(range(extra)) + tuple(
        i + extra for i, size in enumerate(shape) if size == 1 and np.shape(x)[i + extra] != 1
    )
    return _added(x, stretched).reshape(shape) if stretched else x


sum_to = Op(
    "sum_to",
    "shape",
    lambda _, shape: shape,
    _sum_to,
    (lambda g, out, x, shape: broadcast_to(g, shape=shape_of(x)),),
)
"""Sums over every axis that broadcasting had stretched, until the shape is ``shape``."""


def _broadcast_to(x: Any, shape: Any) -> Any:
    """Keeps axes in front of those named in ``shape``: batches. A single number is seen from everywhere, without a copy."""
    own = np.shape(x)
    if not own:
        x = np.asarray(x)
        return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    return np.broadcast_to(x, own[: max(0, len(own) - len(shape))] + tuple(shape))


broadcast_to: Op = Op(
    "broadcast_to",
    "shape",
    lambda _, shape: shape,
    _broadcast_to,
    (lambda g, out, x, shape: sum_to(g, shape=shape_of(x)),),
)


def _joining(ufunc: Any, compiled: Callable[..., Any], other: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel that joins axes by a function of two numbers; ``other`` does so for all but floats.

    Along the last axis one run from index 0 on is the same as ``reduce``, and NumPy starts it in half the time.
    """
    reduce, run = ufunc.reduce, ufunc.reduceat

    def kernel(x: Any, axis: Axes, keepdims: bool = True) -> Any:
        if type(x) is not np.ndarray or x.dtype.char not in "df" or not x.size:
            return other(x, axis, None, None, keepdims)
        if x.size >= LEAST_SUMS:
            found = compiled(x, axis, keepdims)
            if found is not None:
                return found
        if len(axis) != 1 or axis[0] != x.ndim - 1:
            return reduce(x, axis, None, None, keepdims)
        found = run(x, _START, -1)
        if keepdims:
            return found
        found.setflags(False)  # what is seen of it is not to be written to, nor is it itself
        return found[..., 0]

    return kernel


_START = np.zeros(1, np.intp)
_sum = _joining(np.add, summed, _added)


def _mean(x: Any, axis: Axes, keepdims: bool = True) -> Any:
    number, added = count(x, axis), _sum(x, axis, keepdims)
    return added[()] / number if number else np.multiply(added, np.nan)  # NumPy is slow with arrays of one number


total = reduction(
    "sum",
    _sum,
    lambda g, out, x, axis: broadcast_to(g, shape=shape_of(x)),
)
mean = reduction(
    "mean",
    _mean,
    lambda g, out, x, axis: broadcast_to(divide(g, count(x, axis)), shape=shape_of(x)),
)


def _flat(x: Any, axis: Axes) -> Any:
    """The joined axes as one, the last."""
    kept = [i for i in range(np.ndim(x)) if i - np.ndim(x) not in axis and i not in axis]
    moved = np.moveaxis(np.asarray(x), kept, range(len(kept)))
    return moved.reshape((*moved.shape[: len(kept)], -1))


def _extremum(name: str) -> Any:
    ufunc: Any = np.maximum if name == "max" else np.minimum
    search: Any = np.argmax if name == "max" else np.argmin

    def other(x: Any, axis: Axes, dtype: None, out: None, keepdims: bool) -> Any:
        if not is_complex(x):
            return ufunc.reduce(x, axis, dtype, out, keepdims)
        flat = _flat(x, axis)
        best = search(np.real(flat), axis=-1)
        return np.take_along_axis(flat, best[..., None], axis=-1).reshape(_kept(np.shape(x), axis, keepdims))

    return _joining(ufunc, partial(extremum_of_rows, name), other)


def _gap(largest: bool) -> Any:
    """The distance between the largest (or smallest) number and the next."""

    def distance(x: Any, axis: Axes, **_: Any) -> Any:
        ordered = np.sort(np.real(_flat(x, axis)), axis=-1)
        if ordered.shape[-1] < 2:
            return np.full(ordered.shape[:-1], np.inf)
        return ordered[..., -1] - ordered[..., -2] if largest else ordered[..., 1] - ordered[..., 0]

    return distance


def _to_extrema(g: Any, out: Any, x: Any, axis: Axes) -> Any:
    return g * (equal(x, out) / total(equal(x, out), axis=axis))


maximum_of = reduction("max", _extremum("max"), _to_extrema, kink=_gap(True), shape=_of_some("max", "largest"))
"""Equal maxima share the cotangent."""
minimum_of = reduction("min", _extremum("min"), _to_extrema, kink=_gap(False), shape=_of_some("min", "smallest"))
"""Equal minima share the cotangent."""


def _scale(x: Any, axis: Axes) -> Any:
    """The largest size of a number along the axes, which are kept; 1 where that is 0 or infinite."""
    largest = _largest(np.abs(x), axis, None, None, True, 0)
    return np.where((largest > 0) & (largest < np.inf), largest, 1)


@np.errstate(over="ignore", under="ignore")
def _norm(x: Any, axis: Axes, keepdims: bool = True) -> Any:
    x = x if x.dtype.kind in "fcO" else x.astype(float)
    if x.dtype.kind == "f" and x.ndim == len(axis) and x.flags.c_contiguous and not keepdims:
        row = x.reshape(-1)
        squares = row.dot(row)
    else:
        squares = _added(x * x, axis, None, None, keepdims)
    if x.dtype.kind != "f" or _well_inside(squares):
        return np.sqrt(squares)
    scale = _scale(x, axis)
    small = x / scale
    found = np.sqrt(_added(small * small, axis, None, None, True)) * scale
    return found if keepdims else found.reshape(_kept(x.shape, axis, False))


def _well_inside(squares: Any) -> bool:
    """Whether no square became infinite, or so small that digits were lost."""
    limits = np.finfo(squares.dtype)
    least, most = _smallest(squares, None, initial=1), _largest(squares, None, initial=0)
    return bool(least > limits.tiny / limits.eps and most <= limits.max)


norm = reduction(
    "norm",
    _norm,
    lambda g, out, x, axis: g * ratio(x, out),
    definition=lambda x, axis: sqrt(total(square(x), axis=axis)),
)
"""The Euclidean norm; at the origin the derivative is 0."""


def _p_norm(x: Any, axis: Axes, ord: float) -> Any:
    size = absolute.kernel(x)
    scale = _scale(x, axis)
    return _added((size / scale) ** ord, axis, None, None, True) ** (1 / ord) * scale


def _slope_of_p_norm(g: Any, out: Any, x: Any, axis: Axes, ord: float) -> Any:
    """At a zero among the numbers nothing is raised: the sign is 0 already."""
    size, whole = where(equal(x, 0), 1.0, absolute(x)), where(equal(out, 0), 1.0, out)
    return g * (sign(x) * power(size / whole, exponent=ord - 1))


p_norm = reduction(
    "p_norm",
    _squeezed(_p_norm),
    _slope_of_p_norm,
    kink=lambda x, axis, **_: np.abs(np.real(x)),
)
"""``(Σ |x|ᵖ)^(1/p)`` for p > 0; by a number that is 0 the derivative is 0."""


@np.errstate(divide="ignore", over="ignore")
def _logsumexp(x: Any, axis: Axes) -> Any:
    top = _largest(x, axis, None, None, True, -np.inf if x.dtype.kind == "f" else None)
    top = np.where(np.isfinite(top), top, 0)
    return top + np.log(_added(exp.kernel(x - top), axis, None, None, True))


def _softmax(x: Any, axis: Axes) -> Any:
    found = along_rows("softmax", x, axis)
    if found is not None:
        return found
    powers = exp.kernel(_below_top(x, axis))
    whole = _added(powers, axis, None, None, True)
    return np.divide(powers, whole, powers if type(powers) is np.ndarray else None)


def _log_softmax(x: Any, axis: Axes) -> Any:
    found = along_rows("log_softmax", x, axis)
    if found is not None:
        return found
    below = _below_top(x, axis)
    whole = np.log(_added(exp.kernel(below), axis, None, None, True))
    return np.subtract(below, whole, below if type(below) is np.ndarray and below.dtype.kind == "f" else None)


def _below_top(x: Any, axis: Axes) -> Any:
    """The numbers less the largest of them, so that no exponential overflows."""
    return np.subtract(x, _largest(x, axis, None, None, True)) if np.size(x) else np.exp(x)


def _as_it_was(shape: Shape, axis: Axes) -> Shape:
    return shape


logsumexp = reduction(
    "logsumexp",
    _squeezed(_logsumexp),
    lambda g, out, x, axis: g * softmax(x, axis=axis),
    definition=lambda x, axis: log(total(exp(x), axis=axis)),
)
"""−∞ among the numbers adds nothing; where there is nothing else the value is −∞ and the derivative NaN."""
softmax: Op = Op(
    "softmax",
    "componentwise",
    _as_it_was,
    _softmax,
    (lambda g, out, x, axis: (g - total(g * out, axis=axis)) * out,),
    definition=lambda x, axis: exp(x) / total(exp(x), axis=axis),
)
log_softmax = Op(
    "log_softmax",
    "componentwise",
    _as_it_was,
    _log_softmax,
    (lambda g, out, x, axis: g - exp(out) * total(g, axis=axis),),
)
"""The logarithm of softmax, without its underflow."""


def _cross_entropy(z: Any, target: Any, axis: Axes) -> Any:
    if np.size(z) == 0 and 0 not in _kept(np.shape(z), axis, False):
        raise ShapeError(
            f"cross_entropy: there are no classes along the axes {axis} of a tensor of shape {np.shape(z)}"
        )

    def summed(x: Any) -> Any:
        return _added(x, axis, None, None, True)

    return summed(target) * _logsumexp(z, axis) - summed(target * z)


def _binary_cross_entropy(z: Any, target: Any, axis: Axes) -> Any:
    """For real numbers what is left of ``softplus(z)`` where z is large is added last, so that it is not lost."""
    if is_complex(z) or is_complex(target):
        costs = softplus.kernel(z) - target * z
    else:
        costs = (np.maximum(z, 0) - target * z) + np.log1p(np.exp(-np.absolute(z)))
    return _added(costs, axis, None, None, True)


cross_entropy = Op(
    "cross_entropy",
    "loss",
    lambda logits, target, axis: _kept(logits, axis),
    _cross_entropy,
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
    _binary_cross_entropy,
    (
        lambda g, out, z, target, axis: g * (sigmoid(z) - target),
        lambda g, out, z, target, axis: -(g * z),
    ),
    arity=2,
    broadcasts=True,
    definition=lambda z, target, axis: total(softplus(z) - multiply(target, z), axis=axis),
)
"""``−Σ (target log σ(z) + (1 − target) log(1 − σ(z)))``, from the logits z."""
