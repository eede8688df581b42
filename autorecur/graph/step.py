"""The generic step of a cell as a graph: one node an equation, with references to t−1, t+1, …

Quantities that a derivation talks about are given names by three rules that serve any cell:

1. the argument of a nonlinearity that holds a product or a parameter is the *pre-activation* of its equation;
2. a composite operand of a matrix product, or of max and min, is named (``r ⊙ h``; one shared name for one concatenation);
3. an elementwise operand that still holds a matrix product is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autorecur.graph.clocks import Clocks, mark
from autorecur.graph.node import Fixed, Node, Variable, apply, as_it_is, number
from autorecur.graph.range import Bound
from autorecur.graph.walk import postorder, rebuild, variables
from autorecur.language import syntax
from autorecur.language.trees import children
from autorecur.ops import FUNCTIONS, Op
from autorecur.ops.arithmetic import add, divide, multiply, negative, power, subtract
from autorecur.ops.functions import square
from autorecur.ops.linear import concatenate, matmul, matrix_transpose
from autorecur.ops.open import open_function
from autorecur.ops.reductions import COMPONENTS, maximum_of, minimum_of, softmax

if TYPE_CHECKING:
    from autorecur.language.cell import Cell

EXTREMA = (maximum_of, minimum_of)
"""Their derivatives compare numbers, which must be the same to the last bit wherever they stand: so these have a name."""
_BINARY = {"+": add, "-": subtract, "*": multiply, "/": divide}


@dataclass(frozen=True)
class Assignment:
    """``name[t] = node``. ``kind`` is cell (the author's), preactivation, operand, factor or loss; ``owner`` the author's
    equation that it was taken out of."""

    name: str
    node: Node
    kind: str = "cell"
    owner: str = ""

    @property
    def variable(self) -> Variable:
        return Variable(self.node.shape, name=self.name, offset=0)


@dataclass(frozen=True)
class Step:
    """All equations of one step: the author's, and those behind names that the rules gave."""

    cell: Cell
    authored: Mapping[str, Node]
    """The author's right-hand sides, before naming."""
    assignments: Mapping[str, Assignment]
    """In an order in which a step can be evaluated as far as the author's order allows."""

    @property
    def clocks(self) -> Clocks | None:
        """Whose steps each quantity of a frame counts; a generated name counts those of the equation it was taken out of."""
        clocks = self.cell.clocks
        if clocks is None:
            return None
        owners = {name: a.owner or name for name, a in self.assignments.items()}
        return replace(clocks, of={**{name: clocks.of[owner] for name, owner in owners.items()}, **clocks.of})

    def reads(self) -> dict[str, list[tuple[str, int]]]:
        """What each equation reads: (name, offset) of every quantity with a time."""
        return {name: self._read_by(a.node) for name, a in self.assignments.items()}

    def _read_by(self, node: Node) -> list[tuple[str, int]]:
        found = [(v.name, v.offset) for v in variables(node) if v.offset is not None]
        if self.cell.starts:
            found += [(start, 0) for name, offset in found if offset for start in self.cell.starts_of(name)]
        for v in variables(node):
            if isinstance(v, Fixed):
                found.append((v.name if v.name in self.cell.starts else v.base, 0))
        return found


Make = Callable[[Op, tuple[Node, ...], dict[str, Any]], Node]


def literally(op: Op, nodes: tuple[Node, ...], attributes: dict[str, Any]) -> Node:
    """A node as it is written, for the page; :func:`apply` gives the simpler one that is differentiated."""
    return as_it_is(op, *nodes, **attributes)


Leaf = Callable[[syntax.Name | syntax.Absolute], Node]


def express(tree: syntax.Expression, leaf: Leaf, row: bool, make: Make = apply) -> Node:
    """The node of a syntax tree; ``leaf`` gives the node of a name. Deep trees are walked with a stack."""
    done: dict[int, Node] = {}
    stack: list[tuple[syntax.Expression, bool]] = [(tree, False)]
    while stack:
        item, visited = stack.pop()
        parts = children(item)
        if not visited and parts:
            stack.append((item, True))
            stack.extend((part, False) for part in reversed(parts))
        else:
            done[id(item)] = _node(item, tuple(done[id(part)] for part in parts), leaf, row, make)
    return done[id(tree)]


def _node(item: syntax.Expression, parts: tuple[Node, ...], leaf: Leaf, row: bool, make: Make) -> Node:
    match item:
        case syntax.Number():
            return number(item.text)
        case syntax.Name() | syntax.Absolute():
            return leaf(item)
        case syntax.Binary("@"):
            return product(parts[0], parts[1], make)
        case syntax.Binary():
            return make(_BINARY[item.operator], parts, {})
        case syntax.Negative():
            return make(negative, parts, {})
        case syntax.Transpose():
            return make(matrix_transpose, parts, {})
        case syntax.Power():
            return make(square, parts, {}) if item.exponent == 2 else make(power, parts, {"exponent": item.exponent})
        case syntax.Stack():
            return make(concatenate, parts, {"axis": -1 if row else -2})
        case syntax.Call():
            op = FUNCTIONS.get(item.function) or open_function(item.function)
            return make(op, parts, {"axis": COMPONENTS} if op.kind in ("reduction", "componentwise") else {})
    raise TypeError(f"no graph for {type(item).__name__}")


def product(a: Node, b: Node, make: Make = apply) -> Node:
    """The matrix product, or a scaling where one factor is a single number.

    ``(A B) x`` is differentiated as ``A (B x)``."""
    if a.shape == (1, 1) or b.shape == (1, 1):
        return make(multiply, (a, b), {})
    if make is apply and a.op is matmul and b.shape[1] == 1 and a.shape[1] != 1:
        return product(a.inputs[0], product(a.inputs[1], b))
    return make(matmul, (a, b), {})


def build(cell: Cell) -> Step:
    """The step of a cell, with the names that the three rules give."""

    def leaf(name: syntax.Name | syntax.Absolute) -> Node:
        shape = tuple(cell.shapes[name.name])
        if isinstance(name, syntax.Absolute):
            bound = Bound(name.from_end, name.offset)
            clock = cell.clock(name.name)
            return Fixed(shape, name=mark(name.name, bound), base=name.name, bound=bound, clock=clock)
        return Variable(shape, name=name.name, offset=name.offset)

    row = cell.convention == "row"
    authored = {a.name: express(a.expression, leaf, row, literally) for a in cell.assignments}
    namer = _Namer(cell, {a.name: express(a.expression, leaf, row) for a in cell.assignments})
    assignments = namer.run()
    return Step(cell, authored, assignments)


class _Namer:
    """Takes the quantities that deserve a name out of the author's equations."""

    def __init__(self, cell: Cell, authored: Mapping[str, Node]) -> None:
        self.authored = authored
        self.used = {*cell.shapes, *authored, "t", "T", "L", "target"}
        self.letters = {name.split("_")[0] for name in self.used}
        self.assignments: dict[str, Assignment] = {}
        self.shared: dict[Node, Variable] = {}
        self.wanted = {name: _preactivations(node) for name, node in authored.items()}
        self.preactivation = self.letter("a", "z", "p", "q", "v", "u")
        self.single = sum(self.wanted.values()) == 1
        self.operand = self.letter("s", "v", "u", "w", "d", "e")
        self.factor = self.letter("m", "k", "r", "e", "d", "b")
        stacks = [n for node in authored.values() for n in dict.fromkeys(_operands(node)) if n.op is concatenate]
        self.repeated = {n for n in stacks if stacks.count(n) > 1}

    def letter(self, *candidates: str) -> str:
        chosen = next((c for c in candidates if c not in self.letters), None)
        if chosen is None:
            chosen = next(f"{candidates[0]}{i}" for i in range(1, 1000) if f"{candidates[0]}{i}" not in self.letters)
        self.letters.add(chosen)
        return chosen

    def fresh(self, letter: str, owner: str, bare: bool) -> str:
        base = letter if bare else f"{letter}_{plain(owner)}"
        name, count = base, 2
        while name in self.used:
            name, count = f"{base}_{count}", count + 1
        self.used.add(name)
        return name

    def told_by_weight(self, letter: str, part: Node) -> str | None:
        """The subscript of the first weight, ``f`` of ``W_f``, for one of several pre-activations in an equation."""
        names = [v.name for v in variables(part) if v.offset is None and "_" in v.name and not isinstance(v, Fixed)]
        found = [subscript for name in names if f"{letter}_{(subscript := name.split('_', 1)[1])}" not in self.used]
        return found[0] if found else None

    def run(self) -> dict[str, Assignment]:
        for owner, node in self.authored.items():
            rest = self.take_out(owner, node)
            self.assignments[owner] = Assignment(owner, rest, "cell", owner)
        return self.assignments

    def take_out(self, owner: str, root: Node) -> Node:
        """The equation with names in place of what the rules take out of it (inner quantities first)."""
        done: dict[Node, Node] = {}
        for node in postorder(root):
            inputs = tuple(done[part] for part in node.inputs)
            if node.op is matmul or node.op in EXTREMA:
                inputs = tuple(self.operand_of(owner, part) for part in inputs)
            elif _nonlinear(node):
                inputs = tuple(
                    self.named(owner, part, self.preactivation, "preactivation", bare=self.single)
                    if _holds_product_or_parameter(part)
                    else part
                    for part in inputs
                )
            elif node.op in (multiply, divide):
                inputs = tuple(
                    self.named(owner, part, self.factor, "factor") if _holds_product(part) else part for part in inputs
                )
            done[node] = rebuild_with(node, inputs)
        return done[root]

    def operand_of(self, owner: str, part: Node) -> Node:
        if part.op is matrix_transpose:
            return apply(matrix_transpose, (self.operand_of(owner, part.inputs[0]),), {})
        if isinstance(part, Variable) or part.op is None:
            return part
        return self.named(owner, part, self.operand, "operand", bare=part in self.repeated)

    def named(self, owner: str, part: Node, letter: str, kind: str, bare: bool = False) -> Node:
        if part in self.shared:
            return self.shared[part]
        several = kind == "preactivation" and self.wanted[owner] > 1
        name = self.fresh(letter, (self.told_by_weight(letter, part) if several else None) or owner, bare)
        variable = Variable(part.shape, name=name, offset=0)
        self.shared[part] = variable
        self.assignments[name] = Assignment(name, part, kind, owner)
        return variable


def plain(owner: str) -> str:
    """A name to be a subscript: ``s0`` for the initial value ``s[0]``."""
    return "".join(character for character in owner if character not in "[]+-")


def rebuild_with(node: Node, inputs: tuple[Node, ...]) -> Node:
    if node.op is None or inputs == node.inputs:
        return node
    return rebuild(node, dict(zip(node.inputs, inputs, strict=True)))


def _nonlinear(node: Node) -> bool:
    return node.op is softmax or (node.op is not None and node.op.kind == "elementwise")


def _holds_product(node: Node) -> bool:
    return any(part.op is matmul for part in postorder(node))


def _holds_product_or_parameter(node: Node) -> bool:
    if isinstance(node, Variable):
        return False
    return any(part.op is matmul or _is_parameter(part) for part in postorder(node))


def _is_parameter(node: Node) -> bool:
    return isinstance(node, Variable) and node.offset is None and not isinstance(node, Fixed)


def _preactivations(root: Node) -> int:
    """How many pre-activations rule 1 will name in an equation."""
    return len({
        part for node in postorder(root) if _nonlinear(node) for part in node.inputs if _holds_product_or_parameter(part)
    })  # fmt: skip


def _operands(root: Node) -> Iterable[Node]:
    for node in postorder(root):
        if node.op is matmul:
            for part in node.inputs:
                inner = part.inputs[0] if part.op is matrix_transpose else part
                if inner.op is not None:
                    yield inner
