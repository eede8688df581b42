"""Sums along the first or the last axes of large contiguous arrays, and the largest or smallest number of short rows.

Long rows are added up in blocks, and the blocks in float64, so that the rounding error hardly grows with the length.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from autorecur.kernels.choice import LEAST_SUMS, SHORT_ROW
from autorecur.kernels.compiled import Kernel, compiled

ROWS = """\
def kernel(results, xs):
    for r in range(xs.shape[0]):
        total = 0.0
        for start in range(0, xs.shape[1], 1024):
            part = ZERO
            for i in range(start, min(start + 1024, xs.shape[1])):
                part += xs[r, i]
            total += part
        results[r] = total
"""
COLUMNS = """\
def kernel(results, xs):
    results[:] = ZERO
    for r in range(xs.shape[0]):
        for i in range(xs.shape[1]):
            results[i] += xs[r, i]
"""
EXTREMUM = """\
def kernel(results, xs):
    for r in range(xs.shape[0]):
        best = xs[r, 0]
        unordered = 0
        for i in range(xs.shape[1]):
            best = {choice}
            unordered += xs[r, i] != xs[r, i]
        results[r] = best if unordered == 0 else np.nan
"""
EXTREMA: Mapping[str, str] = {
    "max": EXTREMUM.format(choice="larger(xs[r, i], best)"),
    "min": EXTREMUM.format(choice="-larger(-xs[r, i], -best)"),
}
_loops: dict[tuple[str, Any], Kernel | None] = {}


def _loop(source: str, dtype: Any) -> Kernel | None:
    key = (source, dtype)
    if key not in _loops:
        _loops[key] = compiled(source, dtype.name, (f"{dtype.name}[]", f"const {dtype.name}[,]"), sums=True)
    return _loops[key]


def _is_large(x: Any) -> bool:
    return type(x) is np.ndarray and x.size >= LEAST_SUMS and x.dtype.char in "df" and bool(x.flags.c_contiguous)


def summed(x: Any, axis: tuple[int, ...]) -> Any | None:
    """The sums over ``axis``, as a row of numbers, by a compiled loop; None where NumPy has to do it."""
    if not _is_large(x) or not axis:
        return None
    joined = tuple(sorted(a % x.ndim for a in axis))
    first, last = tuple(range(len(joined))), tuple(range(x.ndim - len(joined), x.ndim))
    if joined not in (first, last):
        return None
    rows = joined == last
    kernel = _loop(ROWS if rows else COLUMNS, x.dtype)
    if kernel is None:
        return None
    length = prod(x.shape[a] for a in joined)
    found = np.empty(x.size // length, x.dtype)
    kernel(found, x.reshape((-1, length) if rows else (length, -1)))
    return found


def extremum_of_rows(name: str, x: Any, axis: tuple[int, ...]) -> Any | None:
    """The largest or smallest number of each row, by a compiled loop; None where NumPy has to do it."""
    if not _is_large(x) or axis not in ((-1,), (x.ndim - 1,)) or x.shape[-1] > SHORT_ROW:
        return None
    kernel = _loop(EXTREMA[name], x.dtype)
    if kernel is None:
        return None
    found = np.empty(x.size // x.shape[-1], x.dtype)
    kernel(found, x.reshape(-1, x.shape[-1]))
    return found
