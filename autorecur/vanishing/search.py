"""Bounds on numbers: weights and states are searched for at which a bound is missed.

With vectors of one component the norm of a Jacobian is its size, and a bound that is right is nearly reached somewhere. So
points are bred: of each generation those that come closest to a bound have children near them. A bound with a path left out,
or with a slope that is too small, is overstepped. Larger vectors and several steps are then tried at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from autorecur.graph.adjoint import adjoint_name, pull_backs
from autorecur.graph.node import Variable
from autorecur.graph.program import Array, Compute, Values, plain
from autorecur.language.sizes import resolve
from autorecur.symbolic.numbers import Evaluator
from autorecur.vanishing.bounds import Bounds
from autorecur.vanishing.jacobians import Prepared, StepJacobians, groups_of, spectral
from autorecur.verify.report import Check

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

POPULATION, GENERATIONS = 200, 20
CLIMBERS = 140
"""So many of a population climb alone and keep their weight matrices, so that no large weight dies out; the rest are bred."""
SURVIVORS = 16
RANDOM, STEPS = 48, 4
TOLERANCE = 1e-9
Key = tuple[str, int | None]
"""A quantity at a step; a parameter where that is None."""


@dataclass(frozen=True)
class Found:
    """How close a bound was reached at most, as a part of it, and at how many points it was tried."""

    reached: float
    points: int


def search(derivation: Derivation, bounds: Bounds, seed: int = 0) -> dict[str, Found]:
    """For each bound, by its label, how much of it was reached."""
    if not bounds.blocks:
        return {}
    with np.errstate(all="ignore"):
        trial = _Trial(derivation, bounds, seed)
        found = trial.bred()
        for label, other in trial.random().items():
            known = found.get(label, Found(0.0, 0))
            found[label] = Found(max(known.reached, other.reached), known.points + other.points)
    return found


def checks_of(bounds: Bounds, found: Mapping[str, Found]) -> tuple[Check, ...]:
    """One check for each bound: its error is by how much the bound is overstepped."""
    return tuple(
        Check(e.number, e.label, e.quantity, "search", max(0.0, f.reached - 1), TOLERANCE, "bounds", (1, 1), f.points)
        for e in bounds.equations
        if (f := found.get(e.label)) is not None
    )


class _Trial:
    def __init__(self, derivation: Derivation, bounds: Bounds, seed: int) -> None:
        self.cell, self.bounds = derivation.cell, bounds
        self.prepared = Prepared.of(self.cell, derivation.step)
        (self.group,) = groups_of(self.cell)
        self.generator = np.random.default_rng([seed, 11])

    def bred(self) -> dict[str, Found]:
        """One population for each bound, all run at once: vectors of one component, one step."""
        sizes = dict.fromkeys(self.cell.sizes, 1)
        rights = self.compiled(sizes)
        values = self.drawn(sizes, POPULATION * len(rights), 1)
        self.centre(values)
        best = np.zeros(POPULATION * len(rights))
        kept = {key: array.copy() for key, array in self.given(values)}
        for _ in range(GENERATIONS):
            ratios = self.ratios(values, rights)
            found = np.concatenate([
                ratios[label][0][i * POPULATION : (i + 1) * POPULATION] for i, label in enumerate(rights)
            ])  # fmt: skip
            better = found >= best
            best = np.where(better, found, best)
            for key, array in self.given(values):
                kept[key][better] = array[better]
            self.breed(values, kept, best)
        most = best.reshape(len(rights), POPULATION).max(axis=1)
        return {
            label: Found(float(reached), POPULATION * GENERATIONS) for label, reached in zip(rights, most, strict=True)
        }

    def compiled(self, sizes: Mapping[str, int]) -> dict[str, Compute]:
        """The right-hand sides of all bounds by label, that over several steps last."""
        evaluator = Evaluator(sizes, plain)
        return {equation.label: evaluator.compile(equation.rhs) for equation in self.bounds.equations}

    def ran(self, values: Values) -> StepJacobians:
        for key in [key for key in values.quantities if key[0] in self.prepared.order and key[1] > 0]:
            del values.quantities[key]
        self.prepared.simulated(values)
        return StepJacobians(self.prepared, values, self.group)

    def ratios(self, values: Values, rights: Mapping[str, Compute]) -> dict[str, Array]:
        """‖Jacobian‖ over its bound by label: of a block for every step and sample, over several steps for every k < T."""
        jacobians, steps, states = self.ran(values), values.steps, self.bounds.states
        matrix = np.zeros((*jacobians.matrices.shape[:2], len(states), len(states)))
        found: dict[str, Array] = {}
        for block in self.bounds.blocks:
            rows, columns = (
                slice(jacobians.places[s, 0], jacobians.places[s, 0] + jacobians.counts[s])
                for s in (block.top, block.bottom)
            )
            right = rights[block.equation.label]
            entry = matrix[:, :, states.index(block.top), states.index(block.bottom)]
            for t in range(1, steps + 1):
                entry[t - 1] = right(values, {"t": t, "T": steps})[..., 0, 0]
            found[block.equation.label] = _part(spectral(jacobians.matrices[:, :, rows, columns]), entry)
        whole = self.bounds.whole
        assert whole is not None
        for t in range(1, steps + 1):
            values.quantities[self.bounds.letter, t] = matrix[t - 1]
        values.parameters[self.bounds.letter] = matrix[0]
        norms = spectral(jacobians.of_all())
        found[whole.label] = np.stack([
            _part(norms[steps - k], rights[whole.label](values, {"t": steps, "T": steps, "k": k})[..., 0, 0])
            for k in range(steps)
        ])  # fmt: skip
        for t in range(1, steps + 1):
            del values.quantities[self.bounds.letter, t]
        del values.parameters[self.bounds.letter]
        return found

    def random(self) -> dict[str, Found]:
        """Vectors of two to four components, and several steps: every block, and the bound over steps."""
        sizes = {name: 2 + i % 3 for i, name in enumerate(self.cell.sizes)}
        ratios = self.ratios(self.drawn(sizes, RANDOM, STEPS), self.compiled(sizes))
        return {label: Found(float(np.max(found)), found.size) for label, found in ratios.items()}

    # ---------------------------------------------------------------------------------------------------- points

    def drawn(self, sizes: Mapping[str, int], samples: int, steps: int) -> Values:
        """Random weights, inputs and states, others for each sample: weights of any size, states within their bounds."""
        values, draw = Values(sizes, steps), self.generator
        # Near zero activations are steep, far from it they are flat: samples are loud or quiet.
        loudness = 10 ** draw.uniform(-3, 0.3, (samples, 1, 1))
        for name in self.cell.parameters:
            if not name.endswith("]"):
                shape = self.shape(name, sizes)
                scale = 10 ** draw.uniform(-2, 2, (samples, 1, 1))
                quiet = loudness if 1 in self.cell.shapes[name] else 1.0
                values.parameters[name] = scale * quiet * draw.standard_normal((samples, *shape))
        for name in self.cell.inputs:
            for t in range(min(self.cell.offsets.get(name, (0,))) + 1, steps + 1):
                values.quantities[name, t] = loudness * draw.standard_normal((samples, *self.shape(name, sizes)))
        for name in self.cell.states:
            whole = (samples, *self.shape(name, sizes))
            kept = name in self.bounds.kept
            values.quantities[name, 0] = draw.uniform(-1, 1, whole) if kept else 3 * draw.standard_normal(whole)
            values.quantities[name, 0] *= np.where(draw.random((samples, 1, 1)) < 0.5, np.minimum(loudness, 1.0), 1.0)
        return values

    def shape(self, name: str, sizes: Mapping[str, int]) -> tuple[int, int]:
        rows, columns = (resolve(size, sizes) for size in self.cell.shapes[name])
        return rows, columns

    def centre(self, values: Values) -> None:
        """Of many points biases are moved so that arguments of activations are near zero, where activations are steep."""
        step = self.prepared.step
        for name in self.prepared.order:
            own = Variable(step.assignments[name].node.shape, name=adjoint_name(name), offset=0)
            added = [
                leaf.name
                for leaf, (node, _) in pull_backs(step.assignments[name].node, own, own).items()
                if leaf.offset is None and node == own
            ]
            if step.assignments[name].kind == "preactivation" and added:
                self.prepared.simulated(values)
                bias = values.parameters[added[0]]
                target = 0.5 * self.generator.standard_normal(bias.shape)
                near = self.generator.random(bias.shape) < 0.6
                bias += np.where(near, target - values.quantities[name, 1], 0.0)

    def given(self, values: Values) -> list[tuple[Key, Array]]:
        """All that is drawn: parameters, inputs, the states of step 0."""
        found: list[tuple[Key, Array]] = [((name, None), array) for name, array in values.parameters.items()]
        return found + [
            (key, array) for key, array in values.quantities.items() if key[0] in self.cell.inputs or key[1] == 0
        ]

    def breed(self, values: Values, kept: Mapping[Key, Array], best: Array) -> None:
        """New points near the best that are known: near each climber's own, and near the best of all for the rest."""
        count = len(best)
        own = np.arange(count)
        for first in range(0, count, POPULATION):
            top = np.argsort(best[first : first + POPULATION])[::-1][:SURVIVORS] + first
            bred = slice(first + CLIMBERS, first + POPULATION)
            own[bred] = top[np.arange(POPULATION - CLIMBERS) % SURVIVORS]
        climbs = (np.arange(count) % POPULATION < CLIMBERS)[:, None, None]
        spread = 10 ** self.generator.uniform(-2.5, 0.3, (count, 1, 1))
        for (name, step), array in self.given(values):
            near = kept[name, step][own]
            noise = spread * self.generator.standard_normal(array.shape) * (0.3 + np.abs(near))
            if step is None and 1 not in self.cell.shapes[name]:
                noise = np.where(climbs, 0.0, noise)
            moved = near + noise
            array[...] = np.clip(moved, -1, 1) if step == 0 and name in self.bounds.kept else moved


def _part(left: Array, right: Array) -> Array:
    """left/right; 0 where left is, infinite where only right is. Points at which either is no number say nothing."""
    ratio = np.where(left == 0, 0.0, left / np.where(right == 0, 1.0, right))
    ratio = np.where((right == 0) & (left > 0), np.inf, ratio)
    return np.where(np.isfinite(left) & np.isfinite(right), ratio, 0.0)
