"""From the loops of a segment to the text of a function, which numba compiles.

A function sees memory alone: a pointer for each quantity at each distance in time that it reads or writes, the number of
samples, and a row of sizes (first the distance between two samples for each pointer, then the sizes of the cell). Names of
the cell stand in comments; no text of a user's becomes code.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from autorecur.compile.equations import NotCompilable, vector_size
from autorecur.compile.fuse import Extent, Loop, Statement, extent_of
from autorecur.compile.native import MOST_POINTERS
from autorecur.graph.node import Node, Number, Variable, as_it_is
from autorecur.kernels.fused import scalar_form
from autorecur.ops import Size
from autorecur.ops.arithmetic import multiply
from autorecur.ops.linear import block, matmul, matrix_transpose
from autorecur.ops.op import Shape
from autorecur.ops.reductions import broadcast_to


@dataclass(frozen=True)
class Pointer:
    """What a pointer of a function points to: a quantity at step t + ``offset``, or a parameter (offset None), or with
    ``gradient`` the gradient of a parameter."""

    name: str
    offset: int | None
    gradient: bool = False

    def __str__(self) -> str:
        if self.offset is None:
            return f"dL/d{self.name}" if self.gradient else self.name
        return f"{self.name}[t{self.offset:+d}]" if self.offset else f"{self.name}[t]"


@dataclass(frozen=True)
class Function:
    """The text of a segment, what its pointers point to, the sizes that it reads, and the loops that it was made from."""

    name: str
    text: str
    pointers: tuple[Pointer, ...]
    sizes: tuple[Size, ...]
    loops: tuple[Loop, ...] = field(default=(), compare=False)


def function(
    name: str,
    loops: Sequence[Loop],
    stored: Collection[str],
    places: Mapping[str, str],
    rolling: Mapping[str, int],
    shares: Mapping[str, str],
) -> Function:
    """``stored`` are the quantities that have memory, ``places`` says in whose memory one lies if not in its own, ``shares``
    which quantity is added to which parameter's gradient."""
    writer = _Writer(name, loops, stored, places, rolling, shares)
    try:
        return writer.function()
    except RecursionError:
        raise NotCompilable("an expression is nested too deeply") from None


