"""The Jacobians of the steps of a run, by the graph's own pull-backs: all steps and all samples at once.

A step is pulled back once for each component of a state, as a lane of its own. The state of a step is what other steps
read: for a delay of two, the state of the step before stands beside it, so that one matrix leads from step to step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autorecur.errors import CellError
from autorecur.graph.adjoint import adjoint_name, pull_backs
from autorecur.graph.node import Variable
from autorecur.graph.program import Array, Part, Values, compile_node, plain, run
from autorecur.graph.range import EVERY
from autorecur.graph.step import Step, build
from autorecur.language.cell import Cell
from autorecur.language.order import Loop, schedule
from autorecur.language.sizes import resolve

MOST_NUMBERS = 4_000_000
"""How many numbers one quantity's lanes may hold; more steps are taken one part after the other."""
Tell = Callable[[int, int], None]
"""Is told how many of how many steps are done."""


@dataclass(frozen=True)
class Group:
    """States that are carried together, in one direction of time."""

    states: tuple[str, ...]
    direction: int


def groups_of(cell: Cell) -> tuple[Group, ...]:
    """All states together; in a cell that runs both ways, each recurrence by itself. Raises CellError if there is none."""
    if not cell.states:
        raise CellError(
            f"{cell.name} has no state: nothing is passed from step to step, so no gradient flows through time.",
            hint="A state is a quantity that another step reads, such as h in h[t] = tanh(W x[t] + U h[t-1]).",
        )
    ahead = [any(offset > 0 for offset in cell.offsets[state]) for state in cell.states]
    if not any(ahead) or all(ahead):
        return (Group(tuple(cell.states), -1 if ahead[0] else 1),)
    loops = [tuple(state for state in cell.states if state in loop.names) for loop in cell.loops]
    return tuple(
        Group(states, -1 if any(offset > 0 for offset in cell.offsets[states[0]]) else 1) for states in loops if states
    )


@dataclass(frozen=True)
class Prepared:
    """A cell's step with its pull-backs, and the order in which a run and a sweep go."""

    cell: Cell
    step: Step
    loops: tuple[Loop, ...]
    order: tuple[str, ...]
    """What the states need, in an order in which one step can be computed."""

    @classmethod
    def of(cls, cell: Cell, step: Step | None = None) -> Prepared:
        """``step`` where it is known already, with names of its own."""
        step = step or build(cell)
        reads = step.reads()
        pending, needed = list(cell.states), set[str]()
        while pending:
            name = pending.pop()
            if name in reads and name not in needed:
                needed.add(name)
                pending.extend(other for other, _ in reads[name])
        loops = tuple(schedule({name: reads[name] for name in reads if name in needed}))
        return cls(cell, step, loops, tuple(name for loop in loops for name in loop.names))

    def simulated(self, values: Values) -> Values:
        """The run, in place."""
        parts = {
            name: [Part(compile_node(self.step.assignments[name].node, values.sizes, plain), EVERY)]
            for name in self.order
        }
        return run(self.loops, parts, values)

    @cached_property
    def pulls(self) -> dict[str, list[tuple[Variable, Any]]]:
        """For each quantity what its equation sends back, and to what."""
        found = {}
        for name in self.order:
            assignment = self.step.assignments[name]
            own = Variable(assignment.node.shape, name=adjoint_name(name), offset=0)
            sent = pull_backs(assignment.node, own, assignment.variable)
            found[name] = [(leaf, node) for leaf, (node, _) in sent.items() if leaf.offset is not None]
        return found


