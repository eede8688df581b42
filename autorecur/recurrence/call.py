"""One run of a compiled cell: memory, the numbers in it, and the way back.

The forward program leaves what the backward one reads in a workspace that belongs to this run alone. Results and gradients are
views of such memory; it is used again when the last of them is gone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.compile.memory import rows_in
from autorecur.compile.plan import BackwardPlan
from autorecur.compile.workspace import address, lease, opened
from autorecur.graph.adjoint import adjoint_name
from autorecur.ops import Op
from autorecur.ops.shape import reshape
from autorecur.recurrence.eager import Eager
from autorecur.recurrence.stacked import Stacked
from autorecur.tape.bundle import Parts, bundle, nothing, result
from autorecur.tape.modes import enable_grad
from autorecur.tape.numbers import frozen
from autorecur.tape.sweep import leading_to, reachable, sweep
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.recurrence.case import Case, Given
    from autorecur.recurrence.run import Asked


AT_END = " at the end"
"""Behind the name of an output: its last step, as a result of its own."""


class Call:
    """A case, the memory, and the arrays that the program reads. The record on the tape holds it; it holds no record."""

    __slots__ = ("adjoints", "arrays", "asked", "bases", "case", "keys", "pattern", "workspace")

    def __init__(self, case: Case, asked: Asked, values: list[Any], known: list[int]) -> None:
        self.case = case
        self.asked = asked._replace(given={}, stacked=None)  # what was given belongs to the record alone
        self.keys = tuple(asked.given)
        self.pattern = None if asked.stacked is None else asked.stacked.pattern
        self.adjoints: dict[str, Any] = {}
        self.workspace = lease(case.count, case.dtype, False)
        self.bases = bases = [address(self.workspace), 0, 0]
        self.arrays: list[Any] = []
        """Copies that the program reads in place of the user's arrays."""
        for (i, as_it_is, given), base in zip(case.reads, known, strict=True):
            if base:
                bases.append(base)
                continue
            value = values[i]
            if isinstance(value, Tensor):
                array = value._array
            else:
                array = values[i] = frozen(value) if case.wish else value
            if as_it_is and array.flags.c_contiguous:
                bases.append(address(array) + given.offset)
            elif given.kind == "initial":
                self._begin(given, array)
            else:
                self.arrays.append(self._copied(given, array))
                bases.append(address(self.arrays[-1]))
        case.plan.run(bases)

    def _begin(self, given: Given, array: Any) -> None:
        """Writes an initial state into the workspace."""
        case, plan = self.case, self.case.plan
        if plan.memory.has_step(given.name, given.step):
            rows = array.reshape(-1, plan.components(given.name))
            if case.order is not None and given.batched:
                rows = rows[case.order]
            t = given.step if given.step < 1 else case.steps + given.step
            plan.memory.block(opened(self.workspace), given.name, t, t)[...] = rows

    def _copied(self, given: Given, array: Any) -> Any:
        """An array as the program reads it; staged inputs go into the workspace."""
        case, plan = self.case, self.case.plan
        if given.first >= 0:
            array = array[given.first : given.first + given.shape[0]]
        array = np.ascontiguousarray(array, case.dtype)
        if given.name in plan.staged:
            rows = array.reshape(-1, plan.components(given.name))
            spot = plan.staged[given.name]
            begin = spot.offset + plan.grid.start(1) * spot.width
            space = rows_in(opened(self.workspace), begin, plan.grid.total, spot.width, spot.width)
            space[...] = rows if case.index is None else rows[case.index]
        return array

    def output(self, name: str) -> Any:
        """An output at all steps, a view of the workspace."""
        return self._spread(self.case.views[name].of(self.workspace), name)

    def _spread(self, array: Any, name: str) -> Any:
        """Rows of sequences of different lengths at their places among (steps, samples, …); zero behind an end."""
        case = self.case
        if case.index is None:
            return array
        whole = np.zeros((case.steps * (case.batch or 1), array.shape[1]), case.dtype)
        whole[case.index] = array
        return whole.reshape(case.shape_of_steps(name))

    def again(self, values: Sequence[Any]) -> Mapping[str, Tensor]:
        """The same run on the tape, from these values."""
        asked, case = self.asked, self.case
        given = dict(zip(self.keys, values, strict=False))
        if self.pattern is not None:
            given.update(Stacked(tuple(values[len(given) :]), self.pattern))
        ends = None if case.lengths is None else case.lengths.ends
        run = Eager(asked.prepared, asked.names, given, case.steps, ends, asked.truncate, record=False)
        wholes = {name: run.whole(name) for name in asked.names}
        return wholes | {f"{name}{AT_END}": wholes[name][self.case.end(name)] for name in asked.names}

    def backward(self, cotangents: Mapping[str, Any]) -> list[Any]:
        """The cotangent of each of the given arrays that receives one."""
        case = self.case
        if any(name.endswith(AT_END) for name in cotangents):
            cotangents = self._with_ends(cotangents)
        back = case.backward(
            tuple(cotangents) if len(cotangents) == 1 else tuple(n for n in case.names if n in cotangents)
        )
        plan = back.plan
        arrays = [self._cotangent(cotangents[name], name) for name in back.names]
        workspace = lease(back.count, case.dtype, False)
        gradients = lease(plan.count, case.dtype, False) if back.apart else workspace[plan.memory.count :]
        bases = [*self.bases, *map(address, arrays)]
        bases[1], bases[2] = address(workspace), address(gradients)
        plan.run(bases)
        if not back.apart:  # a few numbers do not keep the whole workspace
            gradients = np.array(gradients)
        for name in case.wish.recorded:
            if plan.memory.holds(adjoint_name(name)):
                self.adjoints[name] = self._spread(back.adjoints[name].of(workspace), name).copy()
        found: list[Any] = [None] * (1 + case.receivers[-1])
        for piece in back.pieces:
            together = gradients[piece.begin : piece.end].reshape(piece.shape)
            for position, gradient in zip(piece.positions, together, strict=True):
                found[position] = gradient
        for position, parts in back.joined.items():
            found[position] = self._joined(position, parts, gradients)
        for given in case.others:
            if given.kind != "input":
                found[given.position] = self._to_initial(given, plan, workspace)
            elif (view := back.inputs[given.name]) is not None:
                found[given.position] = self._spread(view.of(workspace), given.name)
            else:
                found[given.position] = np.zeros(given.shape, case.dtype)
        return found

    def _with_ends(self, cotangents: Mapping[str, Any]) -> dict[str, Any]:
        """What came to the last step of a quantity alone, as a part of what comes to all its steps."""
        found = {name: g for name, g in cotangents.items() if not name.endswith(AT_END)}
        for key, g in cotangents.items():
            if key.endswith(AT_END):
                name = key.removesuffix(AT_END)
                whole = found.get(name)
                found[name] = (
                    np.zeros(self.case.shape_of_steps(name), self.case.dtype) if whole is None else np.array(whole)
                )
                found[name][self.case.end(name)] += g
        return found

    def _joined(self, position: int, parts: Sequence[tuple[int, int, int]], gradients: Any) -> Any:
        """The gradient of an array from those of its rows; rows that nothing reads have none."""
        shape = self.case.shapes[position]
        row = math.prod(shape[1:])
        pieces, next_row = [], 0
        for first, begin, end in parts:
            if first > next_row:
                pieces.append(np.zeros((first - next_row) * row, self.case.dtype))
            pieces.append(gradients[begin:end])
            next_row = first + (end - begin) // row
        if next_row < shape[0]:
            pieces.append(np.zeros((shape[0] - next_row) * row, self.case.dtype))
        return np.concatenate(pieces).reshape(shape)

    def _cotangent(self, g: Any, name: str) -> Any:
        case = self.case
        array = np.ascontiguousarray(g, case.dtype)
        if case.index is not None:
            array = array.reshape(-1, case.plan.components(name))[case.index]
        return array

    def _to_initial(self, given: Given, plan: BackwardPlan, workspace: Any) -> Any:
        """The sum of what the carries hold for an initial state."""
        case = self.case
        total = np.zeros((case.batch or 1, case.plan.components(given.name)), case.dtype)
        for carry in plan.program.carries:
            if carry.state != given.name:
                continue
            # The step at which each sample read this value: the same for all, or counted from each one's own end.
            steps = np.where(given.step > 0, case.ends, 0) + given.step - carry.offset
            there = np.flatnonzero((steps >= 1) & (steps <= case.ends))
            for part in carry.parts:
                if plan.memory.storage.region_of(part).slots:
                    if len(there):
                        total += plan.memory.slot(workspace, part, int(steps[there[0]]))
                else:
                    whole = plan.memory.block(workspace, part, 1, case.steps)
                    first = case.plan.grid.starts[0, steps[there] + case.plan.grid.pads] - case.plan.grid.start(1)
                    total[there] += whole[first + there]
        if case.order is not None:
            sorted_back = np.empty_like(total)
            sorted_back[case.order] = total
            total = sorted_back
        shape = case.shape(given.name)
        return total.reshape(case.batch or 1, *shape) if given.batched else total.sum(axis=0).reshape(shape)


