"""Numbers rounded, divided with a rest, held within bounds, with NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.ops import rounding
from autorecur.ops.functions import where
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def floor(x: ArrayLike) -> Tensor:
    """The next whole number below each; the derivative is 0 everywhere.

    >>> import autorecur as ar
    >>> ar.floor([1.7, -1.2])
    tensor([ 1., -2.])
    """
    return apply(rounding.floor, (x,))


def ceil(x: ArrayLike) -> Tensor:
    """The next whole number above each; the derivative is 0 everywhere.

    >>> import autorecur as ar
    >>> ar.ceil([1.2, -1.7])
    tensor([ 2., -1.])
    """
    return apply(rounding.ceil, (x,))


def trunc(x: ArrayLike) -> Tensor:
    """Each number without what stands behind the point; the derivative is 0 everywhere.

    >>> import autorecur as ar
    >>> ar.trunc([1.7, -1.7])
    tensor([ 1., -1.])
    """
    return apply(rounding.trunc, (x,))


def rint(x: ArrayLike) -> Tensor:
    """The nearest whole number, from the middle the even one; the derivative is 0 everywhere.

    >>> import autorecur as ar
    >>> ar.rint([1.7, 0.5, 1.5])
    tensor([2., 0., 2.])
    """
    return apply(rounding.rint, (x,))


def round(a: ArrayLike, decimals: int = 0) -> Tensor:
    """Each number rounded to so many decimals, from the middle to the even digit; the derivative is 0 everywhere.

    >>> import autorecur as ar
    >>> ar.round([1.26, 2.5], 1)
    tensor([1.3, 2.5])
    """
    return apply(rounding.round_to, (a,), {"decimals": decimals})


def floor_divide(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """The quotients rounded down; the derivatives are 0 everywhere.

    >>> import autorecur as ar
    >>> ar.floor_divide([7.0, -7.0], 2.0)
    tensor([ 3., -4.])
    """
    return apply(rounding.floor_divide, (x1, x2))


def remainder(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """What is left of x1 after division by x2, with the sign of x2.

    The derivative is 1 by x1, and minus the rounded quotient by x2, at the jumps too.

    >>> import autorecur as ar
    >>> ar.remainder([7.0, -7.0], 3.0)
    tensor([1., 2.])
    """
    return apply(rounding.remainder, (x1, x2))


mod = remainder


def clip(a: ArrayLike, a_min: ArrayLike | None = None, a_max: ArrayLike | None = None) -> Tensor:
    """Each number held between two bounds, of which one may be missing; if they cross, the upper one holds.

    Within the bounds and on them the derivative goes to the number, outside of them to the bound.

    >>> import autorecur as ar
    >>> ar.clip([-1.0, 0.5, 2.0], 0.0, 1.0)
    tensor([0. , 0.5, 1. ])
    """
    x = as_tensor(a)
    if a_min is None and a_max is None:
        return x
    lowest, highest = _limits(x.dtype)
    return apply(rounding.clip, (x, lowest if a_min is None else a_min, highest if a_max is None else a_max))


def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Bounds that bind no number of a dtype, and do not change it."""
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return int(limits.min), int(limits.max)
    return (False, True) if dtype.kind == "b" else (-np.inf, np.inf)


def nan_to_num(x: ArrayLike, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """NaN and the infinities replaced, by 0 and the largest numbers of the dtype unless given; there the derivative is 0.

    >>> import autorecur as ar
    >>> ar.nan_to_num([1.0, float("nan"), float("inf")], posinf=9.0)
    tensor([1., 0., 9.])
    """
    found = as_tensor(x)
    if found.dtype.kind != "f":
        return found
    numbers, largest = found.data, float(np.finfo(found.dtype).max)
    found = apply(where, (numbers == np.inf, largest if posinf is None else posinf, found))
    found = apply(where, (numbers == -np.inf, -largest if neginf is None else neginf, found))
    return apply(where, (np.isnan(numbers), nan, found))
