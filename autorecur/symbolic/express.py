"""From nodes to SymPy: the symbolic form of every op, one line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Basic, Expr, Integer
from sympy.matrices.expressions import MatAdd, MatMul, OneMatrix, Transpose

from autorecur.graph.adjoint import factors, summands
from autorecur.graph.clocks import unmarked
from autorecur.graph.node import SCALAR, Fixed, Node, Number, Variable
from autorecur.graph.range import Bound
from autorecur.graph.walk import postorder
from autorecur.ops import Shape
from autorecur.symbolic import carriers as c


def express(root: Node, step: Expr = c.t) -> Basic:
    """The SymPy expression of a node at the given step; the order of terms and factors is kept."""
    done: dict[int, Basic] = {}
    for node in postorder(root):
        done[id(node)] = _one(node, done, step)
    return done[id(root)]


def _one(node: Node, done: dict[int, Basic], step: Expr) -> Basic:
    if isinstance(node, Fixed):
        return _fixed(node)
    if isinstance(node, Variable):
        if (start := unmarked(node.name)) and node.offset is not None:
            return c.quantity(start[0], _step(start[1], "T"), node.shape)
        if node.offset is None:
            return c.symbol(node.name, node.shape)
        return c.quantity(node.name, step + node.offset, node.shape)
    if isinstance(node, Number):
        return _constant(node)
    assert node.op is not None
    rule = _RULES.get(node.op.name, _function)
    return rule(node, done)


def _fixed(node: Fixed) -> Basic:
    """A quantity at a step that does not move; ``s[0]`` is that of s, wherever it is computed."""
    start = unmarked(node.base)
    name, bound = (node.base, node.bound) if start is None else start
    return c.quantity(name, _step(bound, node.clock), node.shape)


def _step(bound: Bound, clock: str) -> Expr:
    return c.last(clock) + bound.offset if bound.from_end else Integer(bound.offset)


def coefficient(node: Number) -> Expr:
    """The exact value of a constant; what was written as a decimal stays one."""
    value: Expr = sympy.Rational(node.value.numerator, node.value.denominator)
    if node.decimal and not value.is_Integer:
        value = sympy.Float(value, 30)
    parts = [value]
    parts.extend(c.size(size) ** exponent for size, exponent in node.sizes)
    parts.extend(sympy.sympify(text) for text in node.named)
    return sympy.Mul(*parts)


def _constant(node: Number) -> Basic:
    return _number(coefficient(node), node.shape)


def _number(value: Expr, shape: Shape) -> Basic:
    """One number in every component."""
    ones = c.ones(shape)
    return ones if value == 1 else MatMul(value, ones)


def _in_shape(part: Basic, shape: tuple[Any, ...]) -> Basic:
    """A single number in every component of a larger shape."""
    wanted = (c.size(shape[0]), c.size(shape[1]))
    if part.shape == wanted:
        return part
    if isinstance(part, OneMatrix):
        return c.ones(shape)
    if isinstance(part, MatMul) and isinstance(part.args[-1], OneMatrix):
        *numbers, _ = part.args
        if len(numbers) == 1 or all(number.is_number for number in numbers):
            return MatMul(sympy.Mul(*numbers), c.ones(shape))
    return c.Broadcast(part, *wanted)


def _sum(node: Node, done: dict[int, Basic]) -> Basic:
    terms = []
    for sign, part in summands(node):
        term = _in_shape(done[id(part)], node.shape)
        terms.append(term if sign > 0 else c.negated(term))
    return MatAdd(*terms) if len(terms) > 1 else terms[0]


def _product(node: Node, done: dict[int, Basic]) -> Basic:
    """Numbers in front, then single quantities that scale, then the elementwise product of the rest."""
    parts = factors(node)
    numbers = [coefficient(part) for part in parts if isinstance(part, Number)]
    rest = [done[id(part)] for part in parts if not isinstance(part, Number)]
    if not rest:
        return _number(sympy.Mul(*numbers), node.shape)
    body: Basic
    if node.shape == SCALAR:
        body = c.hadamard(*rest)
    else:
        scalars = [part for part in rest if part.shape == (1, 1)]
        matrices = [part for part in rest if part.shape != (1, 1)]
        body = c.hadamard(*matrices)
        if scalars:
            body = c.Scaled(c.hadamard(*scalars), body)
    value = sympy.Mul(*numbers)
    if value == 1:
        return body
    return MatMul(value, *body.args) if isinstance(body, MatMul) else MatMul(value, body)


def _matmul(node: Node, done: dict[int, Basic]) -> Basic:
    """A chain of matrix products, flat; a number inside comes to the front."""
    numbers: list[Expr] = []
    flat: list[Basic] = []
    for part in node.inputs:
        expression = done[id(part)]
        for factor in expression.args if isinstance(expression, MatMul) else (expression,):
            (flat if getattr(factor, "is_Matrix", False) else numbers).append(factor)
    value = sympy.Mul(*numbers)
    return MatMul(*flat) if value == 1 else MatMul(value, *flat)


def _transpose(node: Node, done: dict[int, Basic]) -> Basic:
    return Transpose(done[id(node.inputs[0])])


def _negative(node: Node, done: dict[int, Basic]) -> Basic:
    return c.negated(done[id(node.inputs[0])])


def _quotient(node: Node, done: dict[int, Basic]) -> Basic:
    top, bottom = (done[id(part)] for part in node.inputs)
    guard = (Integer(1),) if node.op is not None and node.op.name == "ratio" else ()
    return c.Quotient(top, bottom, *guard)


def _attributes(node: Node) -> dict[str, Any]:
    return dict(node.attributes)


def _concatenation(node: Node, done: dict[int, Basic]) -> Basic:
    return c.Concatenation(_attributes(node)["axis"], *(done[id(part)] for part in node.inputs))


def _block(node: Node, done: dict[int, Basic]) -> Basic:
    a = _attributes(node)
    return c.Block(done[id(node.inputs[0])], a["axis"], c.size(a["start"]), c.size(a["size"]))


def _power(node: Node, done: dict[int, Basic]) -> Basic:
    exponent = 2 if node.op is not None and node.op.name == "square" else _attributes(node)["exponent"]
    return c.Power(done[id(node.inputs[0])], exponent)


def _broadcast(node: Node, done: dict[int, Basic]) -> Basic:
    return _in_shape(done[id(node.inputs[0])], node.shape)


def _function(node: Node, done: dict[int, Basic]) -> Basic:
    """Any op without a sign of its own is shown by its name."""
    assert node.op is not None
    operands = [done[id(part)] for part in node.inputs]
    name = "sum" if node.op.name == "sum_to" else node.op.name
    return c.Apply(name, c.size(node.shape[0]), c.size(node.shape[1]), *operands)


_RULES: dict[str, Callable[[Node, dict[int, Basic]], Basic]] = {
    "add": _sum,
    "subtract": _sum,
    "multiply": _product,
    "matmul": _matmul,
    "matrix_transpose": _transpose,
    "negative": _negative,
    "divide": _quotient,
    "ratio": _quotient,
    "concatenate": _concatenation,
    "block": _block,
    "power": _power,
    "square": _power,
    "broadcast_to": _broadcast,
}
