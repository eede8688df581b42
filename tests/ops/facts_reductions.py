"""How the sums, extrema and scans of the table are tried, and what they are worth by NumPy or SciPy.

``SAMPLES``: name of the op → ways to call it: for each input a shape (its numbers are drawn) or an array, and attributes.
``REFERENCES``: name of the op → ``function(*arrays, **attributes)`` with the same value, from NumPy or SciPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {}
REFERENCES: dict[str, Callable[..., Any]] = {
    "sum": lambda x, axis, keepdims=True: np.sum(x, axis=axis, keepdims=keepdims),
}
