"""New shapes and other orders of axes, with NumPy's names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autorecur.arrays.axes import Axis, normal_axes, normal_axis
from autorecur.arrays.sizes import sizes_of
from autorecur.errors import ShapeError
from autorecur.ops import reductions
from autorecur.ops import shape as ops
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def reshape(a: ArrayLike, shape: int | Sequence[int]) -> Tensor:
    """The same numbers in row-major order, in another shape, one size of which may be left open with −1.

    >>> import autorecur as ar
    >>> ar.reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    tensor([[1., 2.],
            [3., 4.]])
    """
    return apply(ops.reshape, (a,), {"shape": sizes_of(shape)})


def ravel(a: ArrayLike) -> Tensor:
    """All numbers in row-major order, on one axis.

    >>> import autorecur as ar
    >>> ar.ravel([[1.0, 2.0], [3.0, 4.0]])
    tensor([1., 2., 3., 4.])
    """
    a = as_tensor(a)
    return apply(ops.reshape, (a,), {"shape": (a.size,)})


def transpose(a: ArrayLike, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in reverse order, or in the order given: axis i of the result is axis ``axes[i]`` of ``a``.

    >>> import autorecur as ar
    >>> ar.transpose([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 3.],
            [2., 4.]])
    """
    a = as_tensor(a)
    order = tuple(reversed(range(a.ndim))) if axes is None else sizes_of(axes)
    return apply(ops.permute, (a,), {"axes": order})


def swapaxes(a: ArrayLike, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged.

    >>> import autorecur as ar
    >>> ar.swapaxes(ar.zeros((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    a = as_tensor(a)
    order = list(range(a.ndim))
    i, j = (normal_axis(axis, a.ndim, "swapaxes") for axis in (axis1, axis2))
    order[i], order[j] = j, i
    return apply(ops.permute, (a,), {"axes": tuple(order)})


def moveaxis(a: ArrayLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """The axes ``source`` moved to the places ``destination``; the others keep their order.

    >>> import autorecur as ar
    >>> ar.moveaxis(ar.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    a = as_tensor(a)
    sources, places = ([normal_axis(i, a.ndim, "moveaxis") for i in sizes_of(axis)] for axis in (source, destination))
    if len(sources) != len(places) or len(set(sources)) != len(sources) or len(set(places)) != len(places):
        raise ShapeError(f"moveaxis: {source} and {destination} do not give one place to each of some axes")
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return apply(ops.permute, (a,), {"axes": tuple(order)})


def expand_dims(a: ArrayLike, axis: int | Sequence[int]) -> Tensor:
    """New axes of size 1 at these places of the result.

    >>> import autorecur as ar
    >>> ar.expand_dims([1.0, 2.0], (0, -1)).shape
    (1, 2, 1)
    """
    a = as_tensor(a)
    places = sizes_of(axis)
    new = normal_axes(places, a.ndim + len(places), "expand_dims")
    rest = iter(a.shape)
    shape = tuple(1 if i in new else next(rest) for i in range(a.ndim + len(new)))
    return apply(ops.reshape, (a,), {"shape": shape})


def squeeze(a: ArrayLike, axis: Axis = None) -> Tensor:
    """Without its axes of size 1, or without those listed; raises ShapeError for one of another size.

    >>> import autorecur as ar
    >>> ar.squeeze([[[1.0], [2.0]]], axis=0).shape
    (2, 1)
    """
    a = as_tensor(a)
    gone = [i for i, size in enumerate(a.shape) if size == 1] if axis is None else normal_axes(axis, a.ndim, "squeeze")
    for i in gone:
        if a.shape[i] != 1:
            raise ShapeError(
                f"squeeze: axis {i} of shape {a.shape} has size {a.shape[i]}, and only an axis of size 1 can go"
            )
    return apply(ops.reshape, (a,), {"shape": tuple(size for i, size in enumerate(a.shape) if i not in gone)})


def broadcast_to(array: ArrayLike, shape: int | Sequence[int]) -> Tensor:
    """The array repeated along axes of size 1 and along new axes in front until it has the shape.

    >>> import autorecur as ar
    >>> ar.broadcast_to([1.0, 2.0], (2, 2))
    tensor([[1., 2.],
            [1., 2.]])
    """
    array = as_tensor(array)
    wanted = sizes_of(shape)
    pairs = zip(reversed(array.shape), reversed(wanted), strict=False)
    if len(wanted) < array.ndim or any(size not in (1, target) for size, target in pairs):
        raise ShapeError(f"broadcast_to: a tensor of shape {array.shape} cannot be stretched to the shape {wanted}")
    return apply(reductions.broadcast_to, (array,), {"shape": wanted})


def broadcast_arrays(*args: ArrayLike) -> tuple[Tensor, ...]:
    """All arrays in the one shape that an operation on them would have.

    >>> import autorecur as ar
    >>> [x.shape for x in ar.broadcast_arrays([[1.0], [2.0]], [1.0, 2.0, 3.0])]
    [(2, 3), (2, 3)]
    """
    tensors = [as_tensor(x) for x in args]
    try:
        shape = np.broadcast_shapes(*(x.shape for x in tensors))
    except ValueError:
        shown = " and ".join(str(x.shape) for x in tensors)
        raise ShapeError(f"broadcast_arrays: the shapes {shown} do not fit together") from None
    return tuple(broadcast_to(x, shape) for x in tensors)


def atleast_1d(a: ArrayLike) -> Tensor:
    """A single number as one on an axis of size 1; anything else as it is.

    >>> import autorecur as ar
    >>> ar.atleast_1d(2.0)
    tensor([2.])
    """
    a = as_tensor(a)
    return a if a.ndim else reshape(a, (1,))


def atleast_2d(a: ArrayLike) -> Tensor:
    """A single number as a 1×1 matrix, a vector as a row; anything else as it is.

    >>> import autorecur as ar
    >>> ar.atleast_2d([1.0, 2.0]).shape
    (1, 2)
    """
    a = as_tensor(a)
    return a if a.ndim > 1 else reshape(a, (1, a.size))
