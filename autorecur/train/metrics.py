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
from autorecur.train.losses import IGNORED

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
    right, counted = _right(output, batch)
    count = float(np.count_nonzero(counted))
    return float(np.count_nonzero(right & counted)) / max(count, 1.0), count


def exact(output: Tensor, batch: Batch) -> tuple[float, float]:
    """The share of sequences of which every class is right."""
    right, counted = _right(output, batch)
    whole = np.all(right | ~counted, axis=0) if right.ndim > 1 else right
    return float(whole.mean()), float(whole.size)


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
        found, counted = (scores > 0).reshape(goal.shape), goal != IGNORED
        if batch.mask is not None and goal.shape[:2] == batch.mask.shape:
            counted = counted & batch.mask.reshape(batch.mask.shape + (1,) * (goal.ndim - 2))
        return found == (goal > 0.5), counted
    return scores.argmax(-1) == goal, goal != IGNORED


def _mean_of(measure: Callable[[Array], Array], output: Tensor, batch: Batch) -> tuple[float, float]:
    found = measure(output.data - np.asarray(batch.y).reshape(output.shape))
    if batch.mask is not None and output.ndim == 3:
        found = found[batch.mask]
    return float(found.mean()), float(found.size)
