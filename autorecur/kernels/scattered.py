"""Rows added to the rows of a matrix that integers name, such as the gradient of an embedding.

One loop after another over the rows, in their order, so that the sums are those of ``np.add.at`` to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autorecur.kernels.choice import LEAST_SCATTERED
from autorecur.kernels.compiled import Kernel, compiled

ADD = """\
def kernel(total, rows, added):
    for i in range(rows.size):
        r = rows[i]
        if r < 0:
            r += total.shape[0]
        for j in range(total.shape[1]):
            total[r, j] += added[i, j]
"""
_loops: dict[str, Kernel | None] = {}


def add_rows(total: Any, rows: Any, added: Any) -> bool:
    """Adds to ``total`` at ``rows``, integers that exist there; False where NumPy has to do it, and nothing has been done."""
    if not _is_large(total, rows, added):
        return False
    dtype = total.dtype
    if dtype.char not in _loops:
        name = dtype.name
        _loops[dtype.char] = compiled(ADD, name, (f"{name}[,]", "const int64[]", f"const {name}[,]"))
    kernel = _loops[dtype.char]
    if kernel is None:
        return False
    wide = total.shape[0], total.size // total.shape[0]
    # what is not contiguous is copied, but never the total
    numbers = np.ascontiguousarray(added, dtype).reshape(-1, wide[1])
    kernel(total.reshape(wide), np.ascontiguousarray(rows, np.int64).reshape(-1), numbers)
    return True


def _is_large(total: Any, rows: Any, added: Any) -> bool:
    return (
        type(added) is np.ndarray
        and added.size >= LEAST_SCATTERED
        and total.dtype.char in "df"
        and added.dtype == total.dtype
        and bool(total.flags.c_contiguous)
        and added.shape == (*rows.shape, *total.shape[1:])
    )
