"""Which op runs a compiled loop, and from which size on: one table, decided by measurement (``benchmarks/kernels.md``).

The choice depends on the op, the dtype, the size and the contiguity of what it is given, never on what was computed before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

NEVER = 1 << 62
LEAST: Mapping[str, tuple[int, int]] = {
    "exp": (1000, 20_000),
    "expm1": (500, 500),
    "log": (1000, 20_000),
    "log1p": (500, 500),
    "tanh": (500, 2000),
    "sigmoid": (500, 1000),
    "softplus": (500, 500),
    "silu": (500, 1000),
    "elu": (500, 500),
    "normal_pdf": (500, 1000),
}
"""An op of one array: the smallest number of elements for which it is compiled, in float64 and in float32."""
LEAST_TO_FUSE = 10_000
"""From so many elements on a derivative rule of several operations is one loop."""


def large(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel of an op, by a compiled loop for large arrays if the table has the op."""
    if name not in LEAST:
        return kernel
    doubles, singles = LEAST[name]
    least, single = min(doubles, singles), np.dtype(np.float32)

    def chosen(x: Any) -> Any:
        if type(x) is not np.ndarray or x.size < least:
            return kernel(x)
        if x.dtype.char not in "df" or x.size < (singles if x.dtype is single else doubles) or not x.flags.c_contiguous:
            return kernel(x)
        from autorecur.kernels.compiled import compiled

        dtype = x.dtype.name
        loop = compiled(map_of(name), dtype, (dtype + "[]", "const " + dtype + "[]"))
        if loop is None:
            return kernel(x)
        found = np.empty_like(x)
        loop(found.reshape(-1), x.reshape(-1))
        return found

    return chosen


def map_of(name: str) -> str:
    """The text of a loop that applies a scalar function to every number."""
    return f"def kernel(results, xs):\n    for i in range(results.size):\n        results[i] = {name}(xs[i])\n"
