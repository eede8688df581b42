"""How the functions of single numbers of the table are tried, and what they are worth by NumPy or SciPy.

The headings are explained in ``samples.py``. Ops that have the name of a universal function of NumPy or SciPy need no
reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

CHOICE = np.array([[True, False, True]])
NUMBERS = np.array([-1.2, 0.25, 1.75])
TRUTHS = (np.array([[1.5, 0.0, -2.0]]), np.array([[1.0], [0.0]]))
SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "where": [
        ((CHOICE, (2, 3), (2, 3)), {}),
        ((np.array([[True], [False]]), (1, 3), (2, 1)), {}),
    ],
    "raised": [((np.array([[0.5, 2.0, 1.5]]), (1, 3)), {}), ((np.array([[0.5], [2.0]]), (2, 3)), {})],
    "round": [((np.array([[1.21, -0.51], [0.39, 2.41]]),), {"decimals": 1}), ((NUMBERS,), {"decimals": 0})],
    "clip": [((np.array([[-1.0, 0.1, 2.0]]), np.array([[-0.5], [0.0]]), np.array(1.0)), {})],
    "isclose": [((NUMBERS, NUMBERS + np.array([0.0, 1e-9, 1e-3])), {"rtol": 1e-5, "atol": 1e-8, "equal_nan": False})],
    "isnan": [((np.array([1.0, np.nan, np.inf]),), {})],
    "isinf": [((np.array([1.0, np.nan, np.inf]),), {})],
    "isfinite": [((np.array([1.0, np.nan, np.inf]),), {})],
    **{
        name: [((NUMBERS, np.array([[0.25], [1.0]])), {})]
        for name in ("equal_to", "not_equal", "less", "less_equal", "greater", "greater_equal")
    },
    **{name: [(TRUTHS, {})] for name in ("logical_and", "logical_or", "logical_xor")},
    "logical_not": [(TRUTHS[:1], {})],
}
DOMAINS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(["log2", "log10"], (0.3, 3.0)),
    "tan": (-1.2, 1.2),
    "hypot": (0.4, 2.0),
    "arctan2": (0.4, 2.0),
    "floor_divide": (1.1, 2.8),
    "remainder": (1.1, 2.8),
}
REFERENCES: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "tanh": np.tanh,
    "abs": np.abs,
    "where": np.where,
    "raised": np.power,
    "equal": lambda a, b: np.equal(a, b).astype(np.result_type(a, b) if np.result_type(a, b).kind == "f" else float),
    "equal_to": np.equal,
    "round": np.round,
    "clip": np.clip,
    "isclose": np.isclose,
}

WHOLE = np.array([-2.0, 0.0, 3.0])
ORIGIN = np.array([0.0, 0.0])
LOW, HIGH = np.array([-1.0, -1.0, -1.0, 2.0]), np.array([1.0, 1.0, 1.0, 1.0])
KINKS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any], list[Any]]]] = {
    **{name: [((ORIGIN,), {}, [[0, 0]])] for name in ("sign", "heaviside", "half_step")},
    **{name: [((WHOLE,), {}, [[0, 0, 0]])] for name in ("floor", "ceil", "trunc")},
    "rint": [((WHOLE + 0.5,), {}, [[0, 0, 0]])],
    "round": [((np.array([0.25, 12.5]),), {"decimals": decimals}, [[0, 0]]) for decimals in (1, 0)],
    "floor_divide": [((WHOLE, np.array([2.0, 2.0, 3.0])), {}, [[0, 0, 0], [0, 0, 0]])],
    "remainder": [((WHOLE, np.array([2.0, 2.0, 3.0])), {}, [[1, 1, 1], [1, 0, -1]])],
    "hypot": [((ORIGIN, np.array([0.0, 2.0])), {}, [[0, 0], [0, 1]])],
    "arctan2": [((ORIGIN, np.array([0.0, 2.0])), {}, [[0, 0.5], [0, 0]])],
    "clip": [((np.array([-1.0, 1.0, 5.0, 0.0]), LOW, HIGH), {}, [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1]])],
}
