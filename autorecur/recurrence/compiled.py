"""``backend="compiled"``: what depends on shapes alone is worked out once, and found again by a key.

A *case* is a cell for given shapes, outputs and gradients: its programs, its memory, where results lie in it. ``call.py`` runs
a case on numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.compile.equations import NotCompilable
from autorecur.compile.memory import Memory
from autorecur.compile.plan import BackwardPlan, Plan, Setting
from autorecur.compile.program import Lowered, Program, Wish
from autorecur.compile.runner import is_available
from autorecur.compile.workspace import address
from autorecur.graph.adjoint import adjoint_name, initial_steps
from autorecur.graph.loading import Loader, user_shape
from autorecur.language.cell import Cell
from autorecur.language.sizes import resolve
from autorecur.recurrence.call import Call
from autorecur.recurrence.lengths import Lengths
from autorecur.recurrence.prepared import Prepared
from autorecur.tape.modes import state
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.recurrence.run import Asked

PLANS = 64
"""So many settings of one cell are remembered, those used last."""
FEW = 1 << 14
"""Up to so many numbers the gradients of the parameters lie behind the workspace, which they keep from being used again."""


class CompiledCell:
    """A cell and all that has been worked out about running it."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.lowered = Lowered(prepared.step)
        self.cases: OrderedDict[Any, Case | NotCompilable] = OrderedDict()
        """NotCompilable for what has to run eagerly."""
        self.latest: dict[Any, Latest] = {}
        self.programs: dict[Any, Any] = {}

    def call(self, asked: Asked) -> Call | None:
        """One run; None where there is no compiler, or no program is possible. Raises ShapeError."""
        values = list(asked.given.values())
        arrays = [v._array if isinstance(v, Tensor) else v for v in values]
        ends = None if asked.lengths is None else tuple(np.ravel(asked.lengths).tolist())
        key = (asked.names, tuple(asked.given), asked.steps, ends, asked.truncate, asked.record, state.recording)
        latest = self.latest.get(key)
        if latest is None or not latest.fits(values, arrays):
            about = tuple(_about(v) for v in values)
            found = self.found(asked, (*key, about))
            if found is None:
                return None
            latest = self.latest[key] = Latest(found, about)
            latest.fits(values, arrays)
        return Call(latest.case, asked, values, arrays, latest.bases)

    def found(self, asked: Asked, key: Any) -> Case | None:
        """The case of a key, made if it is new."""
        case = self.cases.get(key)
        if case is None:
            if not is_available("float64"):
                return None
            case = self.cases[key] = self.made(asked)
            while len(self.cases) > PLANS:
                self.cases.popitem(last=False)
            if len(self.latest) > PLANS:
                self.latest.clear()
        self.cases.move_to_end(key)
        return None if isinstance(case, NotCompilable) else case

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


def _about(value: Any) -> tuple[Any, ...]:
    """What a case depends on."""
    return (value.shape, value.dtype, isinstance(value, Tensor) and value.requires_grad)


class Latest:
    """The case that was run last, and the parameters it ran on: mostly the next run has the same.

    ``bases`` has an address for each array that a program reads where it is, 0 where that was not looked up yet.
    """

    __slots__ = ("about", "arrays", "bases", "case")

    def __init__(self, case: Case, about: Sequence[Any]) -> None:
        self.case, self.about = case, about
        self.arrays: list[Any] = [None] * len(about)
        self.bases = [0] * len(about)

    def fits(self, values: list[Any], arrays: list[Any]) -> bool:
        """Whether these can be run by this case; looks at those arrays alone that are not those of last time."""
        for i, (array, known) in enumerate(zip(arrays, self.arrays, strict=True)):
            if array is known:
                if values[i].requires_grad is not self.about[i][2]:
                    return False
                continue
            if _about(values[i]) != self.about[i]:
                return False
            self.arrays[i] = None
            self.bases[i] = 0
            if i in self.case.kept and array.flags.c_contiguous and not array.flags.writeable:
                self.arrays[i], self.bases[i] = array, address(array)
        return True


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
    shape: tuple[int, ...] = ()
    """Of the user's array."""


