"""From a program to the machine's tables, for given numbers of steps, samples and components.

Slots: 0 the forward workspace, 1 the backward workspace, 2 the gradients of the parameters, then the user's own arrays in
the order of :attr:`Plan.arrays`, which are read where they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from autorecur.compile import panels, runner
from autorecur.compile.backward import COTANGENT, cotangent_name
from autorecur.compile.equations import NotCompilable
from autorecur.compile.layout import Kind
from autorecur.compile.memory import Grid, Memory, Spot
from autorecur.compile.native import addresses
from autorecur.compile.program import Program
from autorecur.compile.source import Function, Pointer
from autorecur.compile.stack import Gemm, Gradient
from autorecur.compile.storage import Region
from autorecur.compile.weights import Place, Weights
from autorecur.graph.node import Number
from autorecur.language.sizes import resolve
from autorecur.ops import Shape

FORWARD, BACKWARD, GRADIENTS, ARRAYS = range(4)
ONCE, ALL = 2, 0
"""Loops without a direction: what has nothing to do with time, and all steps together."""


@dataclass(frozen=True)
class Setting:
    """All that tables depend on beside the program."""

    sizes: tuple[tuple[str, int], ...]
    steps: int
    batch: int
    rows: tuple[int, ...] | None
    """For sequences of different lengths how many have each step."""
    dtype: str
    truncate: int
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    initial: frozenset[tuple[str, int]]
    """Which initial states are given, as (state, step; 1, 2, … behind the last)."""
    states: frozenset[str]
    """Whose adjoint truncation cuts."""


class Plan:
    """A forward program for one setting: its memory, and the machine's program on it."""

    def __init__(self, program: Program, setting: Setting, shapes: Mapping[str, Shape], pads: int) -> None:
        self.program, self.setting, self.shapes = program, setting, {**shapes, **program.equations.shapes}
        self.sizes = dict(setting.sizes)
        self.itemsize = np.dtype(setting.dtype).itemsize
        self.grid = Grid(setting.steps, setting.batch, setting.rows, pads)
        self.arrays = (*setting.inputs, *setting.parameters)
        self.slot = {name: ARRAYS + i for i, name in enumerate(self.arrays)}
        self.memory = Memory(program.storage, self.shapes, self.sizes, self.grid)
        self.staged = self._staged()
        self.copies: dict[tuple[str, int], Spot] = {}
        """In sequences of different lengths: what is read from another step, row by row beside its reader."""
        self.tables = Tables(self, program, self.memory, FORWARD)
        self.machine = self.tables.assembled()
        self.run = self.machine.run

    def _staged(self) -> dict[str, Spot]:
        """Inputs that must be copied into the workspace: read from another step, or of sequences that were sorted."""
        found = {}
        for name in self.setting.inputs:
            distances = {away for other, away in self.program.reads if other == name}
            if self.grid.rows is not None or distances - {0}:
                width = self.components(name)
                found[name] = Spot(self.memory.taken(self.all_rows * width), width, 0, 0)
        return found

    @property
    def all_rows(self) -> int:
        return int(self.grid.active.sum())

    def components(self, name: str) -> int:
        rows, columns = self.shapes[name]
        return resolve(rows, self.sizes) * resolve(columns, self.sizes)

    def number(self, node: Number) -> float:
        value = node.approximate * float(node.value)
        for size, exponent in node.sizes:
            value *= float(resolve(size, self.sizes)) ** exponent
        return value


class BackwardPlan:
    """A backward program beside a forward one."""

    def __init__(self, plan: Plan, program: Program, cotangents: Sequence[str]) -> None:
        self.plan, self.program = plan, program
        self.arrays = tuple(map(cotangent_name, cotangents))
        shapes = {cotangent_name(name): plan.shapes[name] for name in cotangents}
        self.memory = Memory(
            program.storage, {**plan.shapes, **shapes, **program.equations.shapes}, plan.sizes, plan.grid
        )
        self.gradients: dict[str, int] = {}
        """Where the gradient of each parameter begins."""
        self.count = 0
        """How many numbers the gradients of the parameters have."""
        for name in program.parameters:
            self.gradients[name] = self.count
            self.count += plan.components(name)
        self.tables = Tables(plan, program, self.memory, BACKWARD, self)
        self.machine = self.tables.assembled()
        self.run = self.machine.run


