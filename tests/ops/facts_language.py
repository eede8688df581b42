"""Facts of the ops that the language of cells is made of; see ``samples.py`` for what the headings mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

BATCHED = (-2, -1)
SAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "power": [(((2, 3),), {"exponent": exponent}) for exponent in (3, 2, -1, 0.5)],
}
DOMAINS: dict[str, tuple[float, float]] = {"norm": (0.3, 2.0)}


def _divided(a: Any, b: Any) -> Any:
    """The quotient where it exists, else 0."""
    zero = np.equal(b, 0)
    return np.where(
        zero, np.zeros((), np.true_divide(a, 1).dtype), np.true_divide(a, np.where(zero, np.ones_like(b), b))
    )


def _same(a: Any, b: Any) -> Any:
    dtype = np.result_type(a, b)
    return np.equal(a, b).astype(dtype if dtype.kind == "f" else float)


def _summed_to(x: Any, shape: tuple[int, ...]) -> Any:
    extra = x.ndim - len(shape)
    x = x.sum(axis=tuple(range(extra)))
    return x.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)


def _cut(x: Any, axis: int, start: int, size: int) -> Any:
    return np.split(x, [start, start + size], axis)[1]


def _placed(x: Any, axis: int, start: int, size: int) -> Any:
    around = [(0, 0)] * x.ndim
    around[axis] = (start, size - start - x.shape[axis])
    return np.pad(x, around)


def _joined(*arrays: Any, axis: int) -> Any:
    """NumPy's concatenate, after batches in front have been broadcast."""
    if axis not in (-2, -1):
        return np.concatenate(arrays, axis)
    front = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
    return np.concatenate([np.broadcast_to(a, front + a.shape[-2:]) for a in arrays], axis)


def _floats(x: Any) -> Any:
    return x if x.dtype.kind == "f" else x.astype(float)


def _bell(x: Any) -> Any:
    x = _floats(x)
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi, dtype=x.dtype)


def _log_softmax(z: Any, axis: Any) -> Any:
    return scipy.special.log_softmax(z, axis)


REFERENCES: dict[str, Callable[..., Any]] = {
    "power": lambda a, exponent: a**exponent,
    "ratio": _divided,
    "equal": _same,
    "sigmoid": scipy.special.expit,
    "normal_pdf": _bell,
    "normal_cdf": scipy.special.ndtr,
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "silu": lambda x: x * scipy.special.expit(x),
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "heaviside": lambda x: np.heaviside(x, 0),
    "half_step": lambda x: np.heaviside(x, 0.5),
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.maximum(x, x * 0.01),
    "elu": lambda x: np.maximum(x, 0) + np.expm1(np.minimum(x, 0)),
    "sum_to": _summed_to,
    "broadcast_to": np.broadcast_to,
    "sum": lambda x, axis, keepdims=True: np.sum(x, axis=axis, keepdims=keepdims),
    "mean": lambda x, axis, keepdims=True: np.mean(x, axis=axis, keepdims=keepdims),
    "max": lambda x, axis, keepdims=True: np.max(x, axis=axis, keepdims=keepdims),
    "norm": lambda x, axis, keepdims=True: np.sqrt(np.sum(np.square(x), axis=axis, keepdims=keepdims)),
    "logsumexp": lambda x, axis, keepdims=True: np.log(np.sum(np.exp(_floats(x)), axis=axis, keepdims=keepdims)),
    "softmax": lambda x, axis: np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True),
    "cross_entropy": lambda z, target, axis: -np.sum(target * _log_softmax(z, axis), axis=axis, keepdims=True),
    "binary_cross_entropy": lambda z, target, axis: (
        -np.sum(
            target * scipy.special.log_expit(z) + (1 - target) * scipy.special.log_expit(-z), axis=axis, keepdims=True
        )
    ),
    "matrix_transpose": lambda x: np.swapaxes(x, -1, -2),
    "concatenate": _joined,
    "block": _cut,
    "place": _placed,
}

LINE = np.array([-1.0, 0.0, 2.0])
KINKS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any], list[Any]]]] = {
    "relu": [((LINE,), {}, [[0, 0, 1]])],
    "leaky_relu": [((LINE,), {}, [[0.01, 0.01, 1]])],
    "elu": [((LINE,), {}, [[np.exp(-1), 1, 1]])],
    "abs": [((LINE,), {}, [[-1, 0, 1]])],
    "softsign": [((LINE,), {}, [[0.25, 1, 1 / 9]])],
    "maximum": [((LINE, np.array([-1.0, 1.0, 1.0])), {}, [[0.5, 0, 1], [0.5, 1, 0]])],
    "minimum": [((LINE, np.array([-1.0, 1.0, 1.0])), {}, [[0.5, 1, 0], [0.5, 0, 1]])],
    "max": [((np.array([[2.0], [1.0], [2.0]]),), {"axis": BATCHED}, [[[0.5], [0], [0.5]]])],
    "norm": [((np.zeros((3, 1)),), {"axis": BATCHED}, [np.zeros((3, 1))])],
    "ratio": [((np.array([1.0, 0.0]), np.array([0.0, 0.0])), {}, [[0, 0], [0, 0]])],
}
