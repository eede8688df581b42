"""Matrix products, transposes, and arrays put together from blocks; products act on the last two axes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.ops.arithmetic import broadcast_shapes
from autorecur.ops.einsum import einsum
from autorecur.ops.indexing import getitem
from autorecur.ops.op import Op, Shape, Size, shape_of
from autorecur.ops.reductions import sum_to
from autorecur.ops.shape import reshape


def _swap(shape: Shape) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2])


def _product_shape(a: Shape, b: Shape) -> Shape:
    """NumPy's rule: a vector on the left is a row, one on the right a column, and its axis of size 1 goes again."""
    if not a or not b:
        raise ShapeError("matmul: a single number has no matrix product; use * instead of @")
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    if a[-1] != b[-2:][0]:
        sizes = f"{a[-1]} columns meet {b[-2:][0]} rows"
        raise ShapeError(f"matmul: a {_size(a, 1)} matrix cannot be multiplied with a {_size(b, 0)} one, {sizes}")
    try:
        return (*broadcast_shapes(a[:-2], b[:-2]), *rows, *columns)
    except ShapeError:
        raise ShapeError(
            f"matmul: the axes in front of the matrices do not fit together in the shapes {a} and {b}"
        ) from None


def _size(shape: Shape, vector_is_row: int) -> str:
    """3×4, and for a vector of four 1×4 or 4×1; axes in front are told as well."""
    whole = shape if len(shape) > 1 else (1, *shape) if vector_is_row else (*shape, 1)
    shown = f"{whole[-2]}×{whole[-1]}"
    return f"{shown} (shape {shape})" if len(shape) != 2 else shown


