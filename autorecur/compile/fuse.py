"""Third pass: the pointwise equations of a segment in as few loops over components as possible.

Equations over vectors of one size share a loop, and what is only read in the loop that computes it never reaches memory.
A sum over components ends its loop: what reads the sum stands in a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autorecur.compile.equations import NotCompilable, vector_size
from autorecur.graph.node import Node, Variable
from autorecur.graph.walk import postorder
from autorecur.ops import Size
from autorecur.ops.linear import block, concatenate, matmul, matrix_transpose
from autorecur.ops.reductions import maximum_of, total

Extent = tuple[Size, ...]
"""What a loop runs over: () one number a sample, (n,) the components of a vector, (rows, columns) those of a matrix."""
REDUCTIONS = {total: "sum", maximum_of: "max"}


@dataclass(frozen=True)
class Statement:
    """``name = node``, computed in a loop over ``extent``.

    ``kind``: each (number by number), sum or max (over the loop; one number results), product (of two matrices), columns or
    rows (a sum along one axis), pieces (a concatenation).
    """

    name: str
    node: Node
    kind: str
    extent: Extent

    @property
    def scalar(self) -> bool:
        """Whether what results is one number a sample, known when the loop is over."""
        return self.kind in ("sum", "max")


@dataclass
class Loop:
    """Statements that are computed in one loop over components, in this order."""

    extent: Extent
    statements: list[Statement] = field(default_factory=list)


def extent_of(shape: Sequence[Size]) -> Extent:
    if tuple(shape) == (1, 1):
        return ()
    size = vector_size(tuple(shape))
    return (shape[0], shape[1]) if size is None else (size,)


def statement(name: str, node: Node) -> Statement:
    """How an equation is computed."""
    own = extent_of(node.shape)
    if node.op in REDUCTIONS:
        (part,) = node.inputs
        if node.shape == (1, 1):
            return Statement(name, node, REDUCTIONS[node.op], extent_of(part.shape))
        if node.op is total:
            return Statement(name, node, "columns" if node.shape[0] == 1 else "rows", own)
    if node.op is matmul:
        left = node.inputs[0]
        if left.shape[1] == 1:
            return Statement(name, node, "each", own)
        if node.shape == (1, 1):
            return Statement(name, node, "sum", extent_of(left.shape))
        return Statement(name, node, "product", own)
    if node.op is concatenate:
        return Statement(name, node, "pieces", ())
    if node.op is None or node.op in (matrix_transpose, block):
        return Statement(name, node, "each", own)
    if node.op.kind in ("reduction", "componentwise", "loss", "linear"):
        raise NotCompilable(f"there is no loop for the function {node.op.name}")
    return Statement(name, node, "each", own)


def accesses(s: Statement) -> Iterator[tuple[Variable, bool]]:
    """The quantities that a statement reads, and whether each is read number by number in step with the loop."""
    aligned = s.kind in ("each", "sum", "max")
    inside: set[Node] = set()
    for node in reversed(list(postorder(s.node))):
        if node.op is block or (node.op is matrix_transpose and vector_size(node.shape) is None):
            inside.update(node.inputs)
        if isinstance(node, Variable):
            yield node, aligned and node not in inside and extent_of(node.shape) in ((), s.extent)


def loops_of(statements: Sequence[Statement], rolling: Mapping[str, int]) -> list[Loop]:
    """The statements in loops, each in the first in which all that it reads is known."""
    loops: list[Loop] = []
    home: dict[str, int] = {}
    known = {s.name: s for s in statements}
    last_read: dict[str, tuple[int, bool]] = {}
    for s in statements:
        earliest = 0
        for v, aligned in accesses(s):
            if v.offset == 0 and v.name in home:
                together = aligned and not known[v.name].scalar and (s.extent == known[v.name].extent)
                earliest = max(earliest, home[v.name] + (0 if together else 1))
        if s.name in rolling and s.name in last_read:
            place, aligned = last_read[s.name]
            earliest = max(
                earliest, place + (0 if aligned and place < len(loops) and loops[place].extent == s.extent else 1)
            )
        fitting = (
            i
            for i in range(earliest, len(loops))
            if loops[i].extent == s.extent and _plain(loops[i]) and s.kind in _PLAIN
        )
        index = next(fitting, len(loops))
        if index == len(loops):
            loops.append(Loop(s.extent))
        loops[index].statements.append(s)
        home[s.name] = index
        for v, aligned in accesses(s):
            if v.offset != 0 and v.offset is not None and v.name in rolling:
                before = last_read.get(v.name, (0, True))
                last_read[v.name] = (max(before[0], index), aligned and before[1])
    return loops


_PLAIN = ("each", "sum", "max")


def _plain(loop: Loop) -> bool:
    """Whether a loop runs over numbers one by one, so that others can join it."""
    return all(s.kind in _PLAIN for s in loop.statements)


def locals_of(loops: Sequence[Loop]) -> set[str]:
    """The names that need no memory as far as their own segment is concerned."""
    home = {s.name: (i, s) for i, loop in enumerate(loops) for s in loop.statements}
    found = {name for name, (_, s) in home.items() if s.kind in _PLAIN}
    for i, loop in enumerate(loops):
        for s in loop.statements:
            for v, aligned in accesses(s):
                if v.offset != 0 or v.name not in home:
                    continue
                place, source = home[v.name]
                single = source.scalar or source.extent == ()
                if not (single or (aligned and place == i)):
                    found.discard(v.name)
    return found
