"""Tensors of given numbers, or from nothing but a shape or a range, with NumPy's names."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from autorecur.arrays.constants import constant
from autorecur.arrays.shapes import broadcast_to
from autorecur.arrays.sizes import Sizes, new_sizes
from autorecur.errors import ShapeError
from autorecur.ops.shape import astype
from autorecur.tape.numbers import as_array
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor, tensor


def asarray(a: ArrayLike, dtype: Any = None) -> Tensor:
    """A tensor as it is, and anything else as a constant tensor; floats are rounded to another float dtype.

    >>> import autorecur as ar
    >>> ar.asarray([1, 2], dtype=float)
    tensor([1., 2.])
    """
    given = as_tensor(a)
    if dtype is None or given.dtype == np.dtype(dtype):
        return given
    if given.dtype.kind == "f" == np.dtype(dtype).kind:
        return apply(astype, (given,), {"dtype": np.dtype(dtype)})
    return tensor(given, dtype)


def zeros(shape: Sizes, dtype: Any = float) -> Tensor:
    """Zeros in a shape.

    >>> import autorecur as ar
    >>> ar.zeros(2)
    tensor([0., 0.])
    """
    return full(new_sizes(shape, "zeros"), 0, dtype)


def ones(shape: Sizes, dtype: Any = float) -> Tensor:
    """Ones in a shape.

    >>> import autorecur as ar
    >>> ar.ones(2)
    tensor([1., 1.])
    """
    return full(new_sizes(shape, "ones"), 1, dtype)


def full(shape: Sizes, fill_value: ArrayLike, dtype: Any = None) -> Tensor:
    """One value in every place of a shape; an array of values is broadcast.

    >>> import autorecur as ar
    >>> ar.full((1, 2), 7.0)
    tensor([[7., 7.]])
    """
    return broadcast_to(asarray(fill_value, dtype), new_sizes(shape, "full"))


def zeros_like(a: ArrayLike, dtype: Any = None) -> Tensor:
    """Zeros in the shape and dtype of another tensor.

    >>> import autorecur as ar
    >>> ar.zeros_like([1.0, 2.0])
    tensor([0., 0.])
    """
    return full_like(a, 0, dtype)


def empty_like(prototype: ArrayLike, dtype: Any = None) -> Tensor:
    """Zeros in the shape and dtype of another tensor: numbers of a tensor never change, so none are left open.

    >>> import autorecur as ar
    >>> ar.empty_like([1.0, 2.0])
    tensor([0., 0.])
    """
    return zeros_like(prototype, dtype)


def ones_like(a: ArrayLike, dtype: Any = None) -> Tensor:
    """Ones in the shape and dtype of another tensor.

    >>> import autorecur as ar
    >>> ar.ones_like([1.0, 2.0])
    tensor([1., 1.])
    """
    return full_like(a, 1, dtype)


def full_like(a: ArrayLike, fill_value: ArrayLike, dtype: Any = None) -> Tensor:
    """One value in every place, in the shape and dtype of another tensor.

    >>> import autorecur as ar
    >>> ar.full_like([1.0, 2.0], 7)
    tensor([7., 7.])
    """
    like = as_array(a)
    return full(like.shape, fill_value, like.dtype if dtype is None else dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Tensor:
    """Ones on a diagonal, k places above the main one, of an N×M matrix of zeros.

    >>> import autorecur as ar
    >>> ar.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = new_sizes((N, N if M is None else M), "eye")
    return Tensor(np.eye(rows, columns, index(k), dtype))


def arange(start: float, stop: float | None = None, step: float = 1, dtype: Any = None) -> Tensor:
    """The numbers from ``start`` (or 0) in steps, as long as they are below ``stop``.

    >>> import autorecur as ar
    >>> ar.arange(1.0, 2.0, 0.25)
    tensor([1.  , 1.25, 1.5 , 1.75])
    """
    start, step = constant(start, "arange", "start"), constant(step, "arange", "step")
    stop = None if stop is None else constant(stop, "arange", "stop")
    if step == 0:
        raise ShapeError("arange: the step cannot be 0")
    first, last = (0, start) if stop is None else (start, stop)
    return Tensor(np.arange(first, last, step, dtype=dtype))


def linspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, *, dtype: Any = None) -> Tensor:
    """``num`` numbers at equal distances from ``start`` to ``stop``, the last of which ``endpoint`` may leave out.

    Both may be tensors, and have derivatives then. Raises ShapeError for a negative ``num``.

    >>> import autorecur as ar
    >>> ar.linspace(0.0, 1.0, 3)
    tensor([0. , 0.5, 1. ])
    """
    if num < 0:
        raise ShapeError(f"linspace: there cannot be {num} numbers")
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        return Tensor(np.linspace(start, stop, index(num), endpoint, dtype=dtype))
    first, last = (x if isinstance(x, (int, float, Tensor)) else as_tensor(x) for x in (start, stop))
    ends = [x.data if isinstance(x, Tensor) else x for x in (first, last)]
    part = np.linspace(0.0, 1.0, index(num), endpoint, dtype=np.result_type(*ends, 1.0))
    part = part.reshape((-1,) + (1,) * max(map(np.ndim, ends)))
    found = as_tensor(first * (1 - part) + last * part)
    return found if dtype is None else asarray(found, dtype)
