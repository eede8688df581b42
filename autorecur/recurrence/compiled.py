"""``backend="compiled"``: a cell's compiled programs as one op of the tape.

What depends on shapes alone is worked out once and found again by a key; a call then takes memory, writes initial states
into it, runs the program, and hands out views of its results. The derivative of the derivative goes through the tape: the op's
rule runs the cell eagerly where it is itself differentiated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.compile.equations import NotCompilable
from autorecur.compile.memory import rows_in
from autorecur.compile.plan import BackwardPlan, Plan, Setting
from autorecur.compile.program import Lowered, Program, Wish
from autorecur.compile.runner import is_available
from autorecur.compile.workspace import address, lease
from autorecur.graph.adjoint import adjoint_name, initial_steps
from autorecur.graph.loading import Loader, user_shape
from autorecur.language.cell import Cell
from autorecur.language.sizes import resolve
from autorecur.ops import Op
from autorecur.ops.shape import reshape
from autorecur.recurrence.eager import Eager
from autorecur.recurrence.lengths import Lengths
from autorecur.recurrence.prepared import Prepared
from autorecur.tape.bundle import Parts, bundle, nothing, result
from autorecur.tape.modes import enable_grad, state
from autorecur.tape.sweep import leading_to, reachable, sweep
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.recurrence.run import Asked

PLANS = 64
"""So many settings of one cell are remembered, those used last."""


class CompiledCell:
    """A cell and all that has been worked out about running it."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.lowered = Lowered(prepared.step)
        self.cases: OrderedDict[Any, Case | NotCompilable] = OrderedDict()
        """NotCompilable for what has to run eagerly."""
        self.programs: dict[Any, Any] = {}

    def call(self, asked: Asked) -> Call | None:
        """One run; None where there is no compiler, or no program is possible. Raises ShapeError."""
        shapes = tuple((k, v.shape, v.dtype, isinstance(v, Tensor) and v.requires_grad) for k, v in asked.given.items())
        ends = None if asked.lengths is None else tuple(np.ravel(asked.lengths).tolist())
        key = (asked.names, shapes, asked.steps, ends, asked.truncate, asked.record, state.recording)
        case = self.cases.get(key)
        if case is None:
            if not is_available("float64"):
                return None
            case = self.cases[key] = self.made(asked)
            while len(self.cases) > PLANS:
                self.cases.popitem(last=False)
        else:
            self.cases.move_to_end(key)
        if isinstance(case, NotCompilable):
            return None
        return Call(case, [asked.given[given.key] for given in case.given], asked)

    def made(self, asked: Asked) -> Case | NotCompilable:
        try:
            return Case(self, asked)
        except NotCompilable as reason:
            self.prepared.refuse(str(reason))
            return reason

    def program(self, key: Any, make: Callable[[], Program]) -> Program:
        """A program is the same for all sizes."""
        if key not in self.programs:
            self.programs[key] = make()
        found: Program = self.programs[key]
        return found


@dataclass(frozen=True)
class Given:
    """One thing that a user passes in: its key, what it is, and how it is read."""

    key: str
    kind: str
    """input, parameter or initial."""
    name: str
    step: int = 0
    """Of an initial state: 0, −1, …; 1, 2, … for those behind the last step."""
    batched: bool = False