@dataclass
class _Writer:
    name: str
    loops: Sequence[Loop]
    stored: Collection[str]
    places: Mapping[str, str]
    rolling: Mapping[str, int]
    shares: Mapping[str, str]
    pointers: dict[Pointer, int] = field(default_factory=dict)
    sizes: dict[Size, int] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    """Quantities whose numbers are in a local variable now."""
    values: dict[tuple[Node, str, str], str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    count: int = 0

    def function(self) -> Function:
        body: list[str] = []
        for loop in self.loops:
            body += self.loop(loop)
        count = len(self.pointers)
        if count > MOST_POINTERS:
            raise NotCompilable(f"one step of it touches {count} arrays at once; {MOST_POINTERS} are possible")
        head = [f"def {self.name}({', '.join(f'p{i}' for i in range(count))}, rows, sizes):"]
        head += [f"    # p{i}: {pointer}" for pointer, i in self.pointers.items()]
        timed = [i for pointer, i in self.pointers.items() if pointer.offset is not None]
        head += [f"    s{i} = sizes[{i}]" for i in timed]
        head += [f"    z{i} = sizes[{count + i}]  # {size}" for size, i in self.sizes.items()]
        head += [f"    {name} = {text}" for text, name in self.constants.items()]
        text = "\n".join([*head, "    for b in range(rows):", *(f"        {line}" for line in body), ""])
        return Function(self.name, text, tuple(self.pointers), tuple(self.sizes), tuple(self.loops))

    def size(self, size: Size) -> str:
        return f"z{self.sizes.setdefault(size, len(self.sizes))}"

    def pointer(self, pointer: Pointer) -> int:
        return self.pointers.setdefault(pointer, len(self.pointers))

    def fresh(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"v{self.count} = {text}")
        return f"v{self.count}"

    def loop(self, loop: Loop) -> list[str]:
        """The lines of a loop over components."""
        if loop.statements[0].kind in ("product", "columns", "rows", "pieces"):
            return [line for s in loop.statements for line in self.apart(s)]
        self.lines, self.values = [], {}
        before: list[str] = []
        stores: list[str] = []
        after: list[str] = []
        totals: dict[str, str] = {}
        for s in loop.statements:
            summand = _summand(s)
            value = self.element(summand, *_indices(summand.shape, loop.extent))
            if s.scalar:
                self.count += 1
                totals[s.name] = total = f"t{self.count}"
                before.append(f"{total} = {'ZERO' if s.kind == 'sum' else '-INFINITY'}")
                stores.append(_reduced(s.kind, total, value))
                after += self.keep(s, total, "0")
            else:
                self.known[s.name] = value
                row, column = _indices(s.node.shape, loop.extent)
                stores += self.keep(s, value, self.offset(s.node.shape, row, column))
        inner = [*self.lines, *stores]
        if loop.extent:  # what was computed for one component is known in its own loop alone
            for s in loop.statements:
                self.known.pop(s.name, None)
        self.known.update(totals)
        return [*before, *_nested(loop.extent, [self.size(size) for size in loop.extent], inner), *after]

    def keep(self, s: Statement, value: str, offset: str) -> list[str]:
        """Where a value goes: to memory, to the gradient of a parameter."""
        lines = []
        if s.name in self.shares:
            p = self.pointer(Pointer(self.shares[s.name], None, gradient=True))
            lines.append(f"p{p}[{offset}] += {value}")
        if s.name in self.stored:
            lines.append(f"{self.address(s.name, 0, offset)} = {value}")
        return lines

    def address(self, name: str, distance: int, offset: str) -> str:
        place = self.places.get(name, name)
        p = self.pointer(Pointer(place, 0 if name in self.rolling else distance))
        return f"p{p}[b * s{p} + {offset}]" if offset != "0" else f"p{p}[b * s{p}]"

    def offset(self, shape: Shape, row: str, column: str) -> str:
        """Where an element lies among the numbers of a sample."""
        if vector_size(shape) is not None:
            return row if shape[1] == 1 else column
        return f"({row}) * {self.size(shape[1])} + {column}"

    def element(self, node: Node, row: str, column: str) -> str:
        """The variable that holds one element of an expression."""
        row, column = "0" if node.shape[0] == 1 else row, "0" if node.shape[1] == 1 else column
        key = (node, row, column)
        if key not in self.values:
            self.values[key] = self.computed(node, row, column)
        return self.values[key]

    def computed(self, node: Node, row: str, column: str) -> str:
        if isinstance(node, Number):
            return self.constant(node)
        if isinstance(node, Variable):
            return self.read(node, row, column)
        assert node.op is not None
        if node.op is matrix_transpose:
            return self.element(node.inputs[0], column, row)
        if node.op is broadcast_to:
            return self.element(node.inputs[0], row, column)
        if node.op is block:
            about = dict(node.attributes)
            start = self.size(about["start"])
            return (
                self.element(node.inputs[0], f"{row} + {start}", column)
                if about["axis"] == -2
                else self.element(node.inputs[0], row, f"{column} + {start}")
            )
        if node.op is matmul:
            left, right = node.inputs
            if left.shape[1] != 1:
                raise NotCompilable("a product of matrices inside an expression")
            return self.fresh(f"{self.element(left, row, '0')} * {self.element(right, '0', column)}")
        form = scalar_form(node.op.name, dict(node.attributes))
        if form is None:
            raise NotCompilable(f"there is no loop for the function {node.op.name}")
        return self.fresh(form.format(*(self.element(part, row, column) for part in node.inputs)))

    def read(self, v: Variable, row: str, column: str) -> str:
        if v.offset == 0 and v.name in self.known:
            return self.known[v.name]
        offset = self.offset(v.shape, row, column)
        if v.offset is None:
            return self.fresh(f"p{self.pointer(Pointer(v.name, None))}[{offset}]")
        return self.fresh(self.address(v.name, v.offset, offset))

    def constant(self, node: Number) -> str:
        """A number; its sizes are known when the function is called."""
        text = f"real({(node.approximate * float(node.value))!r})"
        for size, exponent in node.sizes:
            sign = "*" if exponent > 0 else "/"
            text += f" {sign} real({self.size(size)})" * abs(exponent)
        return self.constants.setdefault(text, f"c{len(self.constants)}")

    def apart(self, s: Statement) -> list[str]:
        """A statement that has loops of its own."""
        if s.kind == "pieces":
            return self.pieces(s)
        self.lines, self.values = [], {}
        row, column = _indices(s.node.shape, s.extent)
        if s.kind == "product":
            left, right = s.node.inputs
            length = self.size(left.shape[1])
            value = self.fresh(f"{self.element(left, row, 'k')} * {self.element(right, 'k', column)}")
        else:
            (part,) = s.node.inputs
            along = 0 if s.kind == "columns" else 1
            length = self.size(part.shape[along])
            value = self.element(part, "k", column) if along == 0 else self.element(part, row, "k")
        inner = [
            "t0 = ZERO",
            f"for k in range({length}):",
            *(f"    {line}" for line in self.lines),
            f"    t0 += {value}",
            *self.keep(s, "t0", self.offset(s.node.shape, row, column)),
        ]
        return _nested(s.extent, [self.size(size) for size in s.extent], inner)

    def pieces(self, s: Statement) -> list[str]:
        """A concatenation of vectors."""
        lines: list[str] = []
        start = ""
        for piece in s.node.inputs:
            size = vector_size(piece.shape)
            if size is None:
                raise NotCompilable("there is no loop for a concatenation of matrices")
            self.lines, self.values = [], {}
            value = self.element(piece, *_indices(piece.shape, (size,)))
            offset = f"i{start}"
            lines += _nested((size,), [self.size(size)], [*self.lines, *self.keep(s, value, offset)])
            start += f" + {self.size(size)}"
        return lines


def _summand(s: Statement) -> Node:
    """What is added up, or compared, or simply computed."""
    if s.kind == "sum" and s.node.op is matmul:
        left, right = s.node.inputs
        return as_it_is(multiply, as_it_is(matrix_transpose, left), right)
    return s.node.inputs[0] if s.scalar else s.node


def _reduced(kind: str, name: str, value: str) -> str:
    if kind == "sum":
        return f"{name} += {value}"
    return f"{name} = choose({value} > {name}, {value}, choose({value} == {value}, {name}, {value}))"


def _indices(shape: Shape, extent: Extent) -> tuple[str, str]:
    """The row and the column of an element in a loop."""
    if len(extent) == 2:
        return "r", "c"
    if not extent or extent_of(shape) == ():
        return "0", "0"
    return ("i", "0") if shape[1] == 1 else ("0", "i")


def _nested(extent: Extent, lengths: Sequence[str], inner: Sequence[str]) -> list[str]:
    variables = {0: (), 1: ("i",), 2: ("r", "c")}[len(extent)]
    lines: list[str] = []
    for depth, (variable, length) in enumerate(zip(variables, lengths, strict=True)):
        lines.append(f"{'    ' * depth}for {variable} in range({length}):")
    return lines + [f"{'    ' * len(extent)}{line}" for line in inner]
