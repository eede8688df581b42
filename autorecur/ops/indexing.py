"""Ops that pick numbers by an index, add numbers at an index, and put numbers in the place of others.

An ``index`` is a tuple of integers, slices, None, Ellipsis, integer arrays and masks, as NumPy has them; nobody can change
the arrays in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.kernels.scattered import add_rows
from autorecur.ops.op import Op, Shape, shape_of

Index = tuple[Any, ...]


def counted(number: int, what: str) -> str:
    """1 axis, 2 axes; 1 index, 2 indices."""
    return f"{number} {what if number == 1 else {'axis': 'axes', 'index': 'indices'}[what]}"


def is_mask(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == np.bool_


def _used(part: Any) -> int:
    """How many axes a part of an index stands for."""
    if is_mask(part):
        return int(part.ndim)
    return 0 if part is None or part is Ellipsis else 1


def check_index(shape: Shape, index: Index) -> None:
    """Raises ShapeError for an index that a tensor of this shape does not have."""
    used = sum(_used(part) for part in index)
    if used > len(shape):
        raise ShapeError(f"{counted(used, 'index')} for a tensor with {counted(len(shape), 'axis')}, of shape {shape}")
    if sum(part is Ellipsis for part in index) > 1:
        raise ShapeError("an index can have only one '...'")
    axis = 0
    for part in index:
        if part is Ellipsis:
            axis += len(shape) - used
        elif part is not None:
            _check_part(shape, axis, part)
            axis += _used(part)
    arrays = [(np.count_nonzero(part),) if is_mask(part) else np.shape(part) for part in index if _is_array(part)]
    try:
        np.broadcast_shapes(*arrays)
    except ValueError:
        shown = " and ".join(map(str, arrays))
        raise ShapeError(f"the index arrays have shapes that do not fit together: {shown}") from None


def _check_part(shape: Shape, axis: int, part: Any) -> None:
    if isinstance(part, slice):
        if part.step == 0:
            raise ShapeError(f"the step of a slice cannot be 0 (axis {axis} of a tensor of shape {shape})")
    elif is_mask(part):
        there = shape[axis : axis + part.ndim]
        if there != part.shape:
            raise ShapeError(
                f"a mask of shape {part.shape} does not fit the sizes {there} of a tensor of shape {shape} from axis {axis} on"
            )
    else:
        size = int(shape[axis])
        numbers = np.asarray(part)
        outside = numbers[(numbers < -size) | (numbers >= size)]
        if outside.size:
            raise ShapeError(
                f"index {outside.flat[0]} is out of range for axis {axis} of size {size} in a tensor of shape {shape}"
            )


def _is_array(part: Any) -> bool:
    return isinstance(part, np.ndarray)


def _indexed_shape(shape: Shape, index: Index) -> Shape:
    check_index(shape, index)
    sizes = tuple(int(size) for size in shape)
    return np.broadcast_to(np.int8(0), sizes)[index].shape


def may_repeat(index: Index) -> bool:
    """Whether an index can name one number twice: only integer arrays can."""
    return any(type(part) is np.ndarray and part.dtype != np.bool_ for part in index)


def places(shape: tuple[int, ...], index: Index) -> Any:
    """Where the picked numbers stand, counted along the whole array in row-major order."""
    return np.arange(int(np.prod(shape)), dtype=np.intp).reshape(shape)[index]


def is_rows(index: Index) -> bool:
    """Whether an index is one array of integers, which names rows."""
    return len(index) == 1 and may_repeat(index)


def _picked(x: Any, index: Index) -> Any:
    return x.take(index[0], 0) if is_rows(index) and type(x) is np.ndarray and x.ndim else x[index]


def _add_at(total: Any, g: Any, index: Index) -> None:
    if is_rows(index) and add_rows(total, index[0], g):
        return
    if may_repeat(index):
        np.add.at(total, index, g)
    else:
        total[index] += g


getitem: Op = Op(
    "getitem",
    "indexing",
    _indexed_shape,
    _picked,
    (lambda g, out, x, index: scatter(g, shape=shape_of(x), index=index),),
    into=_add_at,
)
"""``x[index]``."""


def _scatter_shape(given: Shape, shape: Shape, index: Index) -> Shape:
    if given != (there := _indexed_shape(shape, index)):
        raise ShapeError(f"numbers of shape {given} cannot be added at an index where {there} are needed")
    return shape


def _scatter(g: Any, shape: tuple[int, ...], index: Index) -> Any:
    out = np.zeros(shape, getattr(g, "dtype", np.float64))
    if not may_repeat(index):
        out[index] = g
    elif is_rows(index) and add_rows(out, index[0], g):
        pass
    elif np.size(g) * 8 < out.size:
        np.add.at(out, index, g)
    else:  # NumPy adds single numbers faster than rows, but their places have to be listed first
        where = places(shape, index)
        np.add.at(out.reshape(-1), where.ravel(), np.broadcast_to(g, where.shape).ravel())
    return out


scatter: Op = Op(
    "scatter",
    "indexing",
    _scatter_shape,
    _scatter,
    (lambda g, out, x, shape, index: getitem(g, index=index),),
)
"""Zeros of ``shape``, and x added at the index; numbers that meet at one place add up."""


def _put_shape(shape: Shape, given: Shape, index: Index) -> Shape:
    there = _indexed_shape(shape, index)
    stretched = zip(reversed(given), reversed(there), strict=False)
    if len(given) <= len(there) and all(size in (1, wanted) for size, wanted in stretched):
        return shape
    raise ShapeError(f"numbers of shape {given} do not fit where the index picks {there} of a tensor of shape {shape}")


def _put(x: Any, values: Any, index: Index) -> Any:
    """A copy, and NumPy's assignment; complex numbers, which only checks use, stay complex."""
    out = np.array(x, dtype=np.result_type(x, values) if np.iscomplexobj(values) else None)
    out[index] = values
    return out


def _to_values(g: Any, out: Any, x: Any, values: Any, index: Index) -> Any:
    """Of values that met at one place only the last was kept, and only it receives a cotangent."""
    picked = getitem(g, index=index)
    if not may_repeat(index):
        return picked
    where = places(tuple(int(size) for size in shape_of(x)), index)
    order = np.arange(where.size).reshape(where.shape)
    last = np.zeros(where.max(initial=-1) + 1, np.intp)
    last[where] = order
    kept = last[where] == order
    return picked if kept.all() else picked * kept


put: Op = Op(
    "put",
    "indexing",
    _put_shape,
    _put,
    (lambda g, out, x, values, index: put(g, 0.0, index=index), _to_values),
    arity=2,
    broadcasts=True,
)
"""x with other values at the index; where several meet at one place the last one stays."""