class Case:
    """A cell for given shapes, outputs and gradients."""

    def __init__(self, whole: CompiledCell, asked: Asked) -> None:
        prepared, cell = whole.prepared, whole.prepared.cell
        loader = prepared.loader(asked.names, asked.given, asked.steps)
        loader.bind_all()
        self.whole, self.names = whole, asked.names
        self.batch, self.steps = loader.batch, loader.steps or 0
        self.sizes, self.dtype = dict(loader.sizes), np.dtype(loader.dtype)
        if self.dtype.char not in "df":
            raise NotCompilable(f"numbers of {self.dtype}; there are programs for float64 and float32")
        self.lengths = None if asked.lengths is None else Lengths(asked.lengths, self.steps, self.batch)
        self.given = tuple(_told(key, cell, loader) for key in asked.given if key not in loader.unneeded)
        self.order, rows = _sorted_rows(self.lengths)
        self.ends = np.full(self.batch or 1, self.steps) if self.lengths is None else np.sort(self.lengths.ends)[::-1]
        """How many steps each sample has, as they are sorted."""
        self.index = self._index(rows)
        self.wish = self._wish(asked)
        program = whole.program(("forward", self.names, self.wish), lambda: whole.lowered.forward(self.names, self.wish))
        setting = self._setting(cell, rows, asked.truncate)
        self.plan = Plan(program, setting, {**cell.shapes, **whole.lowered.shapes}, whole.lowered.pads)
        self.backwards: dict[tuple[str, ...], BackwardPlan] = {}
        if self.wish:  # what cannot be compiled is found out before anything runs
            self._backward_program(self.names)
        self.op = Op("recurrence", "primitive", lambda *shapes, **_: (), nothing, (), joint=_to_inputs)

    def _wish(self, asked: Asked) -> Wish:
        """Gradients for what requires one."""
        if not state.recording:
            return Wish((), (), ())
        wanted = [g for g in self.given if isinstance(t := asked.given[g.key], Tensor) and t.requires_grad]
        return Wish(
            tuple(g.name for g in wanted if g.kind == "parameter"),
            tuple(g.name for g in wanted if g.kind == "input"),
            tuple(dict.fromkeys(g.name for g in wanted if g.kind == "initial")),
            self.names if asked.record and wanted else (),
        )

    def _setting(self, cell: Cell, rows: tuple[int, ...] | None, truncate: int) -> Setting:
        return Setting(
            tuple(sorted(self.sizes.items())),
            self.steps,
            self.batch or 1,
            rows,
            self.dtype.name,
            truncate,
            tuple(g.name for g in self.given if g.kind == "input"),
            tuple(g.name for g in self.given if g.kind == "parameter"),
            frozenset((g.name, g.step) for g in self.given if g.kind == "initial"),
            frozenset(cell.states),
        )

    def _index(self, rows: tuple[int, ...] | None) -> Any:
        """Sequences of different lengths: where each of the sorted rows stands in an array (steps, samples, …)."""
        if rows is None:
            return None
        parts = [t * len(self.order) + self.order[:count] for t, count in enumerate(rows)]
        return np.concatenate(parts)

    def _backward_program(self, cotangents: tuple[str, ...]) -> Program:
        key = ("backward", cotangents, self.wish)
        return self.whole.program(key, lambda: self.whole.lowered.backward(cotangents, self.wish))

    def backward(self, cotangents: tuple[str, ...]) -> BackwardPlan:
        if cotangents not in self.backwards:
            self.backwards[cotangents] = BackwardPlan(self.plan, self._backward_program(cotangents), cotangents)
        return self.backwards[cotangents]

    def shape(self, name: str) -> tuple[int, ...]:
        """One sample of a quantity, as the user sees it."""
        return tuple(resolve(size, self.sizes) for size in user_shape(self.whole.prepared.cell.shapes[name]))


def _told(key: str, cell: Cell, loader: Loader) -> Given:
    if key in cell.inputs:
        return Given(key, "input", key)
    if "[" not in key:
        return Given(key, "parameter", key)
    name = key.split("[")[0]
    assert loader.steps is not None
    for bound in initial_steps(cell.offsets, name):
        if key in (f"{name}[{bound}]", f"{name}[{bound.at(loader.steps)}]"):
            return Given(key, "initial", name, bound.offset, loader.batched.get(key, False))
    raise AssertionError(key)


def _sorted_rows(lengths: Lengths | None) -> tuple[Any, tuple[int, ...] | None]:
    """The samples by falling length, and how many of them have each step; None where all have all."""
    if lengths is None or not lengths.ragged:
        return None, None
    order = np.argsort(-lengths.ends, kind="stable")
    return order, tuple(int(n) for n in lengths.exists.sum(axis=1))


