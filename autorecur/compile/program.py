"""The passes in their order: equations become phases of fused functions and stacked products, with a place in memory for all
that needs one. Nothing here knows a size: a program serves every number of steps, samples and components."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autorecur.compile.backward import Backward, Carry, Outer, backward
from autorecur.compile.equations import Equations, needed_by, separated, taken_apart, timed
from autorecur.compile.fuse import Loop, loops_of, statement
from autorecur.compile.hoist import Schedule, hoisted
from autorecur.compile.native import MOST_POINTERS
from autorecur.compile.order import Batch, Body, Segment, bodies, rolling_parts
from autorecur.compile.source import Function, function
from autorecur.compile.stack import Gemm, Gradient, deferred, parameter_rows, rows_of, stacked
from autorecur.compile.storage import Storage, Wanted, stored_in
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.step import Step
from autorecur.graph.walk import variables
from autorecur.ops.linear import concatenate

Instruction = Function | Gemm


@dataclass(frozen=True)
class Part:
    """Instructions of one loop over time (direction ±1), or of all steps at once (0)."""

    direction: int
    instructions: tuple[Instruction, ...]
    names: frozenset[str]
    """What is computed here."""


@dataclass(frozen=True)
class Program:
    """One direction of a cell, forward or backward, without sizes."""

    equations: Equations
    schedule: Schedule
    parts: tuple[Part, ...]
    storage: Storage
    rolling: Mapping[str, int]
    carries: tuple[Carry, ...] = ()
    gradients: tuple[Gradient, ...] = ()
    parameters: tuple[str, ...] = ()
    """Whose gradients are computed, in their order in memory."""
    title: str = ""
    """What the generated module is called in its first line."""

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        return tuple(i for part in self.parts for i in part.instructions if isinstance(i, Function))

    @cached_property
    def source(self) -> str:
        """The text of the generated module."""
        return "\n\n".join([f"# {self.title}", *(f.text for f in self.functions)])

    @cached_property
    def reads(self) -> frozenset[tuple[str, int]]:
        """All (name, distance in time) that the instructions read or write."""
        found: set[tuple[str, int]] = set()
        for part in self.parts:
            for i in part.instructions:
                if isinstance(i, Gemm):
                    found.update((name, i.offset) for name in i.operands)
                else:
                    found.update((p.name, p.offset) for p in i.pointers if p.offset is not None)
        for gradient in self.gradients:
            for outer in gradient.outers:
                found.update((outer.left, outer.right))
        return frozenset(found)


@dataclass(frozen=True)
class Wish:
    """Which gradients are asked for."""

    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    initial: tuple[str, ...]
    """States whose initial values have a gradient."""
    recorded: tuple[str, ...] = ()
    """Quantities whose adjoint is to be known at every step."""

    def __bool__(self) -> bool:
        return bool(self.parameters or self.inputs or self.initial or self.recorded)


class Lowered:
    """A cell's equations in the compiler's form, and the programs made of them."""

    def __init__(self, step: Step, whole: frozenset[str] = frozenset()) -> None:
        """``whole`` are concatenations that are not split."""
        given = {name: a.node for name, a in step.assignments.items()}
        self.step, self.whole = step, whole
        self.stacks = frozenset(name for name, node in given.items() if node.op is concatenate)
        self.name = "".join(c if c.isascii() and c.isalnum() else "_" for c in step.cell.name)
        self.nodes = taken_apart(given, whole)
        self.equations = separated(self.nodes)
        self.shapes = self.equations.shapes
        offsets = [abs(away) for name in self.equations.names() for _, away in self.equations.reads(name)]
        self.pads = max([1, *offsets])
        """The largest distance in time at which anything is read."""

    def recording(self, wish: Wish) -> Lowered:
        """The same with those concatenations whole whose adjoints are asked for: what is split is read by nobody."""
        asked = self.stacks & frozenset(wish.recorded)
        return self if asked <= self.whole else Lowered(self.step, asked)

    def backward_equations(self, cotangents: Collection[str], wish: Wish) -> Backward:
        return backward(
            self.recording(wish).nodes, cotangents, wish.parameters, wish.inputs, wish.initial, wish.recorded
        )

    def forward(self, outputs: Sequence[str], wish: Wish) -> Program:
        """Computes the outputs, and keeps what the gradients wished for will read. Raises NotCompilable."""
        equations = self.recording(wish).equations
        known = {*equations.pointwise, *equations.sums}
        kept: dict[str, set[int]] = {name: {0} for name in outputs}
        if wish:
            for name, offset in _read_by(self.backward_equations(outputs, wish)):
                if name in known:
                    kept.setdefault(name, set()).add(offset)
        found = program("forward", needed_by(kept, equations), Wanted(kept, outputs))
        return replace(found, title=f"{self.name}, forward: {', '.join(outputs)}")

    def backward(self, cotangents: Collection[str], wish: Wish) -> Program:
        """Computes the gradients wished for from cotangents of some outputs. Raises NotCompilable."""
        back = self.backward_equations(cotangents, wish)
        known = {*back.equations.pointwise, *back.equations.sums}
        kept: dict[str, set[int]] = {adjoint_name(name): {0} for name in (*wish.inputs, *wish.recorded)}
        for outer in back.outers:
            for name, offset in (outer.left, outer.right):
                kept.setdefault(name, set()).add(offset)
        wanted = Wanted({name: kept[name] for name in kept if name in known}, [adjoint_name(n) for n in wish.inputs])
        found = program("backward", back.equations, wanted, back.carries, back.outers, back.shares, wish.parameters)
        return replace(found, title=f"{self.name}, backward from {', '.join(cotangents)}")


def _read_by(back: Backward) -> set[tuple[str, int]]:
    found = {read for node in back.equations.pointwise.values() for read in timed(node)}
    found |= {(p.operand, p.offset) for products in back.equations.sums.values() for p in products}
    for outer in back.outers:
        found |= {outer.left, outer.right}
    return found


def program(
    prefix: str,
    equations: Equations,
    wanted: Wanted,
    carries: Sequence[Carry] = (),
    outers: Sequence[Outer] = (),
    shares: Mapping[str, str] | None = None,
    parameters: Sequence[str] = (),
) -> Program:
    """One direction through all passes."""
    shares = shares or {}
    schedule = hoisted(equations)
    rolling = rolling_parts(schedule, carries)
    ordered = [_narrowed(body, equations) for body in bodies(schedule, carries, shares)]
    rows = rows_of(ordered, outers)
    gradients = deferred(outers, rows)
    loops = {
        id(part): loops_of([statement(n, equations.pointwise[n]) for n in part.names], rolling)
        for body in ordered
        for part in body.parts
        if isinstance(part, Segment)
    }
    operands = {term.product.operand for term in schedule.terms.values()}
    operands |= {name for outer in outers for name, _ in (outer.left, outer.right)}
    storage = stored_in(equations, schedule, list(loops.values()), rolling, rows, operands, wanted)
    kept_rows = [region.members for region in storage.regions if len(region.members) > 1]
    parts = _parts(prefix, ordered, loops, storage, rolling, shares, kept_rows)
    order, gradients = parameter_rows(deferred(outers, kept_rows), parameters)
    return Program(equations, schedule, parts, storage, rolling, tuple(carries), gradients, order)


def _narrowed(body: Body, equations: Equations) -> Body:
    """The body with segments that touch too many arrays for one function in several."""
    parts: list[Segment | Batch] = []
    for part in body.parts:
        if isinstance(part, Batch):
            parts.append(part)
            continue
        names: list[str] = []
        touched: set[tuple[str, int | None]] = set()
        for name in part.names:
            own = {(v.name, v.offset) for v in variables(equations.pointwise[name])} | {(name, 0)}
            if names and len(touched | own) > MOST_POINTERS:
                parts.append(Segment(tuple(names)))
                names, touched = [], set()
            names.append(name)
            touched |= own
        parts.append(Segment(tuple(names)))
    return Body(body.direction, tuple(parts))


def _parts(
    prefix: str,
    ordered: Sequence[Body],
    loops: Mapping[int, Sequence[Loop]],
    storage: Storage,
    rolling: Mapping[str, int],
    shares: Mapping[str, str],
    rows: Sequence[tuple[str, ...]],
) -> tuple[Part, ...]:
    written: set[str] = set()
    lasting = {name for name in storage.stored if not storage.region_of(name).slots}
    parts = []
    count = 0
    for body in ordered:
        instructions: list[Instruction] = []
        names: set[str] = set()
        for part in body.parts:
            if isinstance(part, Batch):
                instructions += stacked(part, rows, written, lasting)
                names.update(term.sum for term in part.terms)
                continue
            count += 1
            name = f"{prefix}_{count}"
            instructions.append(function(name, loops[id(part)], storage.stored, storage.places, rolling, shares))
            names.update(part.names)
        parts.append(Part(body.direction, tuple(instructions), frozenset(names)))
    return tuple(parts)
