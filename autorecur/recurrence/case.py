"""A cell for given shapes, outputs and gradients: its programs, its memory, and where results lie in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.compile.equations import NotCompilable
from autorecur.compile.memory import Memory
from autorecur.compile.plan import BackwardPlan, Plan, Setting
from autorecur.compile.program import Program, Wish
from autorecur.graph.adjoint import adjoint_name, initial_steps
from autorecur.graph.loading import Loader, user_shape
from autorecur.language.cell import Cell
from autorecur.language.sizes import resolve
from autorecur.recurrence.lengths import Lengths
from autorecur.tape.modes import state
from autorecur.tape.tensor import Tensor

if TYPE_CHECKING:
    from autorecur.recurrence.compiled import CompiledCell
    from autorecur.recurrence.run import Asked

FEW = 1 << 14
"""Up to so many numbers the gradients of the parameters lie behind the workspace, and are copied from there."""


def about(value: Any) -> tuple[Any, ...]:
    """What a case depends on."""
    return (value.shape, value.dtype, isinstance(value, Tensor) and value.requires_grad)


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
    position: int = 0
    """Among all that was given."""
    first: int = -1
    """The first row, if it is some rows of a larger array."""
    offset: int = 0
    """How many bytes behind the beginning of that array it begins."""
    receives: bool = False
    """Whether it has a gradient."""

    def is_needed(self, loader: Loader) -> bool:
        """Whether anything that was asked for reads it."""
        return self.key not in loader.unneeded and self.name not in loader.unneeded


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
        loader = prepared.loader(asked.names, _arrays(asked), asked.steps)
        loader.bind_all()
        self.whole, self.names = whole, asked.names
        self.batch, self.steps = loader.batch, loader.steps or 0
        self.sizes, self.dtype = dict(loader.sizes), np.dtype(loader.dtype)
        if self.dtype.char not in "df":
            raise NotCompilable(f"numbers of {self.dtype}; there are programs for float64 and float32")
        if self.batch == 0 or 0 in self.sizes.values():
            raise NotCompilable("there are no numbers: a batch or a size is 0")
        self.lengths = None if asked.lengths is None else Lengths(asked.lengths, self.steps, self.batch)
        self.given = tuple(given for given in _told(asked, cell, loader) if given.is_needed(loader))
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
        values = [*asked.given.values(), *(asked.stacked.tensors if asked.stacked else ())]
        self.reads = [(g.position, self._is_read_as_it_is(g, loader), g) for g in self.given]
        """Position among all that was given, whether it is read where it is, what it is."""
        kept = {g.position for _, read, g in self.reads if read and g.kind == "parameter"}
        kept = {i for i in kept if isinstance(values[i], Tensor)}
        self.kept = tuple(kept - {g.position for _, read, g in self.reads if not read})
        """The positions of arrays whose addresses are remembered from run to run."""
        self.shapes = [tuple(value.shape) for value in values]
        self.receivers = tuple(sorted({g.position for g in self.given if g.receives}))
        self.others = [g for g in self.given if g.receives and g.kind != "parameter"]
        self.views = {name: self.view(self.plan.memory, name, name) for name in self.names}
        self.backwards: dict[tuple[str, ...], Back] = {}
        if self.wish:  # what cannot be compiled is found out before anything runs
            self.backward_program(self.names)

    def _is_read_as_it_is(self, given: Given, loader: Loader) -> bool:
        """Whether the program reads the user's own array."""
        own = given.kind != "initial" and given.name not in self.plan.staged
        return own and loader.given[given.key].dtype == self.dtype

    def _wish(self, asked: Asked) -> Wish:
        """Gradients for what requires one."""
        if not state.recording:
            return Wish((), (), ())
        wanted = [g for g in self.given if g.receives]
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

    def end(self, name: str) -> int:
        """The index of the step with which a quantity ends: the first, if it runs backwards."""
        return 0 if any(offset > 0 for offset in self.whole.prepared.cell.offsets.get(name, ())) else self.steps - 1

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
        self.pieces, self.joined = _pieces(case, plan)
        self.apart = plan.count > FEW
        self.count = plan.memory.count + (0 if self.apart else plan.count)
        self.inputs = {name: self.of(case, name) for name in case.wish.inputs}
        self.adjoints = {name: found for name in case.wish.recorded if (found := self.of(case, name))}

    def of(self, case: Case, name: str) -> View | None:
        """The adjoint of a quantity at all steps; None if no path leads there from the cotangents."""
        adjoint = adjoint_name(name)
        return case.view(self.plan.memory, adjoint, name) if self.plan.memory.holds(adjoint) else None