def _matrices(g: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """A product with a vector in it, as one of matrices."""
    rows, columns = len(shape_of(a)) > 1, len(shape_of(b)) > 1
    if rows and columns:
        return g, a, b
    shape = shape_of(g)
    if not columns:
        b, shape = reshape(b, shape=(*shape_of(b), 1)), (*shape, 1)
    if not rows:
        a, shape = reshape(a, shape=(1, *shape_of(a))), (*shape[:-1], 1, shape[-1])
    return reshape(g, shape=shape), a, b


def _stack(x: Any) -> tuple[int, ...]:
    """Labels for the axes of a stack of matrices, without those of the matrix."""
    return tuple(range(3, 1 + len(shape_of(x))))


def _to_left(g: Any, out: Any, a: Any, b: Any) -> Any:
    if len(shape_of(a)) == 2 < len(shape_of(b)):  # one matrix, many products: the sum over them is part of the product
        return einsum(g, b, labels=((*_stack(g), 0, 2), (*_stack(b), 1, 2)), result=(0, 1))
    g, _, b = _matrices(g, a, b)
    return matmul(g, matrix_transpose(b))


def _to_right(g: Any, out: Any, a: Any, b: Any) -> Any:
    if len(shape_of(b)) == 2 < len(shape_of(a)):
        return einsum(a, g, labels=((*_stack(a), 0, 1), (*_stack(g), 0, 2)), result=(1, 2))
    g, whole, _ = _matrices(g, a, b)
    found = matmul(matrix_transpose(whole), g)
    return found if len(shape_of(b)) > 1 else reshape(found, shape=shape_of(found)[:-1])


def _product(a: Any, b: Any) -> Any:
    """A stack of matrices times one matrix is one product: BLAS is called once."""
    if np.ndim(b) == 2 and np.ndim(a) > 2 and a.shape[-1] == b.shape[0]:
        return np.matmul(a.reshape(prod(a.shape[:-1]), a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    return np.matmul(a, b)


matrix_transpose: Op = Op(
    "matrix_transpose",
    "linear",
    _swap,
    lambda x: np.swapaxes(x, -2, -1),
    (lambda g, out, x: matrix_transpose(g),),
)
matmul: Op = Op(
    "matmul",
    "linear",
    _product_shape,
    _product,
    (_to_left, _to_right),
    arity=2,
    broadcasts=True,
)


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    y = np.matmul(x.reshape(prod(x.shape[:-1]), x.shape[-1]), weight.T)
    if y.dtype == bias.dtype:
        y += bias
    else:
        y = y + bias
    return y.reshape(*x.shape[:-1], weight.shape[0])


def _rows(x: Any) -> Any:
    """All axes but the last as one."""
    shape = shape_of(x)
    return x if len(shape) == 2 else reshape(x, shape=(prod(shape[:-1]), shape[-1]))


affine: Op = Op(
    "linear",
    "linear",
    lambda x, weight, bias: (*x[:-1], weight[0]),
    _affine,
    (
        lambda g, out, x, weight, bias: reshape(matmul(_rows(g), weight), shape=shape_of(x)),
        lambda g, out, x, weight, bias: matmul(matrix_transpose(_rows(g)), _rows(x)),
        lambda g, out, x, weight, bias: reshape(sum_to(_rows(g), shape=(1, *shape_of(bias))), shape=shape_of(bias)),
    ),
    arity=3,
)
"""x · weightᵀ + bias as one op: weight (out, in), bias (out,). It stands in no equation of a cell."""


def add_sizes(*sizes: Size) -> Size:
    """``n_h`` and ``n_x`` give ``n_h + n_x``; known numbers are added up."""
    named = [part for size in sizes if isinstance(size, str) for part in size.split(" + ") if not part.isdigit()]
    known = sum(int(part) for size in sizes for part in (str(size).split(" + ")) if part.isdigit())
    if not named:
        return known
    return " + ".join([*named, str(known)] if known else named)


def _joined(*shapes: Shape, axis: int) -> Shape:
    first = list(shapes[0])
    first[axis] = add_sizes(*(shape[axis] for shape in shapes))
    return tuple(first)


def _concatenate(*arrays: Any, axis: int) -> Any:
    front = np.shape(arrays[0])[:-2]
    if axis < -2 or all(np.shape(a)[:-2] == front for a in arrays):
        return np.concatenate(arrays, axis=axis)
    leading = np.broadcast_shapes(*(np.shape(a)[:-2] for a in arrays))
    return np.concatenate([np.broadcast_to(a, leading + np.shape(a)[-2:]) for a in arrays], axis=axis)


def _block_of(g: Any, out: Any, *inputs: Any, axis: int, wanted: int) -> Any:
    sizes = [shape_of(x)[axis] for x in inputs[: wanted + 1]]
    return block(g, axis=axis, start=add_sizes(0, *sizes[:-1]), size=sizes[-1])


concatenate = Op("concatenate", "linear", _joined, _concatenate, (_block_of,), arity=-1, broadcasts=True)
"""Blocks one after the other along ``axis``, a negative number; each is sent its own block of the cotangent.

Along rows and columns, the axes in front of these two are stretched if they have to be.
"""


def _stacked(*shapes: Shape, axis: int) -> Shape:
    for shape in shapes:
        if shape != shapes[0]:
            raise ShapeError(f"stack: all tensors need one shape; these have {shapes[0]} and {shape}")
    return (*shapes[0][:axis], len(shapes), *shapes[0][axis:])


stack = Op(
    "stack",
    "linear",
    _stacked,
    lambda *arrays, axis: np.stack(arrays, axis=axis),
    (lambda g, out, *inputs, axis, wanted: getitem(g, index=(*(slice(None),) * axis, wanted)),),
    arity=-1,
)
"""Arrays of one shape along a new axis, whose number is not negative."""


def _cut(x: Any, axis: int, start: int, size: int) -> Any:
    return x[(..., slice(start, start + size), *(slice(None),) * (-1 - axis))]


def _block_shape(shape: Shape, axis: int, start: Size, size: Size) -> Shape:
    result = list(shape)
    result[axis] = size
    return tuple(result)


def _place(x: Any, axis: int, start: int, size: int) -> Any:
    """Zeros of ``size`` along the axis, with x from ``start`` on."""
    shape = list(np.shape(x))
    length = shape[axis]
    shape[axis] = size
    out = np.zeros(shape, dtype=np.asarray(x).dtype)
    _cut(out, axis, start, length)[...] = x
    return out


block = Op(
    "block",
    "linear",
    _block_shape,
    _cut,
    (lambda g, out, x, axis, start, size: place(g, axis=axis, start=start, size=shape_of(x)[axis]),),
)
"""``size`` rows (axis −2), columns (axis −1) or slices of another axis, from ``start`` on."""
place: Op = Op(
    "place",
    "linear",
    _block_shape,
    _place,
    (lambda g, out, x, axis, start, size: block(g, axis=axis, start=start, size=shape_of(x)[axis]),),
)
