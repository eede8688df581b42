"""Sums along the first or the last axes of large contiguous arrays, and the largest or smallest number of short rows.

Long rows are added up in blocks, and the blocks in float64, so that the rounding error hardly grows with the length.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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
    half = xs.shape[1] // 2
    for r in range(xs.shape[0]):
        best = xs[r, xs.shape[1] - 1]
        for i in range(half):
            best = {choice}
        unordered = 0
        for i in range(xs.shape[1]):
            unordered += xs[r, i] != xs[r, i]
        results[r] = best if unordered == 0 else np.nan
"""
"""The halves of a row are gone through side by side: no comparison has to wait for more than half of the others."""
EXTREMA: Mapping[str, str] = {
    "max": EXTREMUM.format(choice="larger(larger(xs[r, i], xs[r, half + i]), best)"),
    "min": EXTREMUM.format(choice="-larger(larger(-xs[r, i], -xs[r, half + i]), -best)"),
}
_loops: dict[tuple[str, str], Kernel | None] = {}


def summed(x: Any, axis: tuple[int, ...], keepdims: bool = False) -> Any | None:
    """The sums over ``axis`` by a compiled loop; None where NumPy has to do it."""
    if not _is_large(x):
        return None
    plan = _plan(x.shape, axis, keepdims)
    return plan and _joined(ROWS if plan[0] else COLUMNS, x, plan)


def extremum_of_rows(name: str, x: Any, axis: tuple[int, ...], keepdims: bool = False) -> Any | None:
    """The largest or smallest number of each row, by a compiled loop; None where NumPy has to do it."""
    if not _is_large(x) or x.shape[-1] > SHORT_ROW or axis not in ((-1,), (x.ndim - 1,)):
        return None
    plan = _plan(x.shape, axis, keepdims)
    return plan and _joined(EXTREMA[name], x, plan)


def _is_large(x: Any) -> bool:
    return type(x) is np.ndarray and x.size >= LEAST_SUMS and x.dtype.char in "df" and bool(x.flags.c_contiguous)


Plan = tuple[bool, tuple[int, int], tuple[int, ...]]
"""Whether rows are joined, the shape of the matrix that they stand in, and the shape of what is left."""


@lru_cache(maxsize=256)
def _plan(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Plan | None:
    """How an array is read as a matrix whose rows or columns are joined; None where the axes are not its first or last."""
    ndim = len(shape)
    joined = sorted(a % ndim for a in axis)
    left = [a for a in range(ndim) if a not in joined]
    if not joined or (joined + left != list(range(ndim)) and left + joined != list(range(ndim))):
        return None
    length, number = prod(shape[a] for a in joined), prod(shape[a] for a in left)
    rows = joined[-1] == ndim - 1
    kept = tuple(1 if a in joined else shape[a] for a in range(ndim) if keepdims or a in left)
    return rows, (number, length) if rows else (length, number), kept


def _joined(source: str, x: Any, plan: Plan) -> Any | None:
    dtype = x.dtype
    key = (source, dtype.char)
    if key not in _loops:
        name = dtype.name
        _loops[key] = compiled(source, name, (f"{name}[]", f"const {name}[,]"), sums=True)
    kernel = _loops[key]
    if kernel is None:
        return None
    _, matrix, shape = plan
    found = np.empty(shape, dtype)
    kernel(found.reshape(-1), x.reshape(matrix))
    return found