@dataclass(frozen=True)
class View:
    """Where an array lies in a workspace."""

    shape: tuple[int, ...]
    dtype: Any
    begin: int
    """The first byte."""
    strides: tuple[int, ...] | None

    def of(self, workspace: Any) -> Any:
        return np.ndarray(self.shape, self.dtype, workspace, self.begin, self.strides)


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
        of_key = {key: _told(key, cell, loader) for key in asked.given if key not in loader.unneeded}
        self.given = tuple(of_key.values())
        self.order, rows = _sorted_rows(self.lengths)
        self.ends = np.full(self.batch or 1, self.steps) if self.lengths is None else np.sort(self.lengths.ends)[::-1]
        """How many steps each sample has, as they are sorted."""
        self.index = self._index(rows)
        self.wish = self._wish(asked)
        program = whole.program(
            ("forward", self.names, self.wish), lambda: whole.lowered.forward(self.names, self.wish)
        )
        setting = self._setting(cell, rows, asked.truncate)
        self.plan = Plan(program, setting, {**cell.shapes, **whole.lowered.shapes}, whole.lowered.pads)
        self.count = self.plan.memory.count
        self.receivers = tuple(
            i for i, g in enumerate(self.given) if isinstance(t := asked.given[g.key], Tensor) and t.requires_grad
        )
        self.given_at = [(i, of_key[key]) for i, key in enumerate(asked.given) if key in of_key]
        """What the program reads, with its position among all that was given."""
        self.reads = [(i, self._is_read_as_it_is(g, asked), g) for i, g in self.given_at]
        self.kept = frozenset(i for i, read, g in self.reads if read and g.kind == "parameter")
        """The positions of arrays whose addresses are remembered from run to run."""
        self.receivers = tuple(i for i, g in self.given_at if _about(asked.given[g.key])[2])
        self.others = [(i, g) for i, g in self.given_at if i in self.receivers and g.kind != "parameter"]
        self.views = {name: self.view(self.plan.memory, name, name) for name in self.names}
        self.backwards: dict[tuple[str, ...], Back] = {}
        if self.wish:  # what cannot be compiled is found out before anything runs
            self.backward_program(self.names)

    def _is_read_as_it_is(self, given: Given, asked: Asked) -> bool:
        """Whether the program reads the user's own array."""
        return (
            given.kind != "initial"
            and given.name not in self.plan.staged
            and asked.given[given.key].dtype == self.dtype
        )

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

    def backward_program(self, cotangents: tuple[str, ...]) -> Program:
        key = ("backward", cotangents, self.wish)
        return self.whole.program(key, lambda: self.whole.lowered.backward(cotangents, self.wish))

    def backward(self, cotangents: tuple[str, ...]) -> Back:
        found = self.backwards.get(cotangents)
        if found is None:
            found = self.backwards[cotangents] = Back(self, cotangents)
        return found

    def shape(self, name: str) -> tuple[int, ...]:
        """One sample of a quantity, as the user sees it."""
        return tuple(resolve(size, self.sizes) for size in user_shape(self.whole.prepared.cell.shapes[name]))

    def shape_of_steps(self, name: str) -> tuple[int, ...]:
        batch = () if self.batch is None else (self.batch,)
        return (self.steps, *batch, *self.shape(name))

    def view(self, memory: Memory, quantity: str, name: str) -> View:
        """All steps of a quantity shaped like ``name``: (steps, samples, …), or rows of sequences of different lengths."""
        spot, grid, itemsize = memory.spot(quantity), memory.grid, self.dtype.itemsize
        components = memory.components(quantity)
        begin = (spot.offset + grid.start(1) * spot.width) * itemsize
        if self.index is not None:
            return View((grid.total, components), self.dtype, begin, (spot.width * itemsize, itemsize))
        shape = self.shape_of_steps(name)
        if spot.width == components:
            return View(shape, self.dtype, begin, None)
        inner = self.shape(name)
        strides = [itemsize] * len(inner)
        for axis in range(len(inner) - 2, -1, -1):
            strides[axis] = strides[axis + 1] * inner[axis + 1]
        samples = () if self.batch is None else (spot.width * itemsize,)
        return View(shape, self.dtype, begin, (spot.width * grid.batch * itemsize, *samples, *strides))


class Back:
    """The backward program of a case for given cotangents, and where its results lie."""

    def __init__(self, case: Case, cotangents: tuple[str, ...]) -> None:
        self.names = cotangents
        self.plan = plan = BackwardPlan(case.plan, case.backward_program(cotangents), cotangents)
        self.parameters = _alike(case, plan)
        self.apart = plan.count > FEW
        self.count = plan.memory.count + (0 if self.apart else plan.count)
        self.inputs = {name: self.of(case, name) for name in case.wish.inputs}
        self.adjoints = {name: found for name in case.wish.recorded if (found := self.of(case, name))}

    def of(self, case: Case, name: str) -> View | None:
        """The adjoint of a quantity at all steps; None if no path leads there from the cotangents."""
        adjoint = adjoint_name(name)
        return case.view(self.plan.memory, adjoint, name) if self.plan.memory.holds(adjoint) else None


def _alike(case: Case, plan: BackwardPlan) -> list[tuple[int, int, tuple[int, ...], list[int]]]:
    """The gradients of the parameters, those of one shape that are neighbours together: first number, last, shape, which."""
    known = {g.name: (i, g) for i, g in case.given_at if g.kind == "parameter"}
    found: list[tuple[int, int, tuple[int, ...], list[int]]] = []
    for name in plan.program.parameters:
        i, given = known[name]
        begin = plan.gradients[name]
        end = begin + case.plan.components(name)
        if found and found[-1][2][1:] == given.shape and found[-1][1] == begin:
            first, _, shape, which = found.pop()
            found.append((first, end, (shape[0] + 1, *given.shape), [*which, i]))
        else:
            found.append((begin, end, (1, *given.shape), [i]))
    return found


def _told(key: str, cell: Cell, loader: Loader) -> Given:
    shape = tuple(loader.given[key].shape)
    if key in cell.inputs:
        return Given(key, "input", key, shape=shape)
    if "[" not in key:
        return Given(key, "parameter", key, shape=shape)
    name = key.split("[")[0]
    assert loader.steps is not None
    for bound in initial_steps(cell.offsets, name):
        if key in (f"{name}[{bound}]", f"{name}[{bound.at(loader.steps)}]"):
            return Given(key, "initial", name, bound.offset, loader.batched.get(key, False), shape)
    raise AssertionError(key)


def _sorted_rows(lengths: Lengths | None) -> tuple[Any, tuple[int, ...] | None]:
    """The samples by falling length, and how many of them have each step; None where all have all."""
    if lengths is None or not lengths.ragged:
        return None, None
    order = np.argsort(-lengths.ends, kind="stable")
    return order, tuple(int(n) for n in lengths.exists.sum(axis=1))
