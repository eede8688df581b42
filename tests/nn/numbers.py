"""Values and derivatives of the functions of the room, by autorecur and by numbers alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

import autorecur as ar

DIGITS = 40


def curve(f: Callable[[Any], Any], x: np.ndarray) -> list[np.ndarray]:
    """Value, first and second derivative of a function of single numbers at each entry of x."""

    def slope(x: Any) -> Any:
        return ar.grad(lambda z: f(z).sum())(x)

    second = ar.grad(lambda z: slope(z).sum())(x)
    return [f(x).numpy(), slope(x).numpy(), second.numpy()]


def precise_curve(f: Callable[[Any], Any], x: np.ndarray) -> list[np.ndarray]:
    """The same of a formula in mpmath, with many digits."""
    with mpmath.workdps(DIGITS):
        values = [[mpmath.diff(f, mpmath.mpf(float(number)), order) for number in x] for order in (0, 1, 2)]
        return [np.array([float(mpmath.re(value)) for value in each]) for each in values]


def gradient_by_differences(f: Callable[..., Any], arrays: list[np.ndarray], i: int, h: float = 1e-3) -> np.ndarray:
    """The gradient of a function with a single value by array i: central differences of two widths, extrapolated."""
    found = np.zeros(arrays[i].shape)
    for index in np.ndindex(arrays[i].shape):
        wide, narrow = (
            (_at(f, arrays, i, index, width) - _at(f, arrays, i, index, -width)) / (2 * width) for width in (h, h / 2)
        )
        found[index] = (4 * narrow - wide) / 3
    return found


def _at(f: Callable[..., Any], arrays: list[np.ndarray], i: int, index: tuple[int, ...], shift: float) -> float:
    moved = arrays[i].copy()
    moved[index] += shift
    return float(f(*arrays[:i], moved, *arrays[i + 1 :]).item())


def check_derivatives(f: Callable[..., Any], *arrays: np.ndarray, tolerance: float = 1e-8) -> None:
    """First and second derivatives of a function of arrays by each of them, against differences.

    The second ones along random directions, which no symmetry can hide from: those of the first gradient by every array.
    """
    generator = np.random.default_rng(3)
    given = [np.asarray(array) for array in arrays]
    everywhere = tuple(range(len(given)))

    def value(*values: Any) -> Any:
        out = f(*values)
        return (out * np.random.default_rng(5).standard_normal(out.shape)).sum()

    directions = [np.asarray(generator.standard_normal(a.shape)) for a in given]

    def along(*values: Any) -> Any:
        gradients = ar.grad(value, everywhere)(*values)
        return sum((g * d).sum() for g, d in zip(gradients, directions, strict=True))

    for function in (value, along):
        gradients = ar.grad(function, everywhere)(*given)
        for i in everywhere:
            true = gradient_by_differences(function, given, i)
            np.testing.assert_allclose(gradients[i].numpy(), true, rtol=tolerance, atol=tolerance)