class StepJacobians:
    """∂s_t/∂s_{t−1} at every step of a run, for one group of states s.

    ``matrices`` has the shape (T, B, n, n); ``inner[u, w]`` is ∂u_t/∂w_t along the paths within step t, (T, B, n_u, n_w)."""

    def __init__(self, prepared: Prepared, values: Values, group: Group, tell: Tell | None = None) -> None:
        self.prepared, self.values, self.group = prepared, values, group
        self.batch = int(np.prod(values.batch, dtype=int)) if values.batch else 1
        cell = prepared.cell
        self.counts = {
            state: int(np.prod([resolve(size, values.sizes) for size in cell.shapes[state]])) for state in group.states
        }
        self.delays = {
            state: max((-group.direction * offset for offset in cell.offsets[state]), default=1)
            for state in group.states
        }
        self.places: dict[tuple[str, int], int] = {}
        size = 0
        for depth in range(max(self.delays.values())):
            for state in group.states:
                if depth < self.delays[state]:
                    self.places[state, depth] = size
                    size += self.counts[state]
        self.size = size
        self.now = sum(self.counts.values())
        """The components of the step itself; what stands behind them is of earlier steps."""
        self.matrices = np.zeros((values.steps, self.batch, size, size))
        self.inner: dict[tuple[str, str], Array] = {}
        self._carry()
        self._sweep(tell)

    def _carry(self) -> None:
        """The state of a step before becomes the one of two steps before."""
        for (state, depth), place in self.places.items():
            if depth:
                before = self.places[state, depth - 1]
                for i in range(self.counts[state]):
                    self.matrices[:, :, place + i, before + i] = 1.0

    def _sweep(self, tell: Tell | None) -> None:
        steps = self.values.steps
        widest = max(np.size(array) // max(1, self.batch) for array in self.values.quantities.values())
        room = max(1, MOST_NUMBERS // max(1, widest * max(self.counts.values()) * self.batch))
        sizes = self.values.sizes
        computes = {
            name: [(leaf, compile_node(node, sizes, plain)) for leaf, node in self.prepared.pulls[name]]
            for name in self.prepared.order
        }
        for first in range(0, steps, room):
            part = range(first, min(first + room, steps))
            stacked = self._stacked(part)
            for state in self.group.states:
                self._pull(state, part, stacked, computes)
            if tell is not None:
                tell(part[-1] + 1, steps)

    def _stacked(self, part: range) -> Values:
        """The values of some steps as one step whose leading axis is time."""
        known = self.values.quantities
        wanted = {(name, 0) for name in self.prepared.order}
        for leaves in self.prepared.pulls.values():
            wanted |= {(leaf.name, leaf.offset or 0) for leaf, _ in leaves}
        quantities = {}
        for name, offset in wanted:
            shape = self._shape(name)
            zero = np.zeros(shape)  # an input before its first step
            arrays = [known.get((name, t + 1 + offset), zero) for t in part]
            quantities[name, offset] = np.stack([np.broadcast_to(a, (self.batch, *shape)) for a in arrays])
        return Values(self.values.sizes, 1, self.values.parameters, quantities)

    def _shape(self, name: str) -> tuple[int, int]:
        assigned = self.prepared.step.assignments.get(name)
        shape = assigned.node.shape if assigned is not None else self.prepared.cell.shapes[name]
        rows, columns = (resolve(size, self.values.sizes) for size in shape)
        return rows, columns

    def _pull(
        self, state: str, part: range, stacked: Values, computes: Mapping[str, Sequence[tuple[Any, Any]]]
    ) -> None:
        """Every component of a state at once: a lane each, pulled back through the equations of its step."""
        shape, count = self._shape(state), self.counts[state]
        received: dict[str, Array] = {state: np.eye(count).reshape(count, 1, 1, *shape)}
        place = self.places[state, 0]
        for name in reversed(self.prepared.order):
            g = received.get(name)
            if g is None:
                continue
            if name in self.group.states:
                within = self._as_matrices(g, part, count)
                whole = self.inner.setdefault(
                    (state, name), np.zeros((self.values.steps, self.batch, count, self.counts[name]))
                )
                whole[part.start : part.stop] = within
            stacked.quantities[adjoint_name(name), 0] = g
            for leaf, compute in computes[name]:
                sent = compute(stacked, {"t": 0, "T": 1})
                if leaf.offset == 0:
                    if leaf.name in self.prepared.pulls:
                        received[leaf.name] = received[leaf.name] + sent if leaf.name in received else sent
                    continue
                column = self.places.get((leaf.name, abs(leaf.offset) - 1))
                if column is not None:
                    target = self.matrices[part.start : part.stop, :, place : place + count]
                    target[..., column : column + self.counts[leaf.name]] += self._as_matrices(sent, part, count)

    def _as_matrices(self, lanes: Array, part: range, count: int) -> Array:
        """(lanes, steps, samples, rows, columns) as (steps, samples, lanes, components)."""
        shape = np.shape(lanes)[-2:]
        full = np.broadcast_to(lanes, (count, len(part), self.batch, *shape))
        return np.moveaxis(full, 0, 2).reshape(len(part), self.batch, count, int(np.prod(shape)))

    # ------------------------------------------------------------------------------------------------ products

    def products(self) -> Iterator[Array]:
        """∂s_T/∂s_k for k = T, T−1, …, 0, each (B, n, n): the factors of later steps stand on the left.

        In a group that runs backwards, ∂s_1/∂s_k for k = 1, 2, …, T+1."""
        whole = np.broadcast_to(np.eye(self.size), (self.batch, self.size, self.size))
        yield whole
        ordered = self.matrices[::-1] if self.group.direction > 0 else self.matrices
        for matrix in ordered:
            whole = whole @ matrix
            yield whole

    def of_all(self) -> Array:
        """∂s_T/∂s_k for the states of the two steps alone: (T+1, B, n, n)."""
        return np.stack([whole[:, : self.now, : self.now] for whole in self.products()])

    def of_state(self, state: str) -> Array:
        """∂u_T/∂u_k for one state, total: what u_k changes within its own step counts, too. (T+1, B, n_u, n_u)."""
        place, count = self.places[state, 0], self.counts[state]
        steps = self.values.steps
        ordered = range(steps - 1, -1, -1) if self.group.direction > 0 else range(steps)
        found = []
        for whole, step in zip(self.products(), [*ordered, None], strict=True):
            rows = whole[:, place : place + count]
            if step is None:  # an initial state has no equation that anything else of its step could read
                found.append(rows[:, :, place : place + count])
                continue
            total = np.zeros((self.batch, count, count))
            for other in self.group.states:
                inside = self.inner.get((other, state))
                if inside is not None:
                    at = self.places[other, 0]
                    total += rows[:, :, at : at + self.counts[other]] @ inside[step]
            found.append(total)
        return np.stack(found)


def spectral(matrices: Array) -> Array:
    """The largest singular value of every matrix; infinite or not a number where the matrix holds such a number."""
    scale = np.max(np.abs(matrices), axis=(-2, -1), keepdims=True)
    usable = np.isfinite(scale) & (scale > 0)
    scaled = np.where(usable, matrices / np.where(usable, scale, 1.0), 0.0)
    top = np.linalg.eigvalsh(np.swapaxes(scaled, -2, -1) @ scaled)[..., -1]
    return np.where(usable, np.sqrt(np.maximum(top, 0.0))[..., None, None], 1.0)[..., 0, 0] * scale[..., 0, 0]
