"""The gradients of a run of any length, end to end: linear in T, so a random direction stands for all components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autorecur.derive.equation import Equation
from autorecur.derive.results import calculate
from autorecur.graph.program import Array, Values
from autorecur.symbolic.numbers import complex_kernel
from autorecur.verify.points import random_point
from autorecur.verify.report import Check, Note
from autorecur.verify.truth import IMAGINARY, forward

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

TOLERANCE = 1e-8
LANES = 64
"""How many directions run together."""
SPREAD = 0.3
"""Small enough that most cells neither saturate nor explode over thousands of steps."""


def long_run(derivation: Derivation, seed: int, steps: int) -> tuple[list[Check], Note]:
    """One check for each gradient at T = ``steps``: its inner product with a random direction against the complex step."""
    point = random_point(derivation, seed, derivation.horizon(steps), batch=1, tries=3, spread=SPREAD)
    values = given(derivation, point.values)
    asked = directions(derivation, values, np.random.default_rng([seed, steps]))
    parts = [asked[i : i + LANES] for i in range(0, len(asked), LANES)]
    true = np.concatenate([by_complex_step(derivation, values, part) for part in parts])
    calculate(derivation, values)
    checks = []
    for lane, (equation, direction) in enumerate(asked):
        own = along(values, equation, direction)
        scale = max(abs(true[lane]), size_along(values, equation, direction), 1e-30)
        error = abs(own - true[lane]) / scale
        checks.append(
            Check(
                equation.number,
                equation.label,
                equation.quantity,
                f"end to end, T = {steps}",
                float(error) if np.isfinite(error) else float("inf"),
                TOLERANCE,
                equation.section,
                equation.shape,
                1,
            )
        )
    text = f"At T = {steps} each gradient was compared along one random direction (seed {seed})."
    return checks, Note(text, "long_run", steps=steps, seed=seed)


def given(derivation: Derivation, values: Values) -> Values:
    """The same values without what the equations compute."""
    quantities = values.quantities.items()
    kept = {key: array for key, array in quantities if not derivation.is_computed(*key, values)}
    return Values(values.sizes, values.steps, dict(values.parameters), kept)


Directed = list[tuple[Equation, dict[tuple[str, int | None], Array]]]


def directions(derivation: Derivation, values: Values, generator: np.random.Generator) -> Directed:
    """For each gradient a random direction: of a parameter, of an initial state, of an input at all steps."""
    found: Directed = []
    for label, equation in derivation.printed_gradients.items():
        name = label.split("[")[0]
        if equation.section == "parameters":
            keys: list[tuple[str, int | None]] = [(name, None)]
        elif equation.section == "initial" and equation.steps is not None:
            keys = [(name, equation.steps.first.at(values.last(name)))]
        else:
            keys = [(name, t) for t in range(1, values.last(name) + 1)]
        shapes = [(values.parameters[n] if t is None else values.quantities[n, t]).shape for n, t in keys]
        found.append((equation, {k: generator.standard_normal(s) for k, s in zip(keys, shapes, strict=True)}))
    return found


def by_complex_step(derivation: Derivation, values: Values, directions: Directed) -> Array:
    """The derivative of L along every direction, each in its own lane."""
    lanes = values.copy()
    shifted = _lanes(directions)
    for (name, t), shift in shifted.items():
        if t is None:
            lanes.parameters[name] = values.parameters[name] + shift
        else:
            lanes.quantities[name, t] = values.quantities[name, t] + shift
    run = forward(derivation, lanes, complex_kernel)
    last = values.last(derivation.loss.name)
    losses = [run.quantities[derivation.loss.name, t] for t in derivation.loss.steps.at(last)]
    total = sum(losses[1:], losses[0])
    total = np.broadcast_to(total, (len(directions), *total.shape[-3:]))
    sums = np.imag(total).reshape(len(directions), -1).sum(axis=1)
    if derivation.decay is not None:
        penalty = np.imag(derivation.decay.value(lanes, complex_kernel))
        sums = sums + np.broadcast_to(penalty, (len(directions), 1, 1, 1)).reshape(-1)
    return sums / IMAGINARY


def _lanes(directions: Directed) -> dict[tuple[str, int | None], Array]:
    """Each direction in its own lane, zero in the others."""
    result: dict[tuple[str, int | None], Array] = {}
    for lane, (_, direction) in enumerate(directions):
        for key, array in direction.items():
            shape = array.shape if key[1] is not None else (1, *array.shape)
            stack = np.zeros((len(directions), *shape), dtype=complex)
            stack[lane] = 1j * IMAGINARY * array
            result[key] = result[key] + stack if key in result else stack
    return result


def _pairs(
    values: Values, equation: Equation, direction: dict[tuple[str, int | None], Array]
) -> list[tuple[Array, Array]]:
    label = f"dL/d{next(iter(direction))[0]}"
    return [
        (values.parameters[equation.label] if t is None else values.quantities[label, t], array)
        for (_, t), array in direction.items()
    ]


def along(values: Values, equation: Equation, direction: dict[tuple[str, int | None], Array]) -> float:
    return float(sum(np.sum(gradient * array) for gradient, array in _pairs(values, equation, direction)))


def size_along(values: Values, equation: Equation, direction: dict[tuple[str, int | None], Array]) -> float:
    return float(sum(np.sum(np.abs(gradient * array)) for gradient, array in _pairs(values, equation, direction)))
