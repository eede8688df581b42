"""Questions about numbers, element by element, with NumPy's names; the answers are booleans without a derivative."""

from __future__ import annotations

import numpy as np

from autorecur.ops import comparisons
from autorecur.tape.tensor import ArrayLike, Tensor, apply, as_tensor


def equal(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether numbers are the same.

    >>> import autorecur as ar
    >>> ar.equal([1.0, 2.0, 3.0], 2.0)
    tensor([False,  True, False])
    """
    return apply(comparisons.equal_to, (x1, x2))


def not_equal(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether numbers differ.

    >>> import autorecur as ar
    >>> ar.not_equal([1.0, 2.0, 3.0], 2.0)
    tensor([ True, False,  True])
    """
    return apply(comparisons.not_equal, (x1, x2))


def less(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether x1 < x2, number by number.

    >>> import autorecur as ar
    >>> ar.less([1.0, 2.0, 3.0], 2.0)
    tensor([ True, False, False])
    """
    return apply(comparisons.less, (x1, x2))


def less_equal(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether x1 ≤ x2, number by number.

    >>> import autorecur as ar
    >>> ar.less_equal([1.0, 2.0, 3.0], 2.0)
    tensor([ True,  True, False])
    """
    return apply(comparisons.less_equal, (x1, x2))


def greater(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether x1 > x2, number by number.

    >>> import autorecur as ar
    >>> ar.greater([1.0, 2.0, 3.0], 2.0)
    tensor([False, False,  True])
    """
    return apply(comparisons.greater, (x1, x2))


def greater_equal(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether x1 ≥ x2, number by number.

    >>> import autorecur as ar
    >>> ar.greater_equal([1.0, 2.0, 3.0], 2.0)
    tensor([False,  True,  True])
    """
    return apply(comparisons.greater_equal, (x1, x2))


def logical_and(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether both are true; every number but 0 is.

    >>> import autorecur as ar
    >>> ar.logical_and([True, True, False], [True, False, False])
    tensor([ True, False, False])
    """
    return apply(comparisons.logical_and, (x1, x2))


def logical_or(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether one of the two, or both, are true.

    >>> import autorecur as ar
    >>> ar.logical_or([True, True, False], [True, False, False])
    tensor([ True,  True, False])
    """
    return apply(comparisons.logical_or, (x1, x2))


def logical_xor(x1: ArrayLike, x2: ArrayLike) -> Tensor:
    """Whether exactly one of the two is true.

    >>> import autorecur as ar
    >>> ar.logical_xor([True, True, False], [True, False, False])
    tensor([False,  True, False])
    """
    return apply(comparisons.logical_xor, (x1, x2))


def logical_not(x: ArrayLike) -> Tensor:
    """Whether a value is false, or 0.

    >>> import autorecur as ar
    >>> ar.logical_not([True, False])
    tensor([False,  True])
    """
    return apply(comparisons.logical_not, (x,))


def isnan(x: ArrayLike) -> Tensor:
    """Whether each number is NaN.

    >>> import autorecur as ar
    >>> ar.isnan([1.0, float("nan")])
    tensor([False,  True])
    """
    return apply(comparisons.isnan, (x,))


def isinf(x: ArrayLike) -> Tensor:
    """Whether each number is infinite.

    >>> import autorecur as ar
    >>> ar.isinf([1.0, -float("inf")])
    tensor([False,  True])
    """
    return apply(comparisons.isinf, (x,))


def isfinite(x: ArrayLike) -> Tensor:
    """Whether each number is neither infinite nor NaN.

    >>> import autorecur as ar
    >>> ar.isfinite([1.0, float("inf"), float("nan")])
    tensor([ True, False, False])
    """
    return apply(comparisons.isfinite, (x,))


def isclose(a: ArrayLike, b: ArrayLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether |a − b| ≤ atol + rtol |b|, number by number.

    >>> import autorecur as ar
    >>> ar.isclose([1.0, 2.0], [1.0 + 1e-9, 2.1])
    tensor([ True, False])
    """
    return apply(comparisons.isclose, (a, b), {"rtol": rtol, "atol": atol, "equal_nan": equal_nan})


def allclose(a: ArrayLike, b: ArrayLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether :func:`isclose` holds for all numbers, as a Python bool.

    >>> import autorecur as ar
    >>> ar.allclose([1.0, 2.0], [1.0, 2.0 + 1e-9])
    True
    """
    return bool(np.all(isclose(a, b, rtol, atol, equal_nan).data))


def array_equal(a1: ArrayLike, a2: ArrayLike) -> bool:
    """Whether two have one shape and the same numbers, as a Python bool.

    >>> import autorecur as ar
    >>> ar.array_equal([1.0, 2.0], [1.0, 2.0, 3.0])
    False
    """
    return bool(np.array_equal(as_tensor(a1).data, as_tensor(a2).data))
