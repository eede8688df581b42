"""An account of a program: what was hoisted, stacked, fused, stored and deferred, and how much work and memory it takes.

Everything is read off the program; no pass is done here a second time, and no machine code is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from autorecur.compile.backward import share_name
from autorecur.compile.equations import INLINE
from autorecur.compile.fuse import Extent, Loop
from autorecur.compile.memory import Grid, Memory
from autorecur.compile.native import module_path
from autorecur.compile.program import Program
from autorecur.compile.source import Function
from autorecur.compile.stack import Gemm, Gradient
from autorecur.compile.storage import FULL, Region
from autorecur.compile.wording import Wording
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.walk import postorder
from autorecur.language.sizes import resolve
from autorecur.ops import Shape, Size
from autorecur.ops.linear import concatenate, matmul

FUNCTION = 30
"""As so many operations a function of one number is counted: about what an exponential takes (``kernels/elementary.py``)."""
SIMPLE = frozenset(
    ("sqrt", "square", "abs", "sign", "heaviside", "half_step", "relu", "leaky_relu", "softsign", "maximum", "minimum")
) | {"equal", "where"}
"""Functions that take a few operations; they are counted as one."""
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class StackedProduct:
    """One product of the machine, made of one or more products of the equations."""

    text: str
    weights: tuple[str, ...]
    targets: tuple[str, ...]
    operands: tuple[str, ...]
    taken_in: tuple[Size, ...]
    """The sizes that add up to the components of the operands."""
    given_out: tuple[Size, ...]
    hoisted: bool
    """Computed for all steps at once."""
    count: int
    """Of how many products of the equations it is made."""

    def flops(self, sizes: Sizes) -> int:
        """Multiplications and additions for one step of one sample."""
        return 2 * added_up(self.taken_in, sizes) * added_up(self.given_out, sizes)


@dataclass(frozen=True)
class DeferredProduct:
    """The gradients of one or more weights: one product over all steps and samples, after the loops."""

    text: str
    weights: tuple[str, ...]
    rows: tuple[Size, ...]
    columns: Size

    def flops(self, sizes: Sizes) -> int:
        """Multiplications and additions for one step of one sample."""
        return 2 * added_up(self.rows, sizes) * resolve(self.columns, sizes)


@dataclass(frozen=True)
class FusedEquation:
    """One equation in a fused loop. ``memory``: where its result goes, "" if nowhere."""

    name: str
    text: str
    memory: str

    @property
    def quantity(self) -> str:
        """What it gives, as the text has it."""
        return self.text.split(" ")[0].removesuffix("[t]")


@dataclass(frozen=True)
class FusedLoop:
    """Equations that are computed together, component by component."""

    function: str
    extent: Extent
    length: Size
    """Of the sum in each component, for a product of two matrices or a sum along an axis; else 1."""
    equations: tuple[FusedEquation, ...]
    operations: int
    """Additions, multiplications and the like for one component."""
    functions: tuple[str, ...]
    """Functions that are computed for one component, each as often as it is."""

    def flops(self, sizes: Sizes) -> int:
        """For one step of one sample; a function counts as :data:`FUNCTION` operations."""
        components = prod(resolve(size, sizes) for size in self.extent) * resolve(self.length, sizes)
        return components * (self.operations + FUNCTION * len(self.functions))


@dataclass(frozen=True)
class Stage:
    """What is done at each step of one loop over time (direction ±1), or for all steps at once (0)."""

    direction: int
    when: str
    actions: tuple[StackedProduct | FusedLoop, ...]


@dataclass(frozen=True)
class StoredRow:
    """Quantities side by side in memory."""

    names: tuple[str, ...]
    """What lies there in the end."""
    over: tuple[str, ...]
    """What lay there before, and was written over."""
    shapes: tuple[Shape, ...]
    steps: int
    """For how many steps it is kept; 0 for all."""
    readers: tuple[str, ...]
    """Why it has memory."""

    def numbers(self, sizes: Sizes) -> int:
        """For one step of one sample."""
        return sum(prod(resolve(size, sizes) for size in shape) for shape in self.shapes)


@dataclass(frozen=True)
class Direction:
    """One direction of a cell: forward or backward."""

    name: str
    stages: tuple[Stage, ...]
    stored: tuple[StoredRow, ...]
    deferred: tuple[DeferredProduct, ...]
    summed: tuple[str, ...]
    """Parameters whose gradients are added up inside the fused loops."""
    equations: int
    """How many quantities there are, sums of products counted by themselves."""
    source: str = field(repr=False)
    module: Path | None
    """The file of the generated module, written when the cell first runs; None where none can be kept."""
    program: Program = field(repr=False)

    @property
    def products(self) -> tuple[StackedProduct, ...]:
        return tuple(a for stage in self.stages for a in stage.actions if isinstance(a, StackedProduct))

    @property
    def loops(self) -> tuple[FusedLoop, ...]:
        return tuple(a for stage in self.stages for a in stage.actions if isinstance(a, FusedLoop))

    @property
    def hoisted(self) -> tuple[StackedProduct, ...]:
        """Products that left the loop over time."""
        return tuple(product for product in self.products if product.hoisted)

    @property
    def per_step(self) -> tuple[StackedProduct, ...]:
        """Products that are computed at each step."""
        return tuple(product for product in self.products if not product.hoisted)

    @property
    def in_registers(self) -> tuple[str, ...]:
        """Quantities that never reach memory."""
        return tuple(equation.quantity for loop in self.loops for equation in loop.equations if not equation.memory)

    def numbers(self, sizes: Sizes) -> int:
        """What is stored for every step of every sample."""
        return sum(row.numbers(sizes) for row in self.stored if row.steps == FULL)

    def workspace(self, sizes: Sizes, steps: int, batch: int, pads: int) -> int:
        """How many numbers all that is stored has, with what stands before the first step and behind the last."""
        grid = Grid(steps, batch, None, pads)
        return Memory(self.program.storage, self.program.equations.shapes, sizes, grid).count

    def product_flops(self, sizes: Sizes) -> int:
        """For one step of one sample, those of the deferred products among them."""
        return sum(p.flops(sizes) for p in self.products) + sum(p.flops(sizes) for p in self.deferred)

    def other_flops(self, sizes: Sizes) -> int:
        return sum(loop.flops(sizes) for loop in self.loops)


def added_up(parts: Iterable[Size], sizes: Sizes) -> int:
    return sum(resolve(part, sizes) for part in parts)


def direction(
    name: str, program: Program, words: Wording, dtype: str, readers: Mapping[str, Sequence[str]]
) -> Direction:
    """What one program does; ``readers`` says who outside of it reads a quantity."""
    summed = {share_name(p.name): p.name for f in program.functions for p in f.pointers if p.gradient}
    arities = {function.name: len(function.pointers) for function in program.functions}
    return Direction(
        name=name,
        stages=tuple(_stages(program, words, summed)),
        stored=tuple(_stored(program, region, words, readers) for region in program.storage.regions),
        deferred=tuple(_deferred(gradient, words) for gradient in program.gradients),
        summed=tuple(summed.values()),
        equations=len(program.equations.names()),
        source=program.source,
        module=module_path(program.source, arities, dtype) if arities else None,
        program=program,
    )


def _stages(program: Program, words: Wording, summed: Mapping[str, str]) -> Iterable[Stage]:
    directions = [part.direction for part in program.parts]
    for i, part in enumerate(program.parts):
        actions: list[StackedProduct | FusedLoop] = []
        for instruction in part.instructions:
            if isinstance(instruction, Gemm):
                actions.append(_product(instruction, words, hoisted=part.direction == 0))
            else:
                actions += [_loop(instruction, loop, program, words, summed) for loop in instruction.loops]
        yield Stage(part.direction, _when(part.direction, any(directions[:i]), any(directions[i:])), tuple(actions))


def _when(direction: int, loops_before: bool, loops_after: bool) -> str:
    if direction:
        return "at each step, t = 1 … T" if direction > 0 else "at each step, t = T … 1"
    if loops_before and loops_after:
        return "between the loops, for all steps at once"
    if loops_before or loops_after:
        return f"{'after' if loops_before else 'before'} the loop, for all steps at once"
    return "for all steps at once"


def _product(gemm: Gemm, words: Wording, hoisted: bool) -> StackedProduct:
    blocks = gemm.blocks
    return StackedProduct(
        text=words.stacked(gemm),
        weights=tuple(words.weight(block.weight) for block in blocks),
        targets=gemm.targets,
        operands=gemm.operands,
        taken_in=tuple(block.taken_in for block in blocks[: len(gemm.operands)]),
        given_out=tuple(block.given_out for block in blocks[: len(gemm.targets)]),
        hoisted=hoisted,
        count=len(blocks),
    )


def _loop(f: Function, loop: Loop, program: Program, words: Wording, summed: Mapping[str, str]) -> FusedLoop:
    equations = []
    for s in loop.statements:
        shared = summed.get(s.name)
        left = f"{words.quantity(s.name)} =" if shared is None else f"{adjoint_name(shared)} +="
        memory = _memory(s.name, program, words) if shared is None else "summed over steps and samples"
        equations.append(FusedEquation(s.name, f"{left} {words.expression(s.node)}", memory))
    operations, functions = _work(loop)
    first = loop.statements[0]
    length: Size = 1
    if first.kind == "product":
        length = first.node.inputs[0].shape[1]
    elif first.kind in ("columns", "rows"):
        length = first.node.inputs[0].shape[0 if first.kind == "columns" else 1]
    operations += sum(1 for s in loop.statements if s.name in summed)
    return FusedLoop(f.name, loop.extent, length, tuple(equations), operations, functions)


def _memory(name: str, program: Program, words: Wording) -> str:
    if name not in program.storage.stored:
        return ""
    place = program.storage.places.get(name)
    return "stored" if place is None else f"stored over {words.quantity(place)}"


def _work(loop: Loop) -> tuple[int, tuple[str, ...]]:
    """Operations and functions for one component: each expression once, however often the loop has it."""
    nodes = dict.fromkeys(node for s in loop.statements for node in postorder(s.node))
    done = [node.op for node in nodes if node.op is not None and node.op not in (*INLINE, concatenate)]
    functions = tuple(op.name for op in done if op.kind == "elementwise" and op.name not in SIMPLE)
    sums = sum(1 for s in loop.statements if s.node.op is matmul and s.kind != "each")
    return len(done) - len(functions) + sums, functions


def _stored(program: Program, region: Region, words: Wording, outside: Mapping[str, Sequence[str]]) -> StoredRow:
    storage, shapes = program.storage, program.equations.shapes
    last = {place: name for name, place in storage.places.items()}
    names = tuple(last.get(name, name) for name in region.members)
    readers = [reader for name in storage.names_in(region) for reader in outside.get(name, ())]
    for name in storage.names_in(region):
        readers += [
            f"read at {words.quantity(last.get(name, name), away)}"
            for other, away in sorted(program.reads)
            if other == name and away and name not in program.rolling
        ]
        readers += [
            "a deferred product"
            for gradient in program.gradients
            for outer in gradient.outers
            if name in (outer.left[0], outer.right[0])
        ]
    return StoredRow(
        names=tuple(map(words.bare, names)),
        over=tuple(map(words.bare, (name for name in region.members if name in last))),
        shapes=tuple(shapes[name] for name in region.members),
        steps=region.slots,
        readers=tuple(dict.fromkeys(readers)) or ("handed from one stage to the next",),
    )


def _deferred(gradient: Gradient, words: Wording) -> DeferredProduct:
    weights = [outer.weight for outer in gradient.outers]
    return DeferredProduct(
        text=words.deferred(gradient),
        weights=tuple(map(words.weight, weights)),
        rows=tuple(weight.shape[0] for weight in weights),
        columns=weights[0].shape[1],
    )
