"""Running sums and products, and products over axes: their derivatives divide by nothing, so zeros do no harm.

A running product ``y[k] = x[k] y[k−1]`` is a linear recurrence, and the derivative of a linear recurrence is another one that
runs the other way. A product over an axis leaves out one number at a time: those before it times those behind it.
"""

from __future__ import annotations

from math import prod as prod_of
from typing import Any

import numpy as np

from autorecur.ops.op import Op, Shape, shape_of
from autorecur.ops.reductions import Axes, reduction
from autorecur.ops.shape import permute, reshape

_multiplied: Any = np.multiply.reduce


def _same(shape: Shape, *_: Shape, **attributes: Any) -> Shape:
    return shape


def _scan(accumulate: Any) -> Any:
    """A kernel that runs along an axis, from its end if ``reverse``."""

    def kernel(x: Any, axis: int, reverse: bool = False) -> Any:
        return np.flip(accumulate(np.flip(x, axis), axis), axis) if reverse else accumulate(x, axis)

    return kernel


cumsum: Op = Op(
    "cumsum",
    "scan",
    _same,
    _scan(np.add.accumulate),
    (lambda g, out, x, axis, reverse=False: cumsum(g, axis=axis, reverse=not reverse),),
)


def _shifted(x: Any, axis: int, reverse: bool = False, fill: float = 0.0) -> Any:
    result = np.empty(x.shape, x.dtype)
    to, source = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    free = list(to)
    if reverse:
        to[axis], source[axis], free[axis] = slice(None, -1), slice(1, None), slice(-1, None)
    else:
        to[axis], source[axis], free[axis] = slice(1, None), slice(None, -1), slice(None, 1)
    result[tuple(to)] = x[tuple(source)]
    result[tuple(free)] = fill
    return result


shifted: Op = Op(
    "shifted",
    "scan",
    _same,
    _shifted,
    (lambda g, out, x, axis, reverse=False, fill=0.0: shifted(g, axis=axis, reverse=not reverse),),
)
"""Each number one place on along the axis (one back if ``reverse``); ``fill`` stands in the place that becomes free."""


def _recurrence(a: Any, b: Any, axis: int, reverse: bool = False) -> Any:
    if reverse:
        return np.flip(_recurrence(np.flip(a, axis), np.flip(b, axis), axis), axis)
    result = np.array(b, dtype=np.result_type(a, b), order="C")
    loop = _loop(result.dtype.name) if result.size >= _LEAST_COMPILED and result.dtype.kind == "f" else None
    if loop is not None:
        factors = np.ascontiguousarray(a, result.dtype).reshape(-1)
        loop(result.reshape(-1), factors, result.shape[axis], prod_of(result.shape[axis % result.ndim + 1 :]))
        return result
    factors, steps = np.moveaxis(a, axis, 0), np.moveaxis(result, axis, 0)
    for k in range(1, len(steps)):
        steps[k] += factors[k] * steps[k - 1]
    return result


_LEAST_COMPILED = 500
_LOOP = """def kernel(results, factors, length, stride):
    for row in range(results.size // (length * stride)):
        for k in range(1, length):
            start = (row * length + k) * stride
            for i in range(start, start + stride):
                results[i] += factors[i] * results[i - stride]
"""


def _loop(dtype: str) -> Any:
    """The steps as machine code, from what has to be added to the results; None without a compiler."""
    if dtype not in ("float64", "float32"):
        return None
    from autorecur.kernels.compiled import compiled

    return compiled(_LOOP, dtype, (dtype + "[]", "const " + dtype + "[]", "int64", "int64"))


recurrence: Op = Op(
    "recurrence",
    "scan",
    _same,
    _recurrence,
    (
        lambda g, out, a, b, axis, reverse=False: (
            recurrence(shifted(a, axis=axis, reverse=not reverse), g, axis=axis, reverse=not reverse)
            * shifted(out, axis=axis, reverse=reverse)
        ),
        lambda g, out, a, b, axis, reverse=False: recurrence(
            shifted(a, axis=axis, reverse=not reverse), g, axis=axis, reverse=not reverse
        ),
    ),
    arity=2,
)
"""``y[k] = b[k] + a[k] y[k−1]`` along the axis (``y[k+1]`` if ``reverse``), from 0."""

cumprod: Op = Op(
    "cumprod",
    "scan",
    _same,
    _scan(np.multiply.accumulate),
    (
        lambda g, out, x, axis, reverse=False: (
            recurrence(shifted(x, axis=axis, reverse=not reverse), g, axis=axis, reverse=not reverse)
            * shifted(out, axis=axis, reverse=reverse, fill=1.0)
        ),
    ),
)


def _of_the_others(x: Any, axis: Axes) -> Any:
    """For each number the product of all others along the axes."""
    if len(axis) == 1:
        before = shifted(cumprod(x, axis=axis[0]), axis=axis[0], fill=1.0)
        behind = shifted(cumprod(x, axis=axis[0], reverse=True), axis=axis[0], reverse=True, fill=1.0)
        return before * behind
    shape = shape_of(x)
    joined = [a % len(shape) for a in axis]
    order = (*(i for i in range(len(shape)) if i not in joined), *joined)
    moved = tuple(shape[i] for i in order)
    kept = len(shape) - len(joined)
    rows = reshape(permute(x, axes=order), shape=(*moved[:kept], prod_of(moved[kept:])))
    found = reshape(_of_the_others(rows, (kept,)), shape=moved)
    return permute(found, axes=tuple(order.index(i) for i in range(len(shape))))


product = reduction(
    "prod",
    lambda x, axis, keepdims=True: _multiplied(x, axis, None, None, keepdims),
    lambda g, out, x, axis: g * _of_the_others(x, axis),
)
