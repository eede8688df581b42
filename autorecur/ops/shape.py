"""Ops that move numbers without computing with them: new shapes, other orders of axes, other dtypes."""

from __future__ import annotations

import numpy as np

from autorecur.errors import ShapeError
from autorecur.ops.op import Op, Shape, shape_of, shown


def _count(shape: Shape) -> int:
    return int(np.prod([int(size) for size in shape], dtype=np.int64))


def _new_shape(old: Shape, shape: Shape) -> Shape:
    if list(shape).count(-1) > 1:
        raise ShapeError(f"reshape: only one size of {shown(shape)} can be left open with -1")
    fixed = _count(tuple(size for size in shape if size != -1))
    if -1 in shape:
        if fixed and _count(old) % fixed == 0:
            return tuple(_count(old) // fixed if size == -1 else size for size in shape)
    elif fixed == _count(old):
        return shape
    raise ShapeError(f"reshape: {_count(old)} numbers of shape {shown(old)} cannot take the shape {shown(shape)}")


reshape: Op = Op(
    "reshape",
    "shape",
    _new_shape,
    lambda x, shape: np.reshape(x, shape),
    (lambda g, out, x, shape: reshape(g, shape=shape_of(x)),),
)
"""The same numbers in the same order, in another shape."""


def _permuted(shape: Shape, axes: tuple[int, ...]) -> Shape:
    if sorted(axis % max(len(shape), 1) for axis in axes) != list(range(len(shape))):
        raise ShapeError(f"transpose: {axes} is not an order of the {len(shape)} axes of {shown(shape)}")
    return tuple(shape[axis] for axis in axes)


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort([axis % len(axes) for axis in axes]))


permute: Op = Op(
    "permute",
    "shape",
    _permuted,
    lambda x, axes: np.transpose(x, axes),
    (lambda g, out, x, axes: permute(g, axes=_inverse(axes)),),
)
"""The axes in another order: axis i of the result is axis ``axes[i]`` of the input."""

astype: Op = Op(
    "astype",
    "shape",
    lambda shape, dtype: shape,
    lambda x, dtype: np.asarray(x).astype(np.result_type(x, dtype) if np.iscomplexobj(x) else dtype),
    (lambda g, out, x, dtype: astype(g, dtype=getattr(x, "dtype", dtype)),),
)
"""The numbers rounded to another floating dtype; complex numbers, which only checks use, stay complex."""
