"""Random points at which equations are compared: all sizes different, no initial state zero, no kink nearby.

Where a whole layer of rectifiers is off, every path through it is zero, and so is any mistake on the way; where all are on,
nobody sees which side of zero they were compared with. So points are preferred with some of them on and some off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import AutorecurError
from autorecur.graph.adjoint import initial_steps
from autorecur.graph.clocks import mark
from autorecur.graph.program import Array, Part, Values, compile_node, run
from autorecur.graph.range import EVERY
from autorecur.graph.walk import postorder
from autorecur.language.sizes import resolve
from autorecur.ops import Op, pull_back
from autorecur.ops.open import CONCRETE

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

BATCH, KINKED_BATCH = 2, 4
TRIES = 300
DIFFERENT = 12
"""How many different sizes there are at most."""
NEXT_SEED = 1_000_003
"""Each equation is checked at several points: this far apart are their seeds."""
MARGIN = 0.03
"""How far from a kink every argument must be, so that no difference quotient steps over it."""
PATIENCE = 40
"""How many points without a kink nearby are looked at for one that meets both sides of every kink."""
SHRINKINGS = 12
"""How often the spread of what is drawn is halved at most."""
LARGEST = 8.0
"""Larger values saturate everything behind them, and differences drown in rounding."""


@dataclass(frozen=True)
class Point:
    """Values of everything that is given, and the forward run that follows from them."""

    values: Values
    batch: int
    smooth: bool
    """False if a kink is near somewhere in this cell, so that steps of differences must be small."""


def filling(functions: Sequence[str], seed: int) -> dict[str, str]:
    """What functions that a cell leaves open are at the point of a seed: another one at each of the points of one report."""
    turn = sum(divmod(seed, NEXT_SEED))
    return {name: CONCRETE[(turn + i) % len(CONCRETE)] for i, name in enumerate(functions)}


def sizes_for(derivation: Derivation, generator: np.random.Generator) -> dict[str, int]:
    """A number from 2 for every named size: all different, or for a cell with many sizes a few that take turns."""
    names = derivation.extended.sizes
    return {name: 2 + int(i) % DIFFERENT for name, i in zip(names, generator.permutation(len(names)), strict=True)}


def random_point(
    derivation: Derivation,
    seed: int,
    steps: int,
    batch: int | None = None,
    tries: int = TRIES,
    spread: float = 0.7,
) -> Point:
    """A point at which every quantity is finite and no kink is near; raises AutorecurError if none is found.

    ``spread`` is the standard deviation of what is drawn; it shrinks as long as cells explode."""
    generator = np.random.default_rng(seed)
    sizes = sizes_for(derivation, generator)
    if batch is None:
        batch = KINKED_BATCH if has_kinks(derivation) else BATCH
    best: Point | None = None
    found: tuple[float, ...] = (0.0,)
    usable, exploded = 0, 0
    for attempt in range(tries):
        if exploded == max(1, tries // SHRINKINGS):
            spread, exploded = spread / 2, 0
        values = _draw(derivation, sizes, steps, batch, generator, spread, positive=attempt % 3 == 2)
        kinks = _forward(derivation, values)
        if kinks is None:
            exploded += found[0] < 1
            continue
        largest = max(float(np.max(np.abs(array), initial=0.0)) for array in values.quantities.values())
        quality = (LARGEST / max(LARGEST, largest), float(kinks.distance > MARGIN), kinks.variety, kinks.distance)
        if quality > found:
            best, found = Point(values, batch, smooth=kinks.distance == np.inf), quality
        exploded += found[0] < 1
        usable += quality[:2] == (1.0, 1.0)
        if found[:3] == (1.0, 1.0, 1.0) or usable >= PATIENCE:
            break
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
        for t in range(1, values.last(name) + 1):
            array = normal(name, batch)
            values.quantities[name, t] = _as_target(derivation, array) if name == "target" else array
        for step in initial_steps(derivation.extended.offsets, name):
            values.quantities[name, step.at(values.last(name))] = np.zeros(
                [resolve(s, sizes) for s in derivation.extended.shapes[name]]
            )
    for name in derivation.extended.states:
        for step in initial_steps(derivation.extended.offsets, name):
            if mark(name, step) not in derivation.extended.starts:
                values.quantities[name, step.at(values.last(name))] = normal(name, batch)
    return values


def _as_target(derivation: Derivation, array: Array) -> Array:
    """Targets of a cross entropy are probabilities; here with a sum other than one, so that nothing relies on it."""
    if derivation.loss.kind in ("ce", "bce"):
        return 1 / (1 + np.exp(-array))
    return array


def has_kinks(derivation: Derivation) -> bool:
    return any(part.op is not None and part.op.kink for root in derivation.nodes.values() for part in postorder(root))


class _Kinks:
    """Kernels that watch how near a kink is, and whether both sides of it are met."""

    def __init__(self) -> None:
        self.distance = np.inf
        self.seen: list[float] = []

    @property
    def variety(self) -> float:
        """1 if every use of an op with a kink meets both sides, and lets something through in every sample of vectors."""
        return float(np.mean(self.seen)) if self.seen else 1.0

    def __call__(self, op: Op) -> Callable[..., Array]:
        measure = op.kink
        if measure is None:
            return op.kernel

        def kernel(*arrays: Array, **attributes: Any) -> Array:
            self.distance = min(self.distance, float(np.min(measure(*arrays, **attributes))))
            out = op.kernel(*arrays, **attributes)
            slope = pull_back(op, 0, np.ones_like(out), out, arrays, attributes)
            if slope is not None:
                alive = np.any(slope != 0, axis=(-2, -1)) if slope.shape[-2:] != (1, 1) else np.True_
                self.seen.append((float(np.ptp(slope) > 0) + float(np.mean(alive))) / 2)
            return out

        return kernel


def _forward(derivation: Derivation, values: Values) -> _Kinks | None:
    """Runs the cell; what was seen of its kinks, or None if something is not finite."""
    watched = _Kinks()
    parts = {}
    for name, node in derivation.nodes.items():
        steps = derivation.loss.steps if name == derivation.loss.name else EVERY
        parts[name] = [Part(compile_node(node, values.sizes, watched), steps)]
    with np.errstate(all="ignore"):
        run(derivation.loops, parts, values)
        printed = compile_node(derivation.step.assignments[derivation.loss.name].node, values.sizes)
        last = values.last(derivation.loss.name)
        shown = [printed(values, values.index(t)) for t in derivation.loss.steps.at(last)]
    finite = all(bool(np.all(np.isfinite(array))) for array in (*values.quantities.values(), *shown))
    return watched if finite else None