def _to_inputs(g: Parts, out: Any, *values: Any, wanted: Sequence[int], call: Call, **_: Any) -> list[Any]:
    """The joint rule: the backward program, or, where it is to be differentiated again, the cell on the tape."""
    if not g.differentiable:
        return call.backward(g.by_name)
    if call.case.wish.recorded:  # the adjoints that a record holds are numbers
        call.backward({name: part._array if isinstance(part, Tensor) else part for name, part in g.by_name.items()})
    with enable_grad():
        # Each value under a name of its own: one tensor may have been given twice.
        own = [reshape(v, shape=v.shape) if isinstance(v, Tensor) else v for v in values]
        outputs = call.again(own)
    start = {outputs[name]: cotangent for name, cotangent in g.by_name.items() if outputs[name].requires_grad}
    goals = {own[i] for i in wanted}
    order = reachable(list(start), goals)
    arrived = sweep(order, start, goals, True, useful=leading_to(goals, order), boundary=True)
    return [arrived.get(value) if isinstance(value, Tensor) else None for value in own]


class CompiledRun:
    """The results of a call, as tensors, when they are asked for."""

    __slots__ = ("base", "call", "lengths")

    def __init__(self, case: Case, asked: Asked, values: list[Any], known: list[int]) -> None:
        self.lengths = case.lengths
        self.call = call = Call(case, asked, values, known)
        arrays = [value._array if isinstance(value, Tensor) else value for value in values]
        self.base = bundle(RECURRENCE, tuple(values), arrays, case.receivers, case.dtype, {"call": call})

    def whole(self, name: str) -> Tensor:
        """An output at all steps."""
        return result(self.base, name, self.call.output(name))

    def end(self, name: str) -> Tensor:
        """An output at the step with which all sequences end."""
        # A copy: whoever keeps the last states of many runs does not keep the memory of the runs.
        return result(self.base, f"{name}{AT_END}", np.array(self.call.output(name)[self.call.case.end(name)]))

    def adjoint(self, name: str, whole: Tensor) -> Tensor:
        """What a backward pass brought there."""
        found = self.call.adjoints.get(name)
        return Tensor(np.zeros(whole.shape, whole.dtype) if found is None else found)


RECURRENCE = Op("recurrence", "primitive", lambda *shapes, **_: (), nothing, (), joint=_to_inputs)
"""A cell over time; what it computes stands in the call."""
