"""A check by mpmath: the same derivatives by central differences with many digits, for a seeded sample of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mpmath
import numpy as np

from autorecur.derive.results import calculate
from autorecur.graph.program import Array, Values
from autorecur.symbolic.numbers import precise_kernel
from autorecur.verify.long import given
from autorecur.verify.points import Point
from autorecur.verify.report import Check, Note
from autorecur.verify.truth import forward

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

SAMPLES = 3
TOLERANCE = 1e-10


def precise_checks(derivation: Derivation, point: Point, digits: int, seed: int) -> tuple[list[Check], Note]:
    """Each gradient of L, run end to end, at a few random components, against ``digits`` digits."""
    generator = np.random.default_rng([seed, digits])
    values = given(derivation, point.values)
    own = calculate(derivation, values.copy())
    checks = []
    with mpmath.workdps(digits + 10):
        for label, equation in derivation.printed_gradients.items():
            if equation.section == "inputs":
                continue
            name = label.split("[")[0]
            step = equation.steps.first.at(values.last(name)) if equation.steps is not None else None
            found = own.parameters[equation.label] if step is None else own.quantities[f"dL/d{name}", step]
            error, scale = 0.0, float(np.max(np.abs(found), initial=0.0)) or 1.0
            for _ in range(SAMPLES):
                index = tuple(int(generator.integers(n)) for n in found.shape)
                true = _derivative(derivation, values, name, step, index, digits)
                error = max(error, abs(float(mpmath.mpf(float(found[index])) - true)))
            checks.append(
                Check(
                    equation.number,
                    equation.label,
                    equation.quantity,
                    f"mpmath, {digits} digits",
                    error / scale,
                    TOLERANCE,
                    equation.section,
                    equation.shape,
                    SAMPLES,
                )
            )
    return checks, Note(
        f"mpmath: {SAMPLES} random components of each gradient with {digits} digits.",
        "precise",
        sample=SAMPLES,
        digits=digits,
    )


def _derivative(
    derivation: Derivation, values: Values, name: str, step: int | None, index: tuple[int, ...], digits: int
) -> mpmath.mpf:
    h = mpmath.mpf(10) ** (-(digits // 3))
    plus, minus = (_loss(derivation, values, name, step, index, sign * h) for sign in (1, -1))
    return (plus - minus) / (2 * h)


def _loss(
    derivation: Derivation, values: Values, name: str, step: int | None, index: tuple[int, ...], shift: mpmath.mpf
) -> mpmath.mpf:
    moved = Values(
        values.sizes,
        values.steps,
        {key: _exact(array) for key, array in values.parameters.items()},
        {key: _exact(array) for key, array in values.quantities.items()},
    )
    array = moved.parameters[name] if step is None else moved.quantities[name, step]
    array[index] += shift
    run = forward(derivation, moved, precise_kernel)
    last = values.last(derivation.loss.name)
    total = sum(np.sum(run.quantities[derivation.loss.name, t]) for t in derivation.loss.steps.at(last))
    return total if derivation.decay is None else total + np.sum(derivation.decay.value(moved, precise_kernel))


def _exact(array: Array) -> Array:
    return np.vectorize(mpmath.mpf, otypes=[object])(array) if np.size(array) else array