@dataclass(frozen=True)
class Piece:
    """Gradients that lie one behind the other: of parameters of one shape, or of all rows of one array."""

    begin: int
    end: int
    shape: tuple[int, ...]
    positions: tuple[int, ...]


def _pieces(case: Case, plan: BackwardPlan) -> tuple[list[Piece], dict[int, list[tuple[int, int, int]]]]:
    """The gradients of the parameters as they are handed out; then, by position, those of arrays that are put together
    from several: (first row, first number, past the last)."""
    known = {g.name: g for g in case.given if g.kind == "parameter"}
    found: list[Piece] = []
    joined: dict[int, list[tuple[int, int, int]]] = {}
    for name in plan.program.parameters:
        given, begin = known[name], plan.gradients[name]
        end = begin + case.plan.components(name)
        if given.first >= 0:
            joined.setdefault(given.position, []).append((given.first, begin, end))
        elif found and found[-1].shape[1:] == given.shape and found[-1].end == begin:
            last = found.pop()
            shape = (last.shape[0] + 1, *given.shape)
            found.append(Piece(last.begin, end, shape, (*last.positions, given.position)))
        else:
            found.append(Piece(begin, end, (1, *given.shape), (given.position,)))
    return found, {position: sorted(parts) for position, parts in joined.items()}


def _arrays(asked: Asked) -> dict[str, Any]:
    """Everything by name; rows of larger arrays cut out."""
    if asked.stacked is None:
        return dict(asked.given)
    tensors = asked.stacked.tensors
    pieces = {name: tensors[i]._array[first:past] for name, (i, first, past) in asked.stacked.pattern.items()}
    return {**asked.given, **pieces}


def _told(asked: Asked, cell: Cell, loader: Loader) -> list[Given]:
    """What was given, in its order; pieces of larger arrays last."""
    found = [_one(key, value, i, cell, loader) for i, (key, value) in enumerate(asked.given.items())]
    if asked.stacked is not None:
        for name, (number, first, _) in asked.stacked.pattern.items():
            whole = asked.stacked.tensors[number]
            shape = tuple(loader.given[name].shape)
            position = len(asked.given) + number
            offset = first * whole._array.strides[0]
            found.append(Given(name, "parameter", name, 0, False, shape, position, first, offset, whole.requires_grad))
    return found


def _one(key: str, value: Any, position: int, cell: Cell, loader: Loader) -> Given:
    shape, _, receives = about(value)
    if key in cell.inputs or "[" not in key:
        kind = "input" if key in cell.inputs else "parameter"
        return Given(key, kind, key, 0, False, shape, position, -1, 0, receives)
    name = key.split("[")[0]
    assert loader.steps is not None
    steps = initial_steps(cell.offsets, name)
    step = next((b.offset for b in steps if key in (f"{name}[{b}]", f"{name}[{b.at(loader.steps)}]")), 0)
    return Given(key, "initial", name, step, loader.batched.get(key, False), shape, position, -1, 0, receives)


def _sorted_rows(lengths: Lengths | None) -> tuple[Any, tuple[int, ...] | None]:
    """The samples by falling length, and how many of them have each step; None where all have all."""
    if lengths is None or not lengths.ragged:
        return None, None
    order = np.argsort(-lengths.ends, kind="stable")
    return order, tuple(int(n) for n in lengths.exists.sum(axis=1))
