"""How the functions of single numbers of the table are tried, and what they are worth by NumPy or SciPy.

``SAMPLES``: name of the op → ways to call it: for each input a shape (its numbers are drawn) or an array, and attributes.
``REFERENCES``: name of the op → ``function(*arrays, **attributes)`` with the same value, from NumPy or SciPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "where": [
        ((np.array([[True, False, True]]), (2, 3), (2, 3)), {}),
        ((np.array([[True], [False]]), (1, 3), (2, 1)), {}),
    ],
    "raised": [((np.array([[0.5, 2.0, 1.5]]), (1, 3)), {}), ((np.array([[0.5], [2.0]]), (2, 3)), {})],
}
REFERENCES: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "tanh": np.tanh,
    "where": np.where,
    "raised": np.power,
}