class Call:
    """One run: the case, the memory, and the arrays that the program reads."""

    def __init__(self, case: Case, values: Sequence[Any], asked: Asked) -> None:
        self.case, self.lengths, self._asked = case, case.lengths, asked
        self.adjoints: dict[str, Any] = {}
        plan = case.plan
        self.workspace = lease(plan.memory.count, case.dtype)
        self.arrays: list[Any] = []
        for given, value in zip(case.given, values, strict=True):
            self._take(given, value._array if isinstance(value, Tensor) else value)
        self.bases = [address(self.workspace), 0, 0, *(address(array) for array in self.arrays)]
        plan.run(np.array(self.bases, np.int64))
        self.base = bundle(case.op, values, case.dtype, call=self)

    def whole(self, name: str) -> Tensor:
        """An output at all steps."""
        return result(self.base, name, self.output(name))

    def adjoint(self, name: str, whole: Tensor) -> Tensor:
        return Tensor(self.adjoints.get(name, np.zeros(whole.shape, whole.dtype)))

    def again(self, values: Sequence[Any]) -> Mapping[str, Tensor]:
        """The same run on the tape, from these values."""
        asked = self._asked
        given = dict(zip((g.key for g in self.case.given), values, strict=True))
        run = Eager(
            asked.prepared, asked.names, given, self.case.steps, asked.lengths, asked.truncate, record=False
        )
        return {name: run.whole(name) for name in asked.names}

    def _take(self, given: Given, array: Any) -> None:
        case, plan = self.case, self.case.plan
        if given.kind == "initial":
            rows = array.reshape(-1, plan.components(given.name))
            if case.order is not None and given.batched:
                rows = rows[case.order]
            t = given.step if given.step < 1 else case.steps + given.step
            if plan.memory.holds(given.name):
                plan.memory.block(self.workspace, given.name, t, t)[...] = rows
            return
        array = np.ascontiguousarray(array, case.dtype)
        if given.name in plan.staged:
            rows = array.reshape(-1, plan.components(given.name))
            spot = plan.staged[given.name]
            begin = spot.offset + plan.grid.start(1) * spot.width
            space = rows_in(self.workspace, begin, plan.grid.total, spot.width, spot.width)
            space[...] = rows if case.index is None else rows[case.index]
        self.arrays.append(array)

    def output(self, name: str) -> Any:
        """(steps, samples, …) as the user sees it; zero behind the end of a sequence."""
        case, plan = self.case, self.case.plan
        return self._spread(plan.memory.block(self.workspace, name, 1, case.steps), case.shape(name))

    def _spread(self, rows: Any, shape: tuple[int, ...]) -> Any:
        case = self.case
        batch = () if case.batch is None else (case.batch,)
        if case.index is None:
            return rows.reshape(case.steps, *batch, *shape)
        whole = np.zeros((case.steps * (case.batch or 1), rows.shape[1]), case.dtype)
        whole[case.index] = rows
        return whole.reshape(case.steps, *batch, *shape)

    def backward(self, cotangents: Mapping[str, Any], wanted: Sequence[int]) -> list[Any]:
        """The cotangent of each of the given arrays, of which those numbered in ``wanted`` are read."""
        case = self.case
        names = tuple(name for name in case.names if name in cotangents)
        plan = case.backward(names)
        arrays = [self._cotangent(cotangents[name], name) for name in names]
        workspace = lease(plan.memory.count, case.dtype)
        gradients = lease(plan.count, case.dtype)
        bases = [*self.bases, *(address(array) for array in arrays)]
        bases[1], bases[2] = address(workspace), address(gradients)
        plan.run(np.array(bases, np.int64))
        for name in case.wish.recorded:
            if plan.memory.holds(adjoint_name(name)):
                rows = plan.memory.block(workspace, adjoint_name(name), 1, case.steps)
                self.adjoints[name] = self._spread(rows, case.shape(name)).copy()
        found: list[Any] = [None] * len(case.given)
        for i in wanted:
            found[i] = self._gradient(case.given[i], plan, workspace, gradients)
        return found

    def _cotangent(self, g: Any, name: str) -> Any:
        case = self.case
        array = np.ascontiguousarray(g, case.dtype)
        if case.index is not None:
            array = array.reshape(-1, case.plan.components(name))[case.index]
        return array

    def _gradient(self, given: Given, plan: BackwardPlan, workspace: Any, gradients: Any) -> Any:
        case = self.case
        if given.kind == "parameter":
            begin = plan.gradients[given.name]
            return gradients[begin : begin + case.plan.components(given.name)].reshape(case.shape(given.name))
        if given.kind == "input":
            name = adjoint_name(given.name)
            if not plan.memory.holds(name):
                batch = () if case.batch is None else (case.batch,)
                return np.zeros((case.steps, *batch, *case.shape(given.name)), case.dtype)
            return self._spread(plan.memory.block(workspace, name, 1, case.steps), case.shape(given.name))
        return self._to_initial(given, plan, workspace)

    def _to_initial(self, given: Given, plan: BackwardPlan, workspace: Any) -> Any:
        """The sum of what the carries hold for an initial state."""
        case = self.case
        total = np.zeros((case.batch or 1, case.plan.components(given.name)), case.dtype)
        for carry in plan.program.carries:
            if carry.state != given.name:
                continue
            # The step at which each sample read this value: the same for all, or counted from each one's own end.
            steps = np.where(given.step > 0, case.ends, 0) + given.step - carry.offset
            there = np.flatnonzero((1 <= steps) & (steps <= case.ends))
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
        return call.backward(g.by_name, wanted)
    with enable_grad():
        # Each value under a name of its own: one tensor may have been given twice.
        own = [reshape(v, shape=v.shape) if isinstance(v, Tensor) else v for v in values]
        outputs = call.again(own)
    start = {outputs[name]: cotangent for name, cotangent in g.by_name.items() if outputs[name].requires_grad}
    goals = {own[i] for i in wanted}
    order = reachable(list(start), goals)
    arrived = sweep(order, start, goals, True, useful=leading_to(goals, order), boundary=True)
    return [arrived.get(value) if isinstance(value, Tensor) else None for value in own]

