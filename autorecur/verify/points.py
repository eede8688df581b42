"""Random points at which equations are compared: all sizes different, no initial state zero, no kink nearby."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import AutorecurError
from autorecur.graph.adjoint import initial_steps
from autorecur.graph.program import Array, Part, Values, compile_node, run
from autorecur.graph.range import EVERY
from autorecur.language.sizes import resolve
from autorecur.ops import Op

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

BATCH = 2
TRIES = 300
MARGIN = 0.03
"""How far from a kink every argument must be, so that no difference quotient steps over it."""
LARGEST = 8.0
"""Larger values saturate everything behind them, and differences drown in rounding."""


@dataclass(frozen=True)
class Point:
    """Values of everything that is given, and the forward run that follows from them."""

    values: Values
    smooth: bool
    """False if a kink is near somewhere in this cell, so that steps of differences must be small."""


def sizes_for(derivation: Derivation, generator: np.random.Generator) -> dict[str, int]:
    """A different number, from 2, for every named size."""
    names = derivation.extended.sizes
    return dict(zip(names, (int(i) for i in generator.permutation(len(names)) + 2), strict=True))


def random_point(
    derivation: Derivation, seed: int, steps: int, batch: int = BATCH, tries: int = TRIES, spread: float = 0.7
) -> Point:
    """A point at which every quantity is finite and no kink is near; raises AutorecurError if none is found.

    ``spread`` is the standard deviation of what is drawn."""
    generator = np.random.default_rng(seed)
    sizes = sizes_for(derivation, generator)
    best: Point | None = None
    found = -1.0
    for attempt in range(tries):
        values = _draw(derivation, sizes, steps, batch, generator, spread, positive=attempt % 3 == 2)
        distance = _forward(derivation, values)
        if distance is None:
            continue
        point = Point(values, smooth=distance == np.inf)
        moderate = max(float(np.max(np.abs(array), initial=0.0)) for array in values.quantities.values()) < LARGEST
        if distance > MARGIN and moderate:
            return point
        quality = min(distance, 1.0) * (1.0 if moderate else 1e-6)
        if quality > found:
            best, found = point, quality
    if best is None:
        raise AutorecurError(
            f"no random values were found at which {derivation.cell.name} is finite: the equations cannot be checked."
        )
    return best


def _draw(
    derivation: Derivation,
    sizes: dict[str, int],
    steps: int,
    batch: int,
    generator: np.random.Generator,
    spread: float,
    positive: bool,
) -> Values:
    def normal(name: str, *lead: int) -> Array:
        shape = [resolve(size, sizes) for size in derivation.extended.shapes[name]]
        array = spread * generator.standard_normal((*lead, *shape))
        return np.abs(array) + 0.1 if positive else array

    values = Values(sizes, steps)
    for name in derivation.extended.parameters:
        if not name.endswith("]"):
            values.parameters[name] = normal(name)
    for name in derivation.extended.inputs:
        for t in range(1, steps + 1):
            array = normal(name, batch)
            values.quantities[name, t] = _as_target(derivation, array) if name == "target" else array
        for step in initial_steps(derivation.extended.offsets, name):
            values.quantities[name, step.at(steps)] = np.zeros(
                [resolve(s, sizes) for s in derivation.extended.shapes[name]]
            )
    for name in derivation.cell.states:
        for step in initial_steps(derivation.cell.offsets, name):
            values.quantities[name, step.at(steps)] = normal(name, batch)
    return values


def _as_target(derivation: Derivation, array: Array) -> Array:
    """Targets of a cross entropy are probabilities; here with a sum other than one, so that nothing relies on it."""
    if derivation.loss.kind in ("ce", "bce"):
        return 1 / (1 + np.exp(-array))
    return array


def _forward(derivation: Derivation, values: Values) -> float | None:
    """Runs the cell; the distance to the nearest kink, or None if something is not finite."""
    nearest = [np.inf]

    def watched(op: Op) -> Callable[..., Array]:
        if op.kink is None:
            return op.kernel

        def kernel(*arrays: Array, **attributes: Any) -> Array:
            nearest[0] = min(nearest[0], float(np.min(op.kink(*arrays, **attributes)))) if op.kink else nearest[0]
            return op.kernel(*arrays, **attributes)

        return kernel

    parts = {}
    for name, node in derivation.nodes.items():
        steps = derivation.loss.steps if name == derivation.loss.name else EVERY
        parts[name] = [Part(compile_node(node, values.sizes, watched), steps)]
    with np.errstate(all="ignore"):
        run(derivation.loops, parts, values)
        printed = compile_node(derivation.step.assignments[derivation.loss.name].node, values.sizes)
        shown = [printed(values, {"t": t, "T": values.steps}) for t in derivation.loss.steps.at(values.steps)]
    finite = all(bool(np.all(np.isfinite(array))) for array in (*values.quantities.values(), *shown))
    return nearest[0] if finite else None
