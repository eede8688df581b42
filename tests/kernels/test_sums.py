"""Compiled sums and extrema: NumPy's values, to rounding, in every arrangement; and what they leave to NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autorecur as ar
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
    assert found.shape == np.sum(x, axis=axis).shape
    exact = np.sum(x.astype(np.longdouble), axis=axis).reshape(-1)
    scale = np.sum(np.abs(x), axis=axis, dtype=float).reshape(-1)
    assert found.dtype == x.dtype
    assert np.max(np.abs(found.reshape(-1) - exact) / scale) < 20 * np.finfo(dtype).eps


@needs_compiler
def test_a_long_sum_is_as_exact_as_numpys() -> None:
    """Blocks keep the error of ten million numbers small."""
    x = np.full(10_000_000, 0.1, np.float32)
    found = sums.summed(x, (0,))
    assert found is not None
    assert (
        abs(float(found) - float(np.sum(x, dtype=float))) <= abs(float(np.sum(x)) - float(np.sum(x, dtype=float))) + 1
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
@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("length", [1, 2, 3, 8, 9, 101])
def test_no_place_of_a_row_is_overlooked(name: str, length: int) -> None:
    """The extremum, or a NaN, is found wherever it stands, in rows of even and of odd length."""
    x = np.random.default_rng(length).standard_normal((20_000, length))
    places = np.arange(len(x)) % length
    x[np.arange(len(x)), places] = np.where(np.arange(len(x)) % 5 == 0, np.nan, 9.0 if name == "max" else -9.0)
    found = sums.extremum_of_rows(name, x, (1,), True)
    assert found is not None
    assert np.array_equal(found, getattr(np, name)(x, axis=1, keepdims=True), equal_nan=True)


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
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((), ()),
        ((7,), (0,)),
        ((60_000,), (0,)),
        ((5, 4), (0,)),
        ((5, 4), (1,)),
        ((5, 4), (-1,)),
        ((5, 4), (0, 1)),
        ((5, 4), ()),
        ((0, 4), (1,)),
        ((600, 100), (1,)),
        ((600, 100), (0,)),
        ((3, 4, 5), (2,)),
        ((3, 4, 5), (1,)),
        ((20, 30, 100), (1, 2)),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "bool"])
def test_the_ops_of_the_table_use_them(
    name: str, shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool, dtype: str
) -> None:
    """NumPy's numbers, dtype and shape, small and large, compiled or not, and from every second number as well."""
    whole = (10 * np.random.default_rng(0).standard_normal((2, *shape))).astype(dtype)
    for x in (whole[0], np.stack([whole[0], whole[1]], axis=-1)[..., 0]):
        found = np.asarray(TABLE[name].kernel(x, axis=axis, keepdims=keepdims))
        expected = np.asarray(getattr(np, name)(x, axis=axis, keepdims=keepdims))
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        rounding = 1e-13 if dtype == "float64" else 1e-5
        np.testing.assert_allclose(found, expected, rtol=rounding, atol=rounding * 100)


@pytest.mark.parametrize(("name", "function"), [("sum", np.sum), ("max", np.max), ("min", np.min)])
def test_one_number_that_is_none_spoils_all(name: str, function: Callable[..., Any]) -> None:
    """A NaN at the start, in the middle or at the end of a row is what comes out, and infinities are numbers."""
    for place in (0, 3, 6):
        x = np.arange(7.0)
        x[place] = np.nan
        assert np.isnan(TABLE[name].kernel(x, axis=(0,), keepdims=False))
        x[place] = -np.inf
        assert TABLE[name].kernel(x, axis=(0,), keepdims=False) == function(x)


@pytest.mark.parametrize("name", ["sum", "max"])
@pytest.mark.parametrize("shape", [(7,), (3, 4), (60_000,), (600, 100)])
def test_nobody_can_write_to_what_was_found(name: str, shape: tuple[int, ...]) -> None:
    """Not even if he asks for it: no writeable array stands behind the result."""
    t = ar.tensor(np.ones(shape))
    for found in (getattr(ar, name)(t), getattr(ar, name)(t, axis=-1)):
        with pytest.raises(ValueError, match="WRITEABLE"):
            found.numpy().flags.writeable = True


@pytest.mark.parametrize("source", [sums.ROWS, sums.COLUMNS, *sums.EXTREMA.values()])
def test_the_texts_run_as_plain_python(source: str) -> None:
    """The same source without the compiler."""
    x = np.array([[1.0, 5.0, 2.0], [7.0, 3.0, 4.0]])
    found = np.empty(3 if source is sums.COLUMNS else 2)
    interpreted(source, "float64")(found, x)
    expected = {sums.ROWS: [8, 14], sums.COLUMNS: [8, 8, 6], sums.EXTREMA["max"]: [5, 7], sums.EXTREMA["min"]: [1, 3]}
    assert found.tolist() == expected[source]
