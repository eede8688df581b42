"""The polynomial functions against mpmath, over the whole range of normal results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from autorecur.kernels.choice import LEAST, NEVER, map_of
from autorecur.kernels.compiled import compiled, compiler, interpreted, scalar_functions

mpmath.mp.prec = 160
ULPS = 4
TRUE: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
}
DTYPES = ["float64", "float32"]
CASES = [(name, dtype) for dtype in DTYPES for name in TRUE if LEAST[name][DTYPES.index(dtype)] < NEVER]


def arguments(name: str, dtype: str) -> np.ndarray:
    """Dense, random, tiny, huge, and next to the ends of the range."""
    generator = np.random.default_rng(3)
    limits = np.finfo(dtype)
    top = float(np.log(limits.max))
    least = int(np.log10(float(limits.tiny))) + 1
    tiny = 10.0 ** generator.uniform(least, 1, 400) * generator.choice([-1, 1], 400)
    x = np.concatenate(
        [
            generator.uniform(-top, top, 600),
            generator.standard_normal(600),
            tiny,
            np.linspace(-3, 3, 301),
            np.linspace(0.99, 1.01, 101),
            [top - 1e-3, 1 - top, top + 1, 0.0, 0.5 * np.log(2), -0.5 * np.log(2), np.pi / 2, np.pi, 1e5],
        ]
    ).astype(dtype)
    if name == "log":
        x = np.abs(x[x != 0])
        x = np.concatenate([x, limits.max / x[:50].clip(1), np.array([limits.tiny, limits.smallest_subnormal])])
    if name == "log1p":
        x = np.concatenate([np.where(x <= -1, -x, x), -1 + np.abs(x[-50:-10]) / 8])
        x = x[x > -1]
    return x.astype(dtype)


def ulps(found: np.ndarray, x: np.ndarray, true: Callable[[Any], Any]) -> float:
    """The largest error in units of the last place of the true value, where that is a normal number."""
    limits = np.finfo(found.dtype)
    most, least = mpmath.mpf(float(limits.max)), mpmath.mpf(float(limits.tiny))
    worst = 0.0
    for y, argument in zip(found, x, strict=True):
        value = true(mpmath.mpf(float(argument)))
        if abs(value) > most * (1 + mpmath.mpf(float(limits.eps)) / 4):
            assert np.isinf(y), (argument, y)
        elif abs(value) >= least:
            unit = mpmath.mpf(2) ** (mpmath.frexp(value)[1] - 1 - limits.nmant)
            worst = max(worst, float(abs(mpmath.mpf(float(y)) - value) / unit))
        else:
            assert abs(float(y) - float(value)) <= 4 * float(limits.tiny) * float(limits.eps), (argument, y)
    return worst


def compiled_map(name: str, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
    loop = compiled(map_of(name), dtype, (dtype + "[]", f"const {dtype}[]"))
    assert loop is not None

    def run(x: np.ndarray) -> np.ndarray:
        found = np.empty_like(x)
        loop(found, x)
        return found

    return run


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_uncompiled_functions_are_within_four_ulp(name: str, dtype: str) -> None:
    """The text, run by NumPy on whole arrays, gives the true value to four units of the last place."""
    x = arguments(name, dtype)
    with np.errstate(all="ignore"):
        found = scalar_functions(dtype)[name](x)
    assert found.dtype == np.dtype(dtype)
    assert ulps(found, x, TRUE[name]) <= ULPS


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_compiled_functions_are_within_four_ulp(name: str, dtype: str) -> None:
    """So does the compiled loop."""
    if compiler() is None:
        pytest.skip("numba is missing or switched off: there is no compiled loop to measure")
    x = arguments(name, dtype)
    assert ulps(compiled_map(name, dtype)(x), x, TRUE[name]) <= ULPS


AT_THE_ENDS = {
    "exp": [np.nan, np.inf, 0.0, 1.0, 1.0],
    "expm1": [np.nan, np.inf, -1.0, 0.0, -0.0],
    "tanh": [np.nan, 1.0, -1.0, 0.0, -0.0],
    "sigmoid": [np.nan, 1.0, 0.0, 0.5, 0.5],
    "log": [np.nan, np.inf, np.nan, -np.inf, -np.inf],
    "log1p": [np.nan, np.inf, np.nan, 0.0, -0.0],
    "sin": [np.nan, np.nan, np.nan, 0.0, -0.0],
    "cos": [np.nan, np.nan, np.nan, 1.0, 1.0],
}


@pytest.mark.parametrize(("name", "dtype"), [case for case in CASES if case[0] in AT_THE_ENDS])
def test_the_ends_of_the_range(name: str, dtype: str) -> None:
    """NaN stays NaN, infinities go where they should, and a negative zero keeps its sign."""
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    true = np.array(AT_THE_ENDS[name], dtype)
    runs = [interpreted(map_of(name), dtype)]
    if compiler() is not None:
        runs.append(compiled(map_of(name), dtype, (dtype + "[]", f"const {dtype}[]")) or runs[0])
    for run in runs:
        found = np.empty_like(x)
        with np.errstate(all="ignore"):
            run(found, x)
        np.testing.assert_array_equal(found, true)
        np.testing.assert_array_equal(np.signbit(found[3:]), np.signbit(true[3:]))


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_large_angles(name: str) -> None:
    """Beyond the reach of the reduction the C library's function is taken."""
    x = np.array([6e5, -1e9, 1e22, 1e300])
    found = np.empty_like(x)
    with np.errstate(all="ignore"):
        interpreted(map_of(name), "float64")(found, x)
    np.testing.assert_allclose(found, getattr(np, name)(x), rtol=1e-14)
