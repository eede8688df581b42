"""Tensors put together and taken apart along an axis, with NumPy's names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from autorecur.arrays.axes import normal_axis
from autorecur.arrays.indexing import item
from autorecur.arrays.shapes import atleast_1d, atleast_2d, ravel, reshape
from autorecur.arrays.sizes import sizes_of
from autorecur.errors import ShapeError
from autorecur.ops import linear
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def _listed(arrays: ArrayLike | Sequence[ArrayLike], name: str) -> list[Tensor]:
    parts = [as_tensor(array) for array in arrays]
    if not parts:
        raise ShapeError(f"{name}: there must be at least one tensor")
    return parts


def concatenate(arrays: Sequence[ArrayLike], axis: int | None = 0) -> Tensor:
    """The arrays one after the other along an axis; all other sizes must agree. Without an axis, all numbers in one row.

    >>> import autorecur as ar
    >>> ar.concatenate([[1.0, 2.0], [3.0]])
    tensor([1., 2., 3.])
    """
    parts = _listed(arrays, "concatenate")
    if axis is None:
        parts, axis = [ravel(part) for part in parts], 0
    first = parts[0].shape
    place = normal_axis(axis, len(first), "concatenate")
    rest = first[:place] + first[place + 1 :]
    for part in parts:
        shape = part.shape
        if len(shape) != len(first) or shape[:place] + shape[place + 1 :] != rest:
            raise ShapeError(
                f"concatenate: the shapes {first} and {shape} cannot be joined along axis {place}, "
                "because they differ in something else"
            )
    return apply(linear.concatenate, tuple(parts), {"axis": place - len(first)})


def stack(arrays: Sequence[ArrayLike], axis: int = 0) -> Tensor:
    """Arrays of one shape along a new axis, which is number ``axis`` of the result.

    >>> import autorecur as ar
    >>> ar.stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    tensor([[1., 3.],
            [2., 4.]])
    """
    parts = _listed(arrays, "stack")
    place = normal_axis(axis, parts[0].ndim + 1, "stack")
    return apply(linear.stack, tuple(parts), {"axis": place})


def vstack(tup: Sequence[ArrayLike]) -> Tensor:
    """Rows (vectors or matrices) below each other.

    >>> import autorecur as ar
    >>> ar.vstack([[1.0, 2.0], [[3.0, 4.0]]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return concatenate([atleast_2d(part) for part in tup], 0)


def hstack(tup: Sequence[ArrayLike]) -> Tensor:
    """Vectors one after the other, matrices side by side.

    >>> import autorecur as ar
    >>> ar.hstack([1.0, [2.0, 3.0]])
    tensor([1., 2., 3.])
    """
    parts = [atleast_1d(part) for part in tup]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


def column_stack(tup: Sequence[ArrayLike]) -> Tensor:
    """Vectors as columns, and matrices, side by side.

    >>> import autorecur as ar
    >>> ar.column_stack([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 3.],
            [2., 4.]])
    """
    parts = [as_tensor(part) for part in tup]
    return concatenate([part if part.ndim > 1 else reshape(part, (part.size, 1)) for part in parts], 1)


def append(arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> Tensor:
    """The values behind the array along an axis; without an axis, the numbers of both in one row.

    >>> import autorecur as ar
    >>> ar.append([1.0, 2.0], 3.0)
    tensor([1., 2., 3.])
    """
    return concatenate((arr, values), axis)


def split(ary: ArrayLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """The array cut along an axis: into so many equal parts, or before each of the listed indices.

    Raises ShapeError if the parts would not be equal; :func:`array_split` takes what comes.

    >>> import autorecur as ar
    >>> ar.split([1.0, 2.0, 3.0, 4.0], 2)
    [tensor([1., 2.]), tensor([3., 4.])]
    """
    ary = as_tensor(ary)
    place = normal_axis(axis, ary.ndim, "split")
    if isinstance(indices_or_sections, int) and (indices_or_sections < 1 or ary.shape[place] % indices_or_sections):
        raise ShapeError(
            f"split: axis {place} of size {ary.shape[place]} cannot be cut into {indices_or_sections} equal parts"
        )
    return array_split(ary, indices_or_sections, place)


def array_split(ary: ArrayLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Like :func:`split`, but the first parts may be longer by one than the last.

    >>> import autorecur as ar
    >>> ar.array_split([1.0, 2.0, 3.0], 2)
    [tensor([1., 2.]), tensor([3.])]
    """
    ary = as_tensor(ary)
    place = normal_axis(axis, ary.ndim, "array_split")
    if isinstance(indices_or_sections, int):
        if indices_or_sections < 1:
            raise ShapeError(f"array_split: there cannot be {indices_or_sections} parts")
        size, longer = divmod(ary.shape[place], indices_or_sections)
        cuts = [0] + [size * i + min(i, longer) for i in range(1, indices_or_sections + 1)]
    else:
        cuts = [0, *sizes_of(indices_or_sections), ary.shape[place]]
    whole = (slice(None),) * place
    return [item(ary, (*whole, slice(start, stop))) for start, stop in pairwise(cuts)]
