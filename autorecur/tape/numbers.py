"""Arrays as the tape wants them: of numbers, and such that nobody can change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.errors import DtypeError, GradientError, ShapeError
from autorecur.tape.explanations import described

Array = Any
ArrayLike = Any
"""A tensor, an array, a number or a nested list of numbers."""
NUMBERS = "biufc"
"""The kinds of dtype that a tensor may hold: booleans, integers, floats, complex numbers."""


_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def as_array(data: Any, dtype: Any = None, copy: bool = False) -> Array:
    """The numbers of a tensor, an array, a number or a nested list, in the machine's byte order; raises DtypeError."""
    if type(data) is np.ndarray and data.dtype in _FLOATS and dtype is None and not copy:
        return data
    if isinstance(data, (list, tuple)):
        data = _without_tensors(data)
    elif hasattr(data, "__autorecur_apply__"):
        data = data._array
    if dtype is not None:
        try:
            dtype = np.dtype(dtype)
        except TypeError:
            raise DtypeError(f"{dtype!r:.60} is no dtype; give one of NumPy's, such as float or 'float32'") from None
    try:
        array = np.array(data, dtype=dtype) if copy else np.asarray(data, dtype=dtype)
    except (ValueError, TypeError) as error:
        if "inhomogeneous" in str(error):
            raise ShapeError("the rows of these nested lists have different lengths") from None
        raise DtypeError(f"no tensor can be made of {described(data)}") from None
    if array.dtype.kind not in NUMBERS:
        raise DtypeError(f"no tensor can be made of {described(data)}; a tensor holds numbers")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _without_tensors(data: Any) -> Any:
    """Nested lists in which each tensor is its array; one with a gradient would lose it."""
    if isinstance(data, (list, tuple)):
        return [_without_tensors(part) for part in data]
    if not hasattr(data, "__autorecur_apply__"):
        return data
    if data.requires_grad:
        raise GradientError("a list cannot carry the gradients of the tensors in it: put them together with ar.stack")
    return data._array


def frozen(array: Array) -> Array:
    """The array itself if nobody can change it, else a copy; a plain number is what it is."""
    if not isinstance(array, np.ndarray):
        return array
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
            return array
        owner = owner.base
    if owner is not None and not isinstance(owner, bytes):  # memory of some other object, which may be written to
        array = array.copy()
        array.flags.writeable = False
    return array


def unshared(value: Array, arrays: Sequence[Array]) -> Array:
    """A value that shares no memory with a writeable array that the user passed in."""
    if value.base is None and not any(value is array for array in arrays):
        return value
    return frozen(value)
