"""How the ops on shapes and matrices of the table are tried, and what they are worth by NumPy or SciPy.

``SAMPLES``: name of the op → ways to call it: for each input a shape (its numbers are drawn) or an array, and attributes.
``REFERENCES``: name of the op → ``function(*arrays, **attributes)`` with the same value, from NumPy or SciPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

REPEATED = np.array([2, 0, 2, -1])
PAIRS = (np.array([[0], [1]]), slice(None), np.array([1, 1, 0]))
MASK = np.array([[True, False, True], [False, True, True]])
INDICES: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((5,), (slice(None, None, -2),)),
    ((3, 2, 4), (1,)),
    ((3, 2, 4), (slice(1, None), None, ..., -1)),
    ((3, 2, 4), (REPEATED,)),
    ((2, 3, 4), PAIRS),
    ((2, 3, 4), (MASK,)),
    ((2, 3, 4), (..., None, slice(2), np.array([True, False, True, True]))),
]
"""Shapes and what is picked from them."""


def _scattered(x: Any, shape: tuple[int, ...], index: tuple[Any, ...]) -> Any:
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def _put(x: Any, values: Any, index: tuple[Any, ...]) -> Any:
    out = x.copy()
    out[index] = values
    return out


def _picked(shape: tuple[int, ...], index: tuple[Any, ...]) -> tuple[int, ...]:
    return np.zeros(shape)[index].shape


def _einsum(*arrays: Any, labels: Any, result: Any) -> Any:
    named = [part for pair in zip(arrays, labels, strict=True) for part in pair]
    return np.einsum(*named, result, optimize=False)


SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "sum_to": [(((2, 3, 4),), {"shape": (3, 1)}), (((3, 4),), {"shape": (1, 1)}), (((3, 4),), {"shape": (1, 4)})],
    "broadcast_to": [(((3, 1),), {"shape": (3, 4)}), (((1, 1),), {"shape": (2, 3)})],
    "matrix_transpose": [(((3, 4),), {}), (((2, 3, 1),), {})],
    "matmul": [
        (((3, 4), (4, 2)), {}),
        (((3, 4), (2, 4, 1)), {}),
        (((2, 2, 3), (3, 4)), {}),
        (((2, 3, 3), (2, 3, 3)), {}),
        (((2, 1, 2, 3), (3, 3, 1)), {}),
        (((3,), (3, 2)), {}),
        (((2, 3), (3,)), {}),
        (((3,), (2, 3, 2)), {}),
        (((2, 2, 3), (3,)), {}),
    ],
    "linear": [
        (((2, 3), (4, 3), (4,)), {}),
        (((2, 2, 3), (2, 3), (2,)), {}),
        (((3,), (2, 3), (2,)), {}),
        (((2, 1), (1, 1), (1,)), {}),
    ],
    "einsum": [
        (((2, 3), (3, 4)), {"labels": ((0, 1), (1, 2)), "result": (0, 2)}),
        (((2, 3, 4), (2, 4, 2)), {"labels": ((0, 1, 2), (0, 2, 3)), "result": (3, 0, 1)}),
        (((3, 3),), {"labels": ((0, 0),), "result": (0,)}),
        (((2, 3, 3, 2),), {"labels": ((0, 1, 1, 2),), "result": (2,)}),
        (((2, 3, 2), (3, 3)), {"labels": ((0, 1, 2), (1, 1)), "result": (2, 0)}),
        (((2, 3, 4), (2,)), {"labels": ((0, 1, 2), (3,)), "result": (1, 3)}),
        (((2, 3), (3, 4), (4, 2), (3,)), {"labels": ((0, 1), (1, 2), (2, 0), (1,)), "result": (1,)}),
        (((1, 3), (2, 3), (2, 1)), {"labels": ((0, 1), (0, 1), (0, 2)), "result": (0, 2)}),
    ],
    "concatenate": [
        (((2, 1), (3, 1), (1, 1)), {"axis": -2}),
        (((2, 1, 2), (1, 3)), {"axis": -1}),
        (((2, 1, 2), (1, 1, 2)), {"axis": -3}),
        (((2,), (3,)), {"axis": -1}),
    ],
    "stack": [(((3,), (3,)), {"axis": 1}), (((2, 1, 3), (2, 1, 3), (2, 1, 3)), {"axis": 0})],
    "block": [
        (((5, 2),), {"axis": -2, "start": 1, "size": 3}),
        (((2, 2, 4),), {"axis": -1, "start": 2, "size": 2}),
        (((4, 2, 1),), {"axis": -3, "start": 0, "size": 2}),
    ],
    "place": [
        (((3, 2),), {"axis": -2, "start": 1, "size": 5}),
        (((2, 1, 2),), {"axis": -1, "start": 0, "size": 3}),
        (((2, 2, 1),), {"axis": -3, "start": 2, "size": 4}),
    ],
    "reshape": [(((2, 6),), {"shape": (3, 4)}), (((2, 3),), {"shape": (3, 2)}), (((2, 3),), {"shape": (6,)})],
    "permute": [(((2, 3, 4),), {"axes": (2, 0, 1)}), (((2, 3),), {"axes": (-1, 0)})],
    "getitem": [((shape,), {"index": index}) for shape, index in INDICES],
    "scatter": [((_picked(shape, index),), {"shape": shape, "index": index}) for shape, index in INDICES],
    "put": [
        *(((shape, _picked(shape, index)), {"index": index}) for shape, index in INDICES),
        (((3, 2, 4), (1, 4)), {"index": (slice(1, None),)}),
        (((3, 2, 4), (2, 1)), {"index": (REPEATED,)}),
    ],
    "astype": [(((2, 3),), {"dtype": np.dtype(np.float64)})],
}
REFERENCES: dict[str, Callable[..., Any]] = {
    "reshape": lambda x, shape: x.reshape(shape),
    "permute": lambda x, axes: x.transpose(axes),
    "astype": lambda x, dtype: x.astype(dtype),
    "matmul": lambda a, b: a @ b,
    "linear": lambda x, weight, bias: x @ weight.T + bias,
    "einsum": _einsum,
    "stack": lambda *arrays, axis: np.stack(arrays, axis),
    "getitem": lambda x, index: x[index],
    "scatter": _scattered,
    "put": _put,
}
