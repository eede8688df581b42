"""Tensors whose numbers are picked from those of another: taken, repeated, turned, moved along, surrounded."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index
from typing import Any

import numpy as np

from autorecur.arrays.axes import Axis, normal_axes, normal_axis
from autorecur.arrays.constants import refuse_gradient
from autorecur.arrays.indexing import item, normal_index
from autorecur.arrays.joining import concatenate
from autorecur.arrays.shapes import broadcast_to, ravel, reshape
from autorecur.arrays.sizes import sizes_of
from autorecur.errors import ShapeError
from autorecur.ops.indexing import put
from autorecur.tape.numbers import as_array
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor

WHOLE = slice(None)


def take(a: ArrayLike, indices: ArrayLike, axis: int | None = None, *, mode: str = "raise") -> Tensor:
    """The numbers (or slices along the axis) with these indices; without an axis, indices into all numbers in one row.

    An index out of range is an error, or with the mode "wrap" begins again, or with "clip" means the nearest.

    >>> import autorecur as ar
    >>> ar.take([1.0, 2.0, 3.0], [2, 0, 0])
    tensor([3., 1., 1.])
    """
    a = ravel(a) if axis is None else as_tensor(a)
    place = normal_axis(0 if axis is None else axis, a.ndim, "take")
    (wanted,) = normal_index(indices)
    if not isinstance(wanted, (int, np.ndarray)) or np.asarray(wanted).dtype == np.bool_:
        raise ShapeError(f"take: {indices!r:.60} are no indices: use integers")
    if mode == "wrap" and a.shape[place]:
        wanted = np.mod(wanted, a.shape[place])
    elif mode == "clip":
        wanted = np.clip(wanted, 0, a.shape[place] - 1)
    elif mode not in ("raise", "wrap"):
        raise ShapeError(f"take: there is no mode {mode!r}: use raise, wrap or clip")
    return item(a, (WHOLE,) * place + (wanted,))


def take_along_axis(arr: ArrayLike, indices: ArrayLike, axis: int | None = -1) -> Tensor:
    """For each place of ``indices`` the number with this index along the axis, from the same place of the other axes.

    >>> import autorecur as ar
    >>> ar.take_along_axis([[1.0, 2.0], [3.0, 4.0]], [[1], [0]], axis=1)
    tensor([[2.],
            [3.]])
    """
    a = ravel(arr) if axis is None else as_tensor(arr)
    place = normal_axis(0 if axis is None else axis, a.ndim, "take_along_axis")
    (wanted,) = normal_index(indices)
    wanted = np.asarray(wanted)
    if wanted.dtype.kind != "i" or wanted.ndim != a.ndim:
        raise ShapeError(
            f"take_along_axis: a tensor of shape {a.shape} needs integers with as many axes, "
            f"not {wanted.dtype} of shape {wanted.shape}"
        )
    for i, (size, count) in enumerate(zip(a.shape, wanted.shape, strict=True)):
        if i != place and count not in (1, size) and size != 1:
            raise ShapeError(
                f"take_along_axis: indices of shape {wanted.shape} do not fit a tensor of shape {a.shape} on axis {i}"
            )
    others = np.ix_(*(np.arange(size) for size in a.shape))
    return item(a, tuple(wanted if i == place else along for i, along in enumerate(others)))


def repeat(a: ArrayLike, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Each number (or each slice along the axis) several times in a row; ``repeats`` is one count, or one for each.

    >>> import autorecur as ar
    >>> ar.repeat([1.0, 2.0], [2, 1])
    tensor([1., 1., 2.])
    """
    a = ravel(a) if axis is None else as_tensor(a)
    place = normal_axis(0 if axis is None else axis, a.ndim, "repeat")
    counts = np.asarray(repeats.data if isinstance(repeats, Tensor) else repeats)
    if counts.dtype.kind not in "iu" or counts.ndim > 1 or np.any(counts < 0):
        raise ShapeError(f"repeat: {repeats} is no count of repetitions: use integers from 0 on")
    if counts.size != 1:
        if counts.size != a.shape[place]:
            raise ShapeError(f"repeat: there are {counts.size} counts for axis {place} of size {a.shape[place]}")
        return take(a, np.repeat(np.arange(a.shape[place]), counts), place)
    times = int(counts.reshape(()))
    front, back = a.shape[: place + 1], a.shape[place + 1 :]
    stretched = broadcast_to(reshape(a, (*front, 1, *back)), (*front, times, *back))
    return reshape(stretched, (*front[:-1], front[-1] * times, *back))


def tile(A: ArrayLike, reps: int | Sequence[int]) -> Tensor:
    """The whole array several times along each axis; axes are added in front for the longer of shape and ``reps``.

    >>> import autorecur as ar
    >>> ar.tile([1.0, 2.0], (2, 2))
    tensor([[1., 2., 1., 2.],
            [1., 2., 1., 2.]])
    """
    a, times = as_tensor(A), sizes_of(reps)
    if any(count < 0 for count in times):
        raise ShapeError(f"tile: {times} is no count of repetitions: use integers from 0 on")
    ndim = max(a.ndim, len(times))
    shape, times = (1,) * (ndim - a.ndim) + a.shape, (1,) * (ndim - len(times)) + times
    apart = tuple(size for pair in zip(times, shape, strict=True) for size in pair)
    single = reshape(a, tuple(size for n in shape for size in (1, n)))
    return reshape(broadcast_to(single, apart), tuple(prod(pair) for pair in zip(times, shape, strict=True)))


