"""Which op runs a compiled loop, and from which size on: one table, decided by measurement (``benchmarks/kernels.md``).

The choice depends on the op, the dtype, the size and the contiguity of what it is given, never on what was computed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

NEVER = 1 << 62
PLAIN = "plain"
"""The attribute under which a kernel keeps the one that needs no compiler."""
LEAST: Mapping[str, tuple[int, int]] = {
    "exp": (1000, 2000),
    "expm1": (1000, 1000),
    "log": (1000, 2000),
    "log1p": (1000, 1000),
    "tanh": (1000, 2000),
    "sigmoid": (1000, 1000),
    "softplus": (1000, 1000),
    "silu": (1000, 1000),
    "elu": (1000, 1000),
    "normal_pdf": (1000, 1000),
    "sin": (1000, NEVER),
    "cos": (1000, NEVER),
    "relu": (1000, 1000),
}
"""An op of one array: the smallest number of elements for which it is compiled, in float64 and in float32."""
LEAST_TO_FUSE = 10_000
"""From so many elements on a derivative rule of several operations is one loop."""

LEAST_ROWS = 1000
"""From so many elements on softmax and its like are compiled along contiguous rows, forward and backward."""
LEAST_SUMS = 10_000
"""From so many elements on sums, and the largest numbers of short rows, are compiled."""
LEAST_SCATTERED = 1000
"""From so many elements on rows are added to rows by a compiled loop."""
SHORT_ROW = 200
"""Rows up to this length have their largest number found by a compiled loop; NumPy is faster along longer ones."""


def large(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel of an op, by a compiled loop for large arrays if the table has the op."""
    if name not in LEAST:
        return kernel
    least = {np.dtype(np.float64): LEAST[name][0], np.dtype(np.float32): LEAST[name][1]}
    smallest = min(LEAST[name])
    loops: dict[Any, Callable[..., Any] | None] = {}

    def chosen(x: Any) -> Any:
        if type(x) is not np.ndarray or x.size < smallest:
            return kernel(x)
        dtype = x.dtype
        if x.size < least.get(dtype, NEVER) or not x.flags.c_contiguous:
            return kernel(x)
        if dtype not in loops:
            loops[dtype] = _loop(name, dtype.name)
        loop = loops[dtype]
        if loop is None:
            return kernel(x)
        found = np.empty(x.shape, dtype)
        if x.ndim == 1:
            loop(found, x)
        else:
            loop(found.reshape(-1), x.reshape(-1))
        return found

    setattr(chosen, PLAIN, kernel)
    return chosen


def _loop(name: str, dtype: str) -> Callable[..., Any] | None:
    from autorecur.kernels.compiled import compiled

    return compiled(map_of(name), dtype, (dtype + "[]", "const " + dtype + "[]"))


def map_of(name: str) -> str:
    """The text of a loop that applies a scalar function to every number; large angles are the C library's."""
    value = "choose(xs[i] <= ZERO, ZERO, xs[i])" if name == "relu" else f"{name}(xs[i])"  # a NaN stays one
    loop = f"def kernel(results, xs):\n    for i in range(results.size):\n        results[i] = {value}\n"
    if name in ("sin", "cos"):
        loop += "    for i in range(results.size):\n        if np.abs(xs[i]) > REACH:\n"
        loop += f"            results[i] = np.{name}(xs[i])\n"
    return loop
