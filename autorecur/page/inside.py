"""The inside of a cell as a graph of what a step does: a box for what is weighed, added up and put through a function, a circle
for what is multiplied or added component by component, a disc for a quantity that leaves the step or enters it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from autorecur.graph.node import Node, Number, Variable
from autorecur.ops.arithmetic import add, multiply, negative, subtract
from autorecur.ops.linear import block, concatenate, matmul, matrix_transpose
from autorecur.ops.reductions import broadcast_to
from autorecur.page.context import Page
from autorecur.page.drawing import RADIUS, TEXT
from autorecur.page.layers import Size
from autorecur.render.measure import width
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import coefficient
from autorecur.symbolic.functions import head
from autorecur.symbolic.layout import Layout, Num, Sign, row
from autorecur.symbolic.marks import transposed

CIRCLE = 7.0
HIGH = 9.0
_PASSED = (matrix_transpose, concatenate, block, broadcast_to, negative)
_SIGNS = {"multiply": "odot", "add": "+", "subtract": "-", "divide": "/", "ratio": "/"}


@dataclass(frozen=True)
class Piece:
    """``kind`` is disc, box or circle; ``name`` the quantity that it gives, drawn above it."""

    kind: str
    label: Layout
    name: str = ""

    @property
    def size(self) -> Size:
        if self.kind == "circle":
            return Size(CIRCLE, CIRCLE)
        if self.kind == "disc":
            return Size(max(RADIUS, width(self.label) * TEXT / 2 + 4), RADIUS)
        return Size(max(10.0, width(self.label) * TEXT / 2 + 4), HIGH)


@dataclass
class Inside:
    """The pieces of a step by key, and the edges between them; ``owners`` tells the equation that a piece belongs to."""

    page: Page
    pieces: dict[str, Piece] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cell, step = self.page.derivation.cell, self.page.derivation.step
        self.leaving = {*cell.states, *cell.outputs}
        self.ends: dict[str, str] = {}
        self.step = step
        for state in cell.states:
            for offset in cell.offsets[state]:
                if offset:
                    self.source(Variable(cell.shapes[state], name=state, offset=offset))
        order = [name for loop in self.page.derivation.loops for name in loop.names]
        for name in order:
            if name in step.authored and name != self.page.derivation.loss.name:
                self.equation(name)

    def source(self, leaf: Variable) -> str:
        key = f"{leaf.name}[{leaf.offset}]"
        if key not in self.pieces:
            self.pieces[key] = Piece("disc", self.page.name(leaf.name, c.t + (leaf.offset or 0)))
            self.owners[key] = leaf.name
        return key

    def equation(self, name: str) -> None:
        self.name = name
        end = self.built(self.step.authored[name])
        if name in self.leaving:
            disc = self.add(Piece("disc", self.page.name(name)))
            if end is not None:
                self.edges.append((end, disc))
            end = disc
        elif end is not None and not self.pieces[end].name and self.owners[end] == name:
            piece = self.pieces[end]
            self.pieces[end] = Piece(piece.kind, piece.label, name)
        if end is not None:
            self.ends[name] = end

    def add(self, piece: Piece, *before: str | None) -> str:
        key = f"{len(self.pieces)}"
        self.pieces[key] = piece
        self.owners[key] = self.name
        self.edges.extend((part, key) for part in dict.fromkeys(before) if part is not None)
        return key

    # ------------------------------------------------------------------------------------------------- expressions

    def built(self, node: Node) -> str | None:
        """The piece that gives an expression; None for what no quantity of a step takes part in."""
        if isinstance(node, Variable):
            if node.offset is None:
                return None
            return self.ends[node.name] if node.offset == 0 and node.name in self.ends else self.source(node)
        if node.op is None or not _moves(node):
            return None
        if node.op in _PASSED and len(operands := [n for n in node.inputs if _moves(n)]) == 1:
            return self.built(operands[0])
        if _weighed(node):
            return self.add(Piece("box", self.weights(node)), *self.linear(node))
        if node.op in (add, subtract, multiply) or node.op.name in _SIGNS:
            return self.elementwise(node)
        if node.op is matmul:
            return self.add(Piece("circle", Sign("times")), *map(self.built, node.inputs))
        if node.op is concatenate:
            return self.add(Piece("box", row(Sign("["), Sign("]"))), *map(self.built, node.inputs))
        moving = [part for part in node.inputs if _moves(part)]
        inner = [key for part in moving for key in (self.linear(part) if _weighed(part) else [self.built(part)])]
        return self.add(Piece("box", head(self.page.composer, node.op.name)), *inner)

    def elementwise(self, node: Node) -> str | None:
        assert node.op is not None
        if node.op is subtract and isinstance(node.inputs[0], Number):
            inner = self.built(node.inputs[1])
            one = self.page.composer.coefficient(coefficient(node.inputs[0]))
            return self.add(Piece("box", row(one, Sign("-"))), inner)
        if node.op in (add, subtract):
            parts = [part for part in (_added(node) if node.op is add else node.inputs) if _moves(part)]
            if len(parts) == 1:
                return self.built(parts[0])
            return self.add(Piece("circle", Sign("+" if node.op is add else "-")), *map(self.built, parts))
        moving = [part for part in node.inputs if _moves(part)]
        if len(moving) == 1 and any(isinstance(part, Number) for part in node.inputs):
            return self.built(moving[0])
        fixed = [part for part in node.inputs if not _moves(part)]
        sign = _SIGNS[node.op.name]
        sign = self.page.notation.hadamard if sign == "odot" else sign
        label: Layout = Sign(sign)
        if fixed and isinstance(fixed[0], Variable):
            return self.add(Piece("box", row(label, self.page.name(fixed[0].name, None))), self.built(moving[0]))
        return self.add(Piece("circle", label), *map(self.built, node.inputs))

    def linear(self, node: Node) -> list[str | None]:
        """What weights multiply inside a sum."""
        found: list[str | None] = []
        for term in _terms(node):
            if not _moves(term):
                continue
            if term.op is matmul or term.op is multiply:
                inner = [part for part in term.inputs if _moves(part)]
                if len(inner) == 1:
                    found.extend(self.parts(inner[0]))
                    continue
            found.append(self.built(term))
        return list(dict.fromkeys(found))

    def parts(self, node: Node) -> list[str | None]:
        """Of a stack its parts, of anything else the whole."""
        if node.op is matrix_transpose:
            return self.parts(node.inputs[0])
        return [self.built(part) for part in node.inputs] if node.op is concatenate else [self.built(node)]

    def weights(self, node: Node) -> Layout:
        """``W_y``: the weights of a sum that no function follows."""
        found: dict[Layout, None] = {}
        for term in _terms(node):
            for part in term.inputs if term.op in (matmul, multiply) else ():
                bare = part.inputs[0] if part.op is matrix_transpose else part
                if isinstance(bare, Variable) and bare.offset is None:
                    layout = self.page.name(bare.name, None)
                    found[transposed(layout, self.page.notation) if bare is not part else layout] = None
        items: list[Layout] = []
        for layout in found:
            items.extend((Sign(",", "punct"), layout) if items else (layout,))
        return row(*items) if items else Num("1")


def _moves(node: Node) -> bool:
    """Whether a quantity of a step takes part."""
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, Variable) and part.offset is not None:
            return True
        pending.extend(part.inputs)
    return False


def _terms(node: Node) -> Iterator[Node]:
    """The summands, signs left out."""
    pending = [node]
    while pending:
        part = pending.pop()
        if part.op in (add, subtract, negative):
            pending.extend(reversed(part.inputs))
        else:
            yield part


def _added(node: Node) -> Iterator[Node]:
    """The summands of what is added alone."""
    if node.op is add:
        for part in node.inputs:
            yield from _added(part)
    else:
        yield node


def _weighed(node: Node) -> bool:
    """A sum with a product of a parameter and something that moves."""
    return any(term.op is matmul and _moves(term) and not all(map(_moves, term.inputs)) for term in _terms(node))
