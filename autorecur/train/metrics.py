"""What is measured beside the loss, on numbers and without gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.data.batches import Batch
from autorecur.errors import ArgumentError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array
from autorecur.tape.tensor import Tensor
from autorecur.train.losses import counted

Measure = Callable[[Any, Batch], tuple[float, float]]
"""From an output and a batch to a mean and what it is the mean of."""


def measures_of(metrics: Any) -> dict[str, Measure]:
    """``"accuracy"``, several names, or a mapping from names to functions of (output, batch) or further names."""
    if metrics is None:
        return {}
    named = metrics if isinstance(metrics, Mapping) else {_name(each): each for each in _several(metrics)}
    return {str(name): _measure(each) for name, each in named.items()}


def _several(metrics: Any) -> Sequence[Any]:
    return [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)


def _name(metric: Any) -> str:
    return metric if isinstance(metric, str) else str(getattr(metric, "__name__", metric))


def _measure(metric: Any) -> Measure:
    if callable(metric):
        return lambda output, batch: (float(metric(output, batch)), float(len(batch.index)))
    if metric not in METRICS:
        close = did_you_mean(str(metric), METRICS)
        raise ArgumentError(
            f"fit: metrics are {', '.join(METRICS)} or functions of (output, batch), not {metric!r:.60}.{close}"
        )
    return METRICS[metric]


def accuracy(output: Tensor, batch: Batch) -> tuple[float, float]:
    """The share of classes that are right: the largest logit; of one logit, whether it is positive. Padding is left out."""
    right, counts = _right(output, batch)
    count = float(np.count_nonzero(counts))
    return float(np.count_nonzero(right & counts)) / max(count, 1.0), count


def exact(output: Tensor, batch: Batch) -> tuple[float, float]:
    """The share of sequences of which every class is right; those without a class are left out."""
    right, counts = _right(output, batch)
    which = 1 if right.ndim > 1 and right.shape[1] == len(batch.index) else 0
    rest = tuple(axis for axis in range(right.ndim) if axis != which)
    known = counts.any(axis=rest)
    count = float(np.count_nonzero(known))
    return float(np.count_nonzero((right | ~counts).all(axis=rest) & known)) / max(count, 1.0), count


def mae(output: Tensor, batch: Batch) -> tuple[float, float]:
    """The mean of |output − y|."""
    return _mean_of(np.abs, output, batch)


def mse(output: Tensor, batch: Batch) -> tuple[float, float]:
    """The mean of (output − y)²."""
    return _mean_of(np.square, output, batch)


METRICS: dict[str, Measure] = {"accuracy": accuracy, "exact": exact, "mae": mae, "mse": mse}


def _right(output: Tensor, batch: Batch) -> tuple[Array, Array]:
    """Which classes are right, and which count."""
    scores, goal = output.data, np.asarray(batch.y)
    if scores.shape == goal.shape or scores.shape == (*goal.shape, 1):
        right = (scores > 0).reshape(goal.shape) == (goal > 0.5)
    else:
        right = scores.argmax(-1) == goal
    return right, _counted(batch, right)


def _mean_of(measure: Callable[[Array], Array], output: Tensor, batch: Batch) -> tuple[float, float]:
    goal = np.asarray(batch.y)
    found = measure(output.data.reshape(goal.shape) - goal)
    which = _counted(batch, found)
    count = float(np.count_nonzero(which))
    return float(found.sum(where=which)) / max(count, 1.0), count


def _counted(batch: Batch, found: Array) -> Array:
    """What no padding and no −100 is, for each component."""
    which = counted(batch)
    if which is None:
        return np.ones(found.shape, bool)
    return np.broadcast_to(which.reshape(which.shape + (1,) * (found.ndim - which.ndim)), found.shape)
