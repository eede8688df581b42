"""Derivatives by numbers alone, without any rule: what the rules of the table are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from autorecur.ops import Op
from autorecur.symbolic.numbers import complex_kernel
from tests.ops.samples import Sample, kinks, pulled, smooth_samples

STEP = 4e-3
WEIGHTS = ((1.0, 1 / 45), (0.5, -20 / 45), (0.25, 64 / 45))
"""Central differences with the steps h, h/2 and h/4: weighted like this, the errors in h² and h⁴ cancel."""
SMALLEST = 1e-3
"""Errors are relative to the largest true number of an input, but not to less than this."""


def along(f: Callable[..., float], at: Sequence[np.ndarray], direction: Sequence[np.ndarray]) -> float:
    """The derivative of a function of arrays along a direction."""
    found = 0.0
    for part, weight in WEIGHTS:
        h = STEP * part
        ahead, behind = (f(*(x + sign * h * d for x, d in zip(at, direction, strict=True))) for sign in (1, -1))
        found += weight * (ahead - behind) / (2 * h)
    return found


def gradient(f: Callable[..., float], at: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The derivative by every component of every array."""
    found = [np.zeros(x.shape) for x in at]
    for i, x in enumerate(at):
        for index in np.ndindex(x.shape):
            unit = [np.zeros(y.shape) for y in at]
            unit[i][index] = 1
            found[i][index] = along(f, at, unit)
    return found


def by_complex_step(sample: Sample, g: np.ndarray) -> list[np.ndarray]:
    """The gradient of ⟨g, op(inputs)⟩ along the imaginary axis, by the symbolic form where there is one."""
    kernel, at = complex_kernel(sample.op), sample.primals
    found = [np.zeros(x.shape) for x in at]
    for i, x in enumerate(at):
        for index in np.ndindex(x.shape):
            moved = [y.astype(complex) for y in at]
            moved[i][index] += 1e-30j
            shifted = kernel(*sample.inputs(moved), **sample.attributes)
            found[i][index] = np.sum(g * np.imag(shifted)) / 1e-30
    return found


def error(found: Any, true: Any) -> float:
    """The largest difference relative to the largest true number; a wrong shape is infinitely wrong."""
    if np.shape(found) != np.shape(true):
        return float("inf")
    found, true = np.asarray(found) + 0.0, np.asarray(true) + 0.0
    differ = ~((found == true) | (np.isnan(found) & np.isnan(true)))
    if not differ.any():
        return 0.0
    difference = float(np.max(np.abs(found - true)[differ]))
    largest = float(np.max(np.abs(true)[np.isfinite(true)], initial=0.0))
    return difference / max(SMALLEST, largest) if np.isfinite(difference) else float("inf")


Trial = tuple[Sample, np.ndarray, list[np.ndarray]]


@cache
def trials(op: Op) -> list[Trial]:
    """Each smooth sample of an op with a cotangent and the true gradients; and each kink with the documented ones."""
    found = []
    for sample in smooth_samples(op):
        g = sample.cotangent()
        true = gradient(lambda *primals, sample=sample, g=g: float(np.sum(g * sample.value(*primals))), sample.primals)
        found.append((sample, g, true))
    return found + [(sample, np.ones(np.shape(sample.value())), true) for sample, true in kinks(op)]


def errors(op: Op, rules: Op | None = None) -> list[float]:
    """How wrong the rules of an op (or those of another) are, trial by trial."""
    found = []
    for sample, g, true in trials(op):
        sent = pulled(rules or op, sample.floats, g, sample.value(), sample.arrays, sample.attributes)
        found.append(max((error(s, t) for s, t in zip(sent, true, strict=True)), default=0.0))
    return found