@dataclass
class Tables:
    """The tables of one direction, as they grow."""

    plan: Plan
    program: Program
    memory: Memory
    slot: int
    behind: BackwardPlan | None = None
    loops: list[tuple[int, int, int]] = field(default_factory=list)
    code: list[list[int]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    ints: list[int] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    preparation: list[list[int]] = field(default_factory=list)
    known: dict[Place, int] = field(default_factory=dict)
    copies: dict[tuple[str, int], Spot] = field(default_factory=dict)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    """Copies that some instruction reads and none has made yet."""
    cleared: list[str] = field(default_factory=list)
    packed: dict[tuple[int, int], int] = field(default_factory=dict)
    """Quantities of all steps that lie in panels, too."""

    def __post_init__(self) -> None:
        plan = self.plan
        self.weights = Weights(self.memory, self.slot, plan.itemsize, plan.slot, self.place, self.preparation)

    def assembled(self) -> runner.Program:
        setting, grid = self.plan.setting, self.plan.grid
        functions = self.functions()
        loops: list[tuple[int, list[list[int]]]] = []
        for part in self.program.parts:
            body: list[list[int]] = []
            for instruction in part.instructions:
                if isinstance(instruction, Function):
                    body.append(
                        self.call(instruction, [f.name for f in self.program.functions].index(instruction.name))
                    )
                else:
                    body.append(self.product(instruction, grid.batch if part.direction else grid.total))
            first, inside = self.arriving(part.direction)
            if first:
                loops.append((1, first))
            cuts = self.cuts(part.names)
            if part.direction == 0 and cuts:
                loops += [(ALL, body), (1, cuts)]
            else:
                loops.append((part.direction, [*inside, *body, *cuts]))
        last = [line for gradient in self.program.gradients for line in self.gradient(gradient)]
        first, inside = self.arriving(0)
        loops += [(1, first)] if first else []
        loops.append((ALL, last))
        self.clear()
        for direction, body in [(ONCE, self.preparation), *loops]:
            if body:
                self.loops.append((len(self.code), len(self.code) + len(body), direction))
                self.code += body
        return runner.assemble(
            loops=self.loops,
            code=self.code,
            places=self.places,
            starts=grid.starts,
            rows=grid.active,
            functions=functions,
            ints=self.ints,
            numbers=self.numbers,
            pads=grid.pads,
            steps=grid.steps,
            truncate=setting.truncate,
            dtype=setting.dtype,
        )

    def functions(self) -> list[int]:
        wanted = {f.name: len(f.pointers) for f in self.program.functions}
        if not wanted:
            return []
        found = addresses(self.program.source, wanted, self.plan.setting.dtype)
        if found is None:
            raise NotCompilable("numba's compiler is missing or switched off")
        return [found[name] for name in wanted]

    def place(self, place: Place) -> int:
        if place not in self.known:
            self.known[place] = len(self.places)
            self.places.append(place)
        return self.known[place]

    # Operands: where a quantity lies, and how far its rows are apart.

    def located(self, name: str, away: int) -> tuple[Place, int]:
        plan, itemsize = self.plan, self.plan.itemsize
        if name in plan.slot or name.startswith(COTANGENT):
            return self.array(name, away)
        memory, slot = self.home(name)
        spot = memory.spot(name, away)
        if plan.grid.rows is not None and away != 0 and spot.table == 0:
            return self.copied(name, away)
        return spot.place(slot, itemsize), spot.width

    def home(self, name: str) -> tuple[Memory, int]:
        """The workspace that holds a quantity."""
        return (self.memory, self.slot) if self.memory.holds(name) else (self.plan.memory, FORWARD)

    def array(self, name: str, away: int) -> tuple[Place, int]:
        """One of the user's arrays, (steps, samples, components), or a copy of it."""
        plan, itemsize = self.plan, self.plan.itemsize
        width = self.memory.components(name)
        if name in plan.staged:
            if plan.grid.rows is not None and away != 0:
                return self.copied(name, away)
            return Spot(plan.staged[name].offset, width, 0, away).place(FORWARD, itemsize), width
        if self.behind is not None and name in self.behind.arrays:
            slot = ARRAYS + len(plan.arrays) + self.behind.arrays.index(name)
        else:
            slot = plan.slot[name]
        return Spot(-plan.grid.start(1) * width, width, 0, away).place(slot, itemsize), width

    def copied(self, name: str, away: int) -> tuple[Place, int]:
        """Sequences of different lengths: the rows of another step, beside those of the step that reads them."""
        plan = self.plan
        key = (name, away)
        if key not in self.plan.copies and key not in self.copies:
            width = self.memory.components(name)
            found = plan.copies if self.slot == FORWARD else self.copies
            found[key] = Spot(self.memory.taken(plan.all_rows * width), width, 0, 0)
            self.waiting.append(key)
        spot, slot = (plan.copies[key], FORWARD) if key in plan.copies else (self.copies[key], BACKWARD)
        return spot.place(slot, plan.itemsize), spot.width

    def arriving(self, direction: int) -> tuple[list[list[int]], list[list[int]]]:
        """The copies that the instructions just written ask for: in a loop before them, or in their own loop."""
        keys, self.waiting = self.waiting, []
        lines = [self.copy(name, away) for name, away in keys]
        return ([], lines) if direction else (lines, [])

    def copy(self, name: str, away: int) -> list[int]:
        """Behind the end of a sequence stand zeros for inputs and carries, and the initial value for a state."""
        plan, itemsize, grid = self.plan, self.plan.itemsize, self.plan.grid
        found, width = self.copied(name, away)
        if name in plan.staged:
            spot, slot = Spot(plan.staged[name].offset, width, 0, away), FORWARD
        else:
            memory, slot = self.home(name)
            spot = memory.spot(name, away)
        carry = slot == BACKWARD
        state = not carry and name not in plan.staged
        if away > 1 and state:
            raise NotCompilable("a state that is read two or more steps later, in sequences of different lengths")
        beyond = -1
        if away > 0 and state:
            begin = spot.offset + grid.start(grid.steps + 1) * spot.width
            beyond = self.place((slot, begin * itemsize, 0, 0, 0))
        places = [self.place(spot.place(slot, itemsize)), self.place(found)]
        return [Kind.COPY, *places, width, spot.width, width, away, beyond, int(not carry), spot.width]

    # Instructions.

    def call(self, function: Function, number: int) -> list[int]:
        places, apart = zip(*(self.pointed(p) for p in function.pointers), strict=True)
        first = len(self.places)
        self.places += places  # one after the other
        start = len(self.ints)
        self.ints += [*apart, *(resolve(size, self.plan.sizes) for size in function.sizes)]
        return [Kind.CALL, number, first, len(places), start]

    def pointed(self, p: Pointer) -> tuple[Place, int]:
        if p.offset is not None:
            return self.located(p.name, p.offset)
        if p.gradient:
            return (GRADIENTS, self.gradient_of(p.name) * self.plan.itemsize, 0, 0, 0), 0
        return (self.plan.slot[p.name], 0, 0, 0, 0), 0

    def gradient_of(self, parameter: str) -> int:
        assert self.behind is not None
        return self.behind.gradients[parameter]

    def product(self, gemm: Gemm, rows: int) -> list[int]:
        """A product of so many rows at once."""
        self.cleared += gemm.cleared
        operand, lda = self.located(gemm.operands[0], gemm.offset)
        target, ldc = self.located(gemm.targets[0], 0)
        taken = sum(resolve(block.taken_in, self.plan.sizes) for block in gemm.blocks[: len(gemm.operands)])
        given = sum(resolve(block.given_out, self.plan.sizes) for block in gemm.blocks[: len(gemm.targets)])
        left, found, add, alpha = self.place(operand), self.place(target), int(gemm.accumulate), self.alpha(gemm.factor)
        if panels.pay(rows, self.plan.grid.total, given, taken):
            weight = self.weights.in_panels(gemm)
            return [Kind.PANEL_GEMM, left, weight, found, -1, given, taken, lda, ldc, add, alpha]
        weight, ldb, turned = self.weights.as_matrix(gemm)
        return [Kind.GEMM, left, weight, found, 0, int(turned), -1, given, taken, lda, ldb, ldc, add, alpha]

    def alpha(self, factor: Number) -> int:
        self.numbers.append(self.plan.number(factor))
        return len(self.numbers) - 1

    def gradient(self, gradient: Gradient) -> list[list[int]]:
        first = gradient.outers[0]
        left, lda = self.located(*first.left)
        right, ldb = self.located(*first.right)
        sides = [self.weights.rows_and_columns(outer.weight) for outer in gradient.outers]
        begin = self.gradient_of(first.weight.name) + self.weights.begin(first.weight)
        found = self.place((GRADIENTS, begin * self.plan.itemsize, 0, 0, 0))
        rows, columns = sum(r for r, _ in sides), sides[0][1]
        ldc, alpha = self.weights.whole_columns(first.weight), self.alpha(first.factor)
        a, b = self.place(left), self.place(right)
        if panels.pay_transposed(rows, columns, self.plan.grid.total, self.plan.itemsize):
            packed, packing = self.in_panels(b, ldb, columns)
            return [*packing, [Kind.PANEL_GEMM, a, packed, found, rows, columns, -1, lda, ldc, 1, alpha, 1]]
        return [[Kind.GEMM, a, b, found, 1, 0, rows, columns, -1, lda, ldb, ldc, 1, alpha]]

    def in_panels(self, source: int, apart: int, columns: int) -> tuple[int, list[list[int]]]:
        """A quantity of all steps in panels: their place, and what packs them if nothing has done so yet."""
        if (source, columns) in self.packed:
            return self.packed[source, columns], []
        begin = self.memory.taken(self.plan.grid.total * panels.padded(columns, self.plan.itemsize))
        found = self.place((self.slot, begin * self.plan.itemsize, 0, 0, 0))
        self.packed[source, columns] = found
        return found, [[Kind.PANEL_PACK, source, found, -1, columns, apart, 0, 0, 0, -1, columns]]

    def cuts(self, names: Collection[str]) -> list[list[int]]:
        """Truncation: carries that cross a cut are cleared."""
        found = []
        if self.plan.setting.truncate:
            for carry in self.program.carries:
                for part in carry.parts:
                    if part in names and carry.state in self.plan.setting.states:
                        place, apart = self.located(part, 0)
                        width = self.memory.components(part)
                        found.append([Kind.FILL, self.place(place), -1, width, apart, carry.offset])
        return found

    def clear(self) -> None:
        """What must be zero when the program begins: initial states that are not given, carries, gradients."""
        grid, initial = self.plan.grid, self.plan.setting.initial
        outside = [*range(-grid.pads, 1), *range(grid.steps + 1, grid.steps + grid.pads + 1)]
        for region, begin, width in self.memory.regions():
            names = self.memory.storage.names_in(region)
            if region.slots:
                if any(name in self.program.rolling for name in names):
                    self.fill(self.slot, begin, region.slots * grid.batch, width)
                continue
            own = begin - grid.start(1 - region.before) * width
            for t in outside:
                if 1 - region.before <= t <= grid.steps + region.after:
                    given = {name for name in names if (name, t if t < 1 else t - grid.steps) in initial}
                    self.clear_row(region, own + grid.start(t) * width, width, given)
        for name in self.cleared:
            spot = self.memory.spot(name)
            place = Spot(spot.offset + grid.start(1) * spot.width, 0, 0, 0).place(self.slot, self.plan.itemsize)
            width = self.memory.components(name)
            self.preparation.append([Kind.FILL, self.place(place), grid.total, width, spot.width, 0])
        if self.slot == FORWARD:
            for spot in self.plan.staged.values():
                for t in outside:
                    self.fill(FORWARD, spot.offset + grid.start(t) * spot.width, grid.batch, spot.width)
        if self.behind is not None and self.behind.count:
            self.fill(GRADIENTS, 0, 1, self.behind.count)

    def clear_row(self, region: Region, begin: int, width: int, given: Collection[str]) -> None:
        """One step of a region, but for the members that are ``given``."""
        batch, memory = self.plan.grid.batch, self.memory
        if not given:
            self.fill(self.slot, begin, batch, width)
            return
        for member in region.members:
            components = memory.components(member)
            if not any(memory.storage.places.get(name, name) == member for name in given):
                self.fill(self.slot, begin, batch, components, width)
            begin += components

    def fill(self, slot: int, begin: int, rows: int, width: int, apart: int = 0) -> None:
        place = self.place((slot, begin * self.plan.itemsize, 0, 0, 0))
        self.preparation.append([Kind.FILL, place, rows, width, apart or width, 0])
