"""``x[index]`` and ``x.at[index]``: every kind of index that NumPy has."""

from __future__ import annotations

from operator import index as as_integer
from typing import Any

import numpy as np

from autorecur.errors import DtypeError, ShapeError
from autorecur.ops import Op
from autorecur.ops import indexing as ops
from autorecur.ops.arithmetic import add, multiply
from autorecur.ops.functions import maximum, minimum
from autorecur.ops.indexing import Index
from autorecur.ops.reductions import broadcast_to
from autorecur.ops.shape import astype, reshape
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor

_BASIC = (int, type(None), type(Ellipsis))


def item(x: Tensor, index: Any) -> Tensor:
    """``x[index]``: integers, slices, None, Ellipsis, integer arrays, masks, and tuples of these.

    Repeated indices receive the sum of their cotangents. Raises ShapeError for an index that x does not have.
    """
    return apply(ops.getitem, (x,), {"index": normal_index(index)})


def normal_index(index: Any) -> Index:
    """The index as a tuple that nobody can change; raises ShapeError for what is no index."""
    if type(index) is tuple:
        return tuple([part if type(part) in _BASIC else _normal_part(part) for part in index])
    return (index if type(index) in _BASIC else _normal_part(index),)


def _normal_part(part: Any) -> Any:
    kind = type(part)
    if kind is slice:
        return slice(_bound(part.start), _bound(part.stop), _bound(part.step))
    if isinstance(part, np.integer):
        return int(part)
    if isinstance(part, Tensor):
        part = part.data
    elif not isinstance(part, (list, tuple, bool, np.bool_, np.ndarray)):
        raise ShapeError(
            f"{part!r:.60} ({kind.__name__}) is no index: use integers, slices, None, ..., or arrays of these"
        )
    elif isinstance(part, (list, tuple)):
        part = _array(part)
    part = np.asarray(part)
    if part.dtype.kind not in "biu":
        raise ShapeError(
            f"an array of {part.dtype} is no index: use an array of integers, or of booleans in the shape of what it picks from"
        )
    if part.dtype != np.bool_ and part.ndim == 0:
        return int(part)
    copy = part.astype(np.bool_ if part.dtype == np.bool_ else np.intp)
    copy.flags.writeable = False
    return copy


def _array(part: Any) -> Any:
    """Nested lists of integers and tensors as an array; an empty list is one of integers."""
    try:
        array = np.asarray([as_plain(entry) for entry in part])
    except ValueError:
        raise ShapeError("the rows of an index have different lengths") from None
    return array if array.size else array.astype(np.intp)


def as_plain(entry: Any) -> Any:
    if isinstance(entry, (list, tuple)):
        return [as_plain(part) for part in entry]
    return entry.data if isinstance(entry, Tensor) else entry


def _bound(bound: Any) -> int | None:
    if bound is None or type(bound) is int:
        return bound
    try:
        return as_integer(bound.data if isinstance(bound, Tensor) else bound)
    except TypeError:
        raise ShapeError(f"{bound!r:.60} is no bound of a slice: use integers") from None


class At:
    """``x.at``: copies of a tensor that differ at an index, ``x.at[index].set(values)``.

    The values take the shape that the index picks, by broadcasting. The result has the dtype of x.
    """

    __slots__ = ("_x",)

    def __init__(self, x: Tensor) -> None:
        self._x = x

    def __getitem__(self, index: Any) -> Place:
        return Place(self._x, normal_index(index))


class Place:
    """The part of a tensor that ``x.at[index]`` picks."""

    __slots__ = ("_index", "_x")

    def __init__(self, x: Tensor, index: Index) -> None:
        self._x = x
        self._index = index

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"x.at[index] has no {name}, only set, add, multiply, min and max")

    def set(self, values: ArrayLike) -> Tensor:
        """x with these values at the index; where an index is repeated the last value stays."""
        return apply(ops.put, (self._x, self._fitting(values)), {"index": self._index})

    def add(self, values: ArrayLike) -> Tensor:
        """x with the values added at the index; where an index is repeated all are added."""
        x, index = self._x, self._index
        values = self._stretched(values)
        return apply(add, (x, apply(ops.scatter, (values,), {"shape": x.shape, "index": index})))

    def multiply(self, values: ArrayLike) -> Tensor:
        """x with the numbers at the index multiplied by the values, one after the other where an index is repeated."""
        return self._updated(multiply, values)

    def min(self, values: ArrayLike) -> Tensor:
        """x with the smaller of the two at the index: its own number and the value."""
        return self._updated(minimum, values)

    def max(self, values: ArrayLike) -> Tensor:
        """x with the larger of the two at the index: its own number and the value."""
        return self._updated(maximum, values)

    def _fitting(self, values: ArrayLike) -> Tensor:
        """The values in the dtype of x; raises DtypeError where this would cut off digits or signs."""
        given, own = as_tensor(values), self._x.dtype
        if given.dtype == own:
            return given
        if not np.can_cast(given.dtype, own, "same_kind"):
            raise DtypeError(f"values of {given.dtype} have no place in a tensor of {own}: astype() it first")
        return apply(astype, (given,), {"dtype": own})

    def _stretched(self, values: ArrayLike) -> Tensor:
        """The values in the shape that the index picks."""
        given = self._fitting(values)
        try:
            there = self._x.data[self._index].shape
        except (IndexError, ValueError):
            ops.check_index(self._x.shape, self._index)
            raise
        if given.shape == there:
            return given
        ops.put.shape(self._x.shape, given.shape, index=self._index)
        return apply(broadcast_to, (given,), {"shape": there})

    def _updated(self, op: Op, values: ArrayLike) -> Tensor:
        """``op(number, value)`` at the index: at once, or, where places are repeated, in rounds in which none is."""
        x, values = self._x, self._stretched(values)
        if not ops.may_repeat(self._index):
            return Place(x, self._index).set(apply(op, (item(x, self._index), values)))
        where = ops.places(x.shape, self._index).ravel()
        order = np.argsort(where, kind="stable")
        starts = np.searchsorted(where[order], where[order])
        rounds = np.empty(where.size, np.intp)
        rounds[order] = np.arange(where.size) - starts
        flat = apply(reshape, (x,), {"shape": (-1,)})
        values = apply(reshape, (values,), {"shape": (-1,)})
        for number in range(int(rounds.max(initial=-1)) + 1):
            chosen = np.flatnonzero(rounds == number)
            place = Place(flat, normal_index(where[chosen]))
            flat = place.set(apply(op, (item(flat, where[chosen]), item(values, chosen))))
        return apply(reshape, (flat,), {"shape": x.shape})
