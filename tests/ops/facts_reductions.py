"""How the sums, extrema and scans of the table are tried, and what they are worth by NumPy or SciPy.

The headings are explained in ``samples.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ALONG = [
    (((3,),), {"axis": 0}),
    (((2, 3),), {"axis": 1}),
    (((3, 2, 2),), {"axis": 0, "reverse": True}),
    (((4, 1),), {"axis": -2}),
]
"""Scans, which run along one axis."""
SEARCHES = [
    (((3, 3),), {"axis": 1, "keepdims": False}),
    (((2, 3, 2),), {"axis": 0, "keepdims": True}),
    (((4,),), {"axis": 0, "keepdims": False}),
]
TRUTH = np.array([[1.0, 0.0, -2.0], [0.5, 1.0, 3.0]])
JOINED = [((TRUTH,), {"axis": (1,), "keepdims": False}), ((TRUTH,), {"axis": (0, 1), "keepdims": True})]
NORMS = [
    (((3, 3),), {"axis": (-1,), "ord": 3}),
    (((2, 3, 2),), {"axis": (0, 2), "keepdims": False, "ord": 1.5}),
    (((3,),), {"axis": (0,), "keepdims": False, "ord": 2.5}),
]
WITH_ZEROS = np.array([[2.0, 0.0, 3.0], [0.0, 0.5, 0.0], [1.0, -2.0, 1.5]])
SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "p_norm": NORMS,
    "any": JOINED,
    "all": JOINED,
    "argmax": SEARCHES,
    "argmin": SEARCHES,
    "cumsum": ALONG,
    "shifted": [*ALONG, (((2, 3),), {"axis": 1, "fill": 1.0})],
    "cumprod": [*ALONG, ((WITH_ZEROS,), {"axis": 1}), ((WITH_ZEROS,), {"axis": 0, "reverse": True})],
    "recurrence": [(((3,), (3,)), {"axis": 0})] + [((a, a), attributes) for (a,), attributes in ALONG],
    "prod": [
        (((2, 3, 2),), {"axis": (0, 2), "keepdims": False}),
        (((2, 3, 2),), {"axis": (1,), "keepdims": True}),
        (((3,),), {"axis": (0,), "keepdims": False}),
        (((2, 1, 3),), {"axis": (-2, -1)}),
        (((),), {"axis": (), "keepdims": False}),
        ((WITH_ZEROS,), {"axis": (1,), "keepdims": False}),
        ((WITH_ZEROS,), {"axis": (0, 1), "keepdims": True}),
    ],
}
DOMAINS: dict[str, tuple[float, float]] = {"p_norm": (0.3, 2.0)}


def _forward(scan: Callable[..., Any]) -> Callable[..., Any]:
    """A scan by a function that knows one direction."""

    def found(*arrays: Any, axis: int, reverse: bool = False, **attributes: Any) -> Any:
        if not reverse:
            return scan(*arrays, axis, **attributes)
        return np.flip(scan(*(np.flip(a, axis) for a in arrays), axis, **attributes), axis)

    return found


def _rolled(x: Any, axis: int, fill: float = 0.0) -> Any:
    moved = np.moveaxis(np.roll(x, 1, axis), axis, 0).copy()
    moved[:1] = fill
    return np.moveaxis(moved, 0, axis)


def _step_by_step(a: Any, b: Any, axis: int) -> Any:
    factors, terms = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    found = np.zeros(terms.shape, np.result_type(a, b))
    for k in range(len(terms)):
        found[k] = terms[k] + (factors[k] * found[k - 1] if k else 0)
    return np.moveaxis(found, 0, axis)


def _p_norm(x: Any, axis: tuple[int, ...], ord: float, keepdims: bool = True) -> Any:
    return np.power(np.sum(np.power(np.abs(x), ord), axis=axis, keepdims=keepdims), 1 / ord)


REFERENCES: dict[str, Callable[..., Any]] = {
    "min": lambda x, axis, keepdims=True: np.min(x, axis=axis, keepdims=keepdims),
    "prod": lambda x, axis, keepdims=True: np.prod(x, axis=axis, keepdims=keepdims),
    "any": lambda x, axis, keepdims=True: np.any(x, axis=axis, keepdims=keepdims),
    "all": lambda x, axis, keepdims=True: np.all(x, axis=axis, keepdims=keepdims),
    "argmax": lambda x, axis, keepdims=True: np.argmax(x, axis=axis, keepdims=keepdims),
    "argmin": lambda x, axis, keepdims=True: np.argmin(x, axis=axis, keepdims=keepdims),
    "log_softmax": lambda x, axis: np.log(np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)),
    "p_norm": _p_norm,
    "cumsum": _forward(np.cumsum),
    "cumprod": _forward(np.cumprod),
    "shifted": _forward(_rolled),
    "recurrence": _forward(_step_by_step),
}
KINKS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any], list[Any]]]] = {
    "min": [((np.array([[2.0], [1.0], [1.0]]),), {"axis": (-2, -1)}, [[[0], [0.5], [0.5]]])],
    "p_norm": [
        ((np.zeros(3),), {"axis": (0,), "ord": 3}, [[0, 0, 0]]),
        ((np.array([0.0, -2.0]),), {"axis": (0,), "ord": 1.5}, [[0, -1]]),
    ],
}
