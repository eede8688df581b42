"""Nodes: an expression as a graph of ops over named quantities.

Operators and ops of the table build nodes; the constructors simplify (no ``1·x``, no double transpose, signs and numbers
in front), so that what reaches a page is already tidy. Nodes are immutable and compare by structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from autorecur.errors import CellError
from autorecur.graph.range import FIRST, Bound
from autorecur.ops import Op, Shape, Size
from autorecur.ops.arithmetic import add, divide, multiply, negative, subtract
from autorecur.ops.functions import Constant as NamedNumber
from autorecur.ops.linear import matmul, matrix_transpose
from autorecur.ops.reductions import COMPONENTS, broadcast_to, total

SCALAR: Shape = (1, 1)


@dataclass(frozen=True, eq=False)
class Node:
    """An op applied to nodes; leaves are :class:`Variable` and :class:`Number`."""

    shape: Shape
    op: Op | None = None
    inputs: tuple[Node, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()
    key: int = field(default=0, repr=False)

    __array_ufunc__: ClassVar[None] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", hash(self._identity()))

    def _identity(self) -> tuple[Any, ...]:
        return (self.op and self.op.name, tuple(node.key for node in self.inputs), self.attributes)

    def __hash__(self) -> int:
        return self.key

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        pending = [(self, other)]
        while pending:
            a, b = pending.pop()
            if a is b:
                continue
            if a.key != b.key or type(a) is not type(b) or a.shape != b.shape or len(a.inputs) != len(b.inputs):
                return False
            if a.op is not b.op or a.attributes != b.attributes or a._identity()[2:] != b._identity()[2:]:
                return False
            pending.extend(zip(a.inputs, b.inputs, strict=True))
        return True

    def __autorecur_apply__(self, op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Node:
        return apply(op, inputs, attributes)

    def __autorecur_count__(self, axis: tuple[int, ...]) -> Number:
        return number_of([self.shape[a] for a in axis])

    def __neg__(self) -> Node:
        return apply(negative, (self,), {})

    def __add__(self, other: Any) -> Node:
        return apply(add, (self, other), {})

    def __radd__(self, other: Any) -> Node:
        return apply(add, (other, self), {})

    def __sub__(self, other: Any) -> Node:
        return apply(subtract, (self, other), {})

    def __rsub__(self, other: Any) -> Node:
        return apply(subtract, (other, self), {})

    def __mul__(self, other: Any) -> Node:
        return apply(multiply, (self, other), {})

    def __rmul__(self, other: Any) -> Node:
        return apply(multiply, (other, self), {})

    def __truediv__(self, other: Any) -> Node:
        return apply(divide, (self, other), {})

    def __rtruediv__(self, other: Any) -> Node:
        return apply(divide, (other, self), {})

    def __matmul__(self, other: Any) -> Node:
        return apply(matmul, (self, other), {})


@dataclass(frozen=True, eq=False)
class Variable(Node):
    """A named quantity: at step t + ``offset``, or a parameter where ``offset`` is None."""

    name: str = ""
    offset: int | None = None

    def _identity(self) -> tuple[Any, ...]:
        return ("variable", (), self.name, self.offset)


@dataclass(frozen=True, eq=False)
class Fixed(Variable):
    """A quantity at a step that does not move with t: ``h[T]`` of another part. ``name`` says both; ``offset`` is None.

    ``clock`` is that of ``base``, the quantity; ``bound`` is the step.
    """

    base: str = ""
    bound: Bound = FIRST
    clock: str = "T"


@dataclass(frozen=True, eq=False)
class Number(Node):
    """A constant: ``value · Π sizes^exponent · Π named``, as exact as it was written.

    ``decimal`` remembers that somebody wrote ``0.5`` and not ``1/2``; a shape other than (1, 1) means that the number
    stands in every component.
    """

    value: Fraction = Fraction(1)
    decimal: bool = False
    sizes: tuple[tuple[Size, int], ...] = ()
    named: tuple[str, ...] = ()
    approximate: float = field(default=1.0, compare=False)

    def _identity(self) -> tuple[Any, ...]:
        return ("number", (), self.value, self.sizes, self.named, self.shape)

    @property
    def plain(self) -> bool:
        return not self.sizes and not self.named

    def times(self, other: Number, exponent: int = 1) -> Number:
        if exponent < 0 and not other.value:
            raise CellError("an equation divides by a number that is zero.")
        sizes = dict(self.sizes)
        for size, power_ in other.sizes:
            sizes[size] = sizes.get(size, 0) + exponent * power_
        return Number(
            shape=self.shape if self.shape != SCALAR else other.shape,
            value=self.value * other.value**exponent,
            decimal=self.decimal or other.decimal,
            sizes=tuple((size, power_) for size, power_ in sizes.items() if power_),
            named=self.named + (other.named if exponent == 1 else tuple(f"1/({n})" for n in other.named)),
            approximate=self.approximate * other.approximate**exponent,
        )


def number(value: Any, shape: Shape = SCALAR) -> Number:
    """A constant node from an int, a Fraction, a float or the text of a number."""
    if isinstance(value, NamedNumber):
        return Number(shape=shape, named=(value.text,), approximate=float(value))
    text = str(value)
    return Number(shape=shape, value=Fraction(text), decimal="." in text or "e" in text.lower())


def number_of(sizes: Iterable[Size]) -> Number:
    """The product of sizes: how many components there are."""
    result = number(1)
    for size in sizes:
        named = Number(shape=SCALAR, sizes=((size, 1),)) if isinstance(size, str) else number(size)
        result = result.times(named)
    return result


def is_number(node: Node, value: int | None = None) -> bool:
    return isinstance(node, Number) and (value is None or (node.plain and node.value == value))


def apply(op: Op, inputs: tuple[Any, ...], attributes: Mapping[str, Any]) -> Node:
    """The node ``op(*inputs)``, simplified; raises ShapeError if the shapes do not fit."""
    nodes = tuple(value if isinstance(value, Node) else number(value) for value in inputs)
    shape = op.shape(*(node.shape for node in nodes), **attributes)
    simplify = _SIMPLIFY.get(op.name)
    if simplify is not None:
        simpler = simplify(nodes, shape, dict(attributes))
        if simpler is not None:
            return simpler
    return Node(shape, op, nodes, tuple(sorted(attributes.items())))


def as_it_is(op: Op, *nodes: Node, **attributes: Any) -> Node:
    """A node as it is, without another look at it."""
    shape = op.shape(*(node.shape for node in nodes), **attributes)
    return Node(shape, op, nodes, tuple(sorted(attributes.items())))


def is_op(node: Node, op: Op) -> bool:
    return node.op is op


def _stretched(node: Node, shape: Shape) -> Node:
    """The node in a larger shape: a number is simply that number in every component."""
    if node.shape == shape:
        return node
    if isinstance(node, Number):
        return Number(shape, None, (), (), 0, node.value, node.decimal, node.sizes, node.named, node.approximate)
    return as_it_is(broadcast_to, node, shape=shape)


def _simplify_negative(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    (x,) = nodes
    if is_op(x, negative):
        return x.inputs[0]
    if isinstance(x, Number):
        return x.times(number(-1))
    if is_op(x, subtract):
        return x.inputs[1] - x.inputs[0]
    return None


def _simplify_add(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    a, b = nodes
    if is_number(a, 0):
        return _stretched(b, shape)
    if is_number(b, 0):
        return _stretched(a, shape)
    if isinstance(a, Number) and isinstance(b, Number) and a.plain and b.plain:
        return Number(shape=shape, value=a.value + b.value, decimal=a.decimal or b.decimal)
    if is_op(b, negative):
        return a - b.inputs[0]
    if is_op(a, negative):
        return b - a.inputs[0]
    return None


def _simplify_subtract(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    a, b = nodes
    if is_number(b, 0):
        return _stretched(a, shape)
    if is_number(a, 0):
        return _stretched(-b, shape)
    if isinstance(a, Number) and isinstance(b, Number) and a.plain and b.plain:
        return Number(shape=shape, value=a.value - b.value, decimal=a.decimal or b.decimal)
    if is_op(b, negative):
        return a + b.inputs[0]
    return None


def _split_number(node: Node) -> tuple[Number | None, Node | None]:
    """``c · rest`` as (c, rest); the number of a product stands in front of it."""
    if isinstance(node, Number):
        return node, None
    if is_op(node, negative):
        inner, rest = _split_number(node.inputs[0])
        return (inner or number(1)).times(number(-1)), rest
    if node.op is multiply and isinstance(node.inputs[0], Number):
        return node.inputs[0], node.inputs[1]
    return None, node


def _with_number(constant: Number, rest: Node | None, shape: Shape) -> Node:
    if rest is None:
        return _stretched(constant, shape)
    if is_number(constant, 0):
        return number(0, shape)
    constant = Number(
        SCALAR, None, (), (), 0, constant.value, constant.decimal, constant.sizes, constant.named, constant.approximate
    )
    rest = _stretched(rest, shape)
    if is_number(constant, 1):
        return rest
    if constant.value < 0:
        return as_it_is(negative, _with_number(constant.times(number(-1)), rest, shape))
    return as_it_is(multiply, constant, rest)


def _simplify_multiply(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    left, a = _split_number(_unstretched(nodes[0]))
    right, b = _split_number(_unstretched(nodes[1]))
    if left is None and right is None:
        if a is nodes[0] and b is nodes[1]:
            return None
        assert a is not None
        assert b is not None
        return _stretched(a * b, shape)
    constant = (left or number(1)).times(right or number(1))
    rest = b if a is None else a if b is None else _product(a, b)
    return _with_number(constant, rest, shape)


def _product(a: Node, b: Node) -> Node:
    return as_it_is(multiply, a, b)


def _unstretched(node: Node) -> Node:
    """A broadcast single number multiplies just as well as it is."""
    return node.inputs[0] if is_op(node, broadcast_to) and node.inputs[0].shape == SCALAR else node


def _simplify_divide(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    left, a = _split_number(_unstretched(nodes[0]))
    right, b = _split_number(_unstretched(nodes[1]))
    if b is None and right is not None and right.value:
        one = number(1)
        constant = (left or one).times(right, exponent=-1)
        return _with_number(constant, a, shape)
    if is_number(nodes[0], 0):
        return number(0, shape)
    if left is None and right is None:
        return None
    constant = (left or number(1)).times(right or number(1), exponent=-1)
    if a is not None and constant.plain and constant.value == 1 and b is not None:
        return as_it_is(divide, a, b)
    if constant.value < 0:
        return -apply(divide, (_with_number(constant.times(number(-1)), a, SCALAR if a is None else a.shape), b), {})
    return None


def _simplify_transpose(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    (x,) = nodes
    if is_op(x, matrix_transpose):
        return x.inputs[0]
    if isinstance(x, Number):
        return Number(shape, None, (), (), 0, x.value, x.decimal, x.sizes, x.named, x.approximate)
    if x.shape == SCALAR:
        return x
    if is_op(x, matmul):
        return apply(matmul, (_flip(x.inputs[1]), _flip(x.inputs[0])), {})
    return None


def _simplify_matmul(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    parts, constant = [], number(1)
    for node in nodes:
        own, rest = (None, node) if isinstance(node, Number) else _split_number(node)
        constant = constant.times(own) if own else constant
        parts.append(rest or node)
    if not is_number(constant, 1):
        return _with_number(constant, as_it_is(matmul, *parts), shape)
    return None


def _simplify_power(nodes: tuple[Node, ...], shape: Shape, attributes: dict[str, Any]) -> Node | None:
    return nodes[0] if attributes["exponent"] == 1 else None


def _simplify_broadcast(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    (x,) = nodes
    return _stretched(x, shape) if isinstance(x, Number) or x.shape == shape else None


def _simplify_sum_to(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    """A sum over components, never over a batch; that of a product of two vectors is their inner product."""
    (x,) = nodes
    if x.shape == shape:
        return x
    constant, rest = _split_number(x)
    if rest is None:
        return None
    axis = tuple(a for a in COMPONENTS if shape[a] == 1 and x.shape[a] != 1)
    added: Node = as_it_is(total, rest, axis=COMPONENTS if shape == SCALAR else axis)
    if shape == SCALAR and 1 in x.shape and rest.op is multiply and rest.inputs[0].shape == rest.inputs[1].shape:
        a, b = rest.inputs
        added = as_it_is(matmul, _flip(a), b) if x.shape[1] == 1 else as_it_is(matmul, a, _flip(b))
    return _with_number(constant or number(1), added, shape)


def _flip(node: Node) -> Node:
    return apply(matrix_transpose, (node,), {})


def _simplify_ratio(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    return nodes[0] if is_number(nodes[1], 1) else None


def _simplify_concatenate(nodes: tuple[Node, ...], shape: Shape, _: dict[str, Any]) -> Node | None:
    return nodes[0] if len(nodes) == 1 else None


_SIMPLIFY = {
    "negative": _simplify_negative,
    "add": _simplify_add,
    "subtract": _simplify_subtract,
    "multiply": _simplify_multiply,
    "divide": _simplify_divide,
    "ratio": _simplify_ratio,
    "matrix_transpose": _simplify_transpose,
    "matmul": _simplify_matmul,
    "power": _simplify_power,
    "broadcast_to": _simplify_broadcast,
    "sum_to": _simplify_sum_to,
    "concatenate": _simplify_concatenate,
}
