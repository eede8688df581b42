"""Compiled sums and extrema: NumPy's values, to rounding, in every arrangement; and what they leave to NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from autorecur.kernels import sums
from autorecur.kernels.compiled import compiler, interpreted
from autorecur.ops import TABLE

DTYPES = ("float64", "float32")
needs_compiler = pytest.mark.skipif(
    compiler() is None, reason="numba is missing or switched off: NumPy does everything"
)


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((60_000,), (0,)),
        ((600, 100), (0, 1)),
        ((600, 100), (1,)),
        ((600, 100), (-1,)),
        ((600, 100), (0,)),
        ((20, 30, 100), (1, 2)),
        ((20, 30, 100), (0, 1)),
        ((1, 60_000), (0,)),
        ((60_000, 1), (1,)),
    ],
)
def test_sums_are_numpys(shape: tuple[int, ...], axis: tuple[int, ...], dtype: str) -> None:
    """Over all, the first, or the last axes; the exact sum as the judge."""
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    found = sums.summed(x, axis)
    assert found is not None
    exact = np.sum(x.astype(np.longdouble), axis=axis).reshape(-1)
    scale = np.sum(np.abs(x), axis=axis, dtype=float).reshape(-1)
    assert found.dtype == x.dtype
    assert np.max(np.abs(found - exact) / scale) < 20 * np.finfo(dtype).eps


@needs_compiler
def test_a_long_sum_is_as_exact_as_numpys() -> None:
    """Blocks keep the error of ten million numbers small."""
    x = np.full(10_000_000, 0.1, np.float32)
    found = sums.summed(x, (0,))
    assert found is not None
    assert (
        abs(float(found[0]) - float(np.sum(x, dtype=float)))
        <= abs(float(np.sum(x)) - float(np.sum(x, dtype=float))) + 1
    )


@needs_compiler
@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_extrema_of_short_rows(name: str, dtype: str) -> None:
    """Exactly NumPy's, also with infinities, NaN wherever it stands, and zeros of both signs."""
    x = np.random.default_rng(0).standard_normal((6_000, 10)).astype(dtype)
    x[0, 3], x[1, 0], x[2, 9], x[3, 5], x[4] = np.nan, np.nan, np.nan, np.inf, -np.inf
    x[5] = 0.0
    found = sums.extremum_of_rows(name, x, (1,))
    assert found is not None
    assert np.array_equal(found, getattr(np, name)(x, axis=1), equal_nan=True)


@needs_compiler
def test_what_is_left_to_numpy() -> None:
    """Small, strided, integer arrays; axes in the middle; long rows."""
    x = np.ones((600, 100))
    assert sums.summed(np.ones(10), (0,)) is None
    assert sums.summed(np.ones((1200, 100))[::2], (1,)) is None
    assert sums.summed(x.astype(int), (1,)) is None
    assert sums.summed(np.ones((20, 30, 100)), (1,)) is None
    assert sums.summed(x, ()) is None
    assert sums.extremum_of_rows("max", x, (0,)) is None
    assert sums.extremum_of_rows("max", np.ones((100, 600)), (1,)) is None


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
def test_the_ops_of_the_table_use_them(name: str, keepdims: bool) -> None:
    """With the shape that is asked for, compiled or not."""
    x = np.random.default_rng(0).standard_normal((600, 100))
    found = TABLE[name].kernel(x, axis=(1,), keepdims=keepdims)
    assert np.allclose(found, getattr(np, name)(x, axis=1, keepdims=keepdims), rtol=1e-13)


@pytest.mark.parametrize("source", [sums.ROWS, sums.COLUMNS, *sums.EXTREMA.values()])
def test_the_texts_run_as_plain_python(source: str) -> None:
    """The same source without the compiler."""
    x = np.array([[1.0, 5.0, 2.0], [7.0, 3.0, 4.0]])
    found = np.empty(3 if source is sums.COLUMNS else 2)
    interpreted(source, "float64")(found, x)
    expected = {sums.ROWS: [8, 14], sums.COLUMNS: [8, 8, 6], sums.EXTREMA["max"]: [5, 7], sums.EXTREMA["min"]: [1, 3]}
    assert found.tolist() == expected[source]