def flip(m: ArrayLike, axis: Axis = None) -> Tensor:
    """The numbers in reverse order along every axis, or along those listed.

    >>> import autorecur as ar
    >>> ar.flip([[1.0, 2.0], [3.0, 4.0]], axis=1)
    tensor([[2., 1.],
            [4., 3.]])
    """
    m = as_tensor(m)
    turned = normal_axes(axis, m.ndim, "flip")
    return item(m, tuple(slice(None, None, -1) if i in turned else WHOLE for i in range(m.ndim)))


def flipud(m: ArrayLike) -> Tensor:
    """The first axis in reverse order.

    >>> import autorecur as ar
    >>> ar.flipud([1.0, 2.0])
    tensor([2., 1.])
    """
    return flip(m, 0)


def fliplr(m: ArrayLike) -> Tensor:
    """The second axis in reverse order.

    >>> import autorecur as ar
    >>> ar.fliplr([[1.0, 2.0]])
    tensor([[2., 1.]])
    """
    return flip(m, 1)


def roll(a: ArrayLike, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """The numbers moved along an axis; what leaves at the end comes in at the start. Without an axis, along all in one row.

    >>> import autorecur as ar
    >>> ar.roll([1.0, 2.0, 3.0], 1)
    tensor([3., 1., 2.])
    """
    moved = as_tensor(a)
    if axis is None:
        flat = ravel(moved)
        for distance in sizes_of(shift):
            flat = _rolled(flat, distance, 0)
        return reshape(flat, moved.shape)
    shifts, axes = sizes_of(shift), sizes_of(axis)
    count = max(len(shifts), len(axes))
    if not {len(shifts), len(axes)} <= {1, count}:
        raise ShapeError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    for distance, along in zip(shifts * (count // len(shifts)), axes * (count // len(axes)), strict=True):
        moved = _rolled(moved, distance, normal_axis(along, moved.ndim, "roll"))
    return moved


def _rolled(a: Tensor, distance: int, axis: int) -> Tensor:
    size = a.shape[axis]
    start = -distance % size if size else 0
    if start == 0:
        return a
    before = (WHOLE,) * axis
    return concatenate((item(a, (*before, slice(start, None))), item(a, (*before, slice(start)))), axis)


PAD_MODES = ("edge", "reflect", "symmetric", "wrap")


def pad(array: ArrayLike, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """The array with more numbers around it: ``pad_width`` before and after each axis, as NumPy takes it.

    The mode tells what they are: "constant" (``constant_values``), "edge" (the last number), "reflect" and "symmetric"
    (a mirror on the last number, or after it), "wrap" (the other end). Raises ShapeError for any other. A single constant
    value may be differentiated, several may not (GradientError).

    >>> import autorecur as ar
    >>> ar.pad([1.0, 2.0], 1)
    tensor([0., 1., 2., 0.])
    """
    a = as_tensor(array)
    try:
        widths = [tuple(map(index, pair)) for pair in np.broadcast_to(np.asarray(pad_width), (a.ndim, 2)).tolist()]
    except (ValueError, TypeError):
        raise ShapeError(f"pad: {pad_width} does not give two whole numbers for each axis of shape {a.shape}") from None
    if any(width < 0 for pair in widths for width in pair):
        raise ShapeError(f"pad: a width cannot be negative in {pad_width}")
    if mode == "constant":
        around = _surroundings(a, widths, constant_values)
        inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, a.shape, strict=True))
        return apply(put, (around, a), {"index": inside})
    if mode not in PAD_MODES:
        raise ShapeError(f"pad: there is no mode {mode!r}: use constant, {', '.join(PAD_MODES)}")
    for axis, pair in enumerate(widths):
        if any(pair):
            if a.shape[axis] == 0:
                raise ShapeError(
                    f"pad: axis {axis} of shape {a.shape} has size 0, and the mode {mode!r} needs numbers there"
                )
            kind: Any = mode
            a = item(a, (*(WHOLE,) * axis, np.pad(np.arange(a.shape[axis]), pair, kind)))
    return a


def _surroundings(a: Tensor, widths: list[tuple[int, ...]], values: Any) -> Tensor:
    """Constant values in the shape of the padded array, and in its dtype."""
    if isinstance(values, Tensor) and not values.shape:
        shape = tuple(before + n + after for (before, after), n in zip(widths, a.shape, strict=True))
        return broadcast_to(values.astype(a.dtype), shape)
    refuse_gradient(values, "pad", "several constant_values")
    return Tensor(np.pad(np.zeros(a.shape, a.dtype), widths, constant_values=as_array(values)))
