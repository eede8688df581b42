"""Decimals as a person rounds them: half away from zero; functions at printed arguments, rounded in their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from autorecur.ops import Op
from autorecur.ops.open import OpenOp
from autorecur.ops.reductions import COMPONENTS
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import precise_kernel

Array = Any
WORKING = 50
"""Digits in which a function is computed before it is rounded."""
LINEAR = ("sum", "mean")
"""Functions that are sums: they round nothing by themselves."""


def rounded(value: Fraction, digits: int) -> str:
    """The number with so many decimals, half away from zero, without zeros at the end: ``"-0.25"``."""
    scaled = abs(value) * 10**digits
    whole = int(scaled + Fraction(1, 2))
    text = f"{whole // 10**digits}.{whole % 10**digits:0{digits}d}".rstrip("0").rstrip(".") if digits else str(whole)
    return f"-{text}" if value < 0 and whole else text


def numbers(array: Array, digits: int) -> c.Numbers:
    """A matrix of fractions as it is printed."""
    rows, columns = array.shape
    return c.Numbers(rows, columns, *(rounded(Fraction(x), digits) for x in array.flat))


def given(array: Any, digits: int) -> c.Numbers:
    """A matrix of floats as decimals."""
    flat = np.asarray(array, dtype=float)
    return c.Numbers(*flat.shape, *(rounded(Fraction(repr(float(x))), digits) for x in flat.flat))


def exact(x: c.Numbers) -> Array:
    """The printed numbers as fractions."""
    return _reshaped((Fraction(text) for text in x.texts), x)


def floats(x: c.Numbers) -> Array:
    """The printed numbers as floats, rows by columns."""
    return _reshaped((float(text) for text in x.texts), x).astype(float)


def _reshaped(values: Iterable[Any], x: c.Numbers) -> Array:
    array = np.empty(len(x.texts), dtype=object)
    array[:] = list(values)
    return array.reshape(int(x.shape[0]), int(x.shape[1]))


def kernel_of(op: Op, digits: int) -> Callable[..., Array]:
    """The op on fractions: a sum exactly, any other function to fifty digits and then rounded."""
    if op.name in LINEAR:
        return _sum if op.name == "sum" else _mean
    if isinstance(op, OpenOp) and op.order:
        return _slope(op, digits)
    precise = precise_kernel(op)

    def kernel(*arrays: Array, **attributes: Any) -> Array:
        with mpmath.workdps(WORKING):
            values = precise(*(_map(_to_mpmath, a) for a in arrays), **attributes)
            return _map(lambda x: Fraction(rounded(_from_mpmath(x), digits)), values)

    return kernel


def _slope(op: OpenOp, digits: int) -> Callable[..., Array]:
    """The derivative of a function that is left open: by the rule of the one that stands for it, in double precision."""

    def kernel(array: Array) -> Array:
        values = np.asarray(op(np.asarray(array, dtype=float)), dtype=float)
        return _map(lambda x: Fraction(rounded(_from_mpmath(x), digits)), values)

    return kernel


def _sum(array: Array, axis: Any = COMPONENTS) -> Array:
    return array.sum(axis=axis, keepdims=True)


def _mean(array: Array, axis: Any = COMPONENTS) -> Array:
    return array.sum(axis=axis, keepdims=True) / Fraction(array.shape[-2] * array.shape[-1])


def _map(function: Callable[[Any], Any], array: Array) -> Array:
    source = np.asarray(array, dtype=object)
    result = np.empty(source.shape, dtype=object)
    for index, value in np.ndenumerate(source):
        result[index] = function(value)
    return result


def _to_mpmath(value: Any) -> Any:
    fraction = Fraction(value)
    return mpmath.mpf(fraction.numerator) / fraction.denominator


def _from_mpmath(value: Any) -> Fraction:
    if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value):
        raise OverflowError("a function has no finite value here")
    number = mpmath.mpf(value)
    return Fraction(mpmath.nstr(number, WORKING - 10, strip_zeros=False))
