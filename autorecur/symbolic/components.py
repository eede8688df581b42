"""Index notation: a matrix expression's component (i, j) as a sum of products of components.

Each rule says what one kind of expression is made of, component by component; what reads a whole vector and has no such rule
(a maximum, a concatenation) stays whole, with the index behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Symbol
from sympy.matrices.expressions import (
    HadamardProduct,
    Identity,
    MatAdd,
    MatMul,
    MatrixSymbol,
    OneMatrix,
    Transpose,
    ZeroMatrix,
)

from autorecur.ops import op_named
from autorecur.symbolic import carriers as c
from autorecur.symbolic.scalars import COMPONENTS

ONE = Integer(1)
INDICES = tuple(Symbol(name, integer=True, positive=True) for name in COMPONENTS)
"""Running indices; which letter each has is the notation's choice."""


class TooDeepError(Exception):
    """More sums inside each other than there are letters."""


def free_indices(shape: Sequence[Expr]) -> tuple[Expr, Expr]:
    """The indices of a whole matrix: none for a dimension of one."""
    letters = iter(INDICES)
    rows, columns = (ONE if size == 1 else next(letters) for size in shape)
    return rows, columns


def component(expression: Basic, i: Expr, j: Expr) -> Basic:
    """The component (i, j) as a 1×1 expression."""
    rows, columns = expression.shape
    i, j = (ONE if rows == 1 else i), (ONE if columns == 1 else j)
    for kind in type(expression).__mro__:
        rule = _RULES.get(kind)
        if rule is not None:
            return rule(expression, i, j)
    return _whole(expression, i, j)


def _whole(x: Any, i: Expr, j: Expr) -> Basic:
    return x if x.shape == (1, 1) else c.Entry(x, i, j)


def _fresh(*used: Basic) -> Symbol:
    """The first index that does not stand in what is summed."""
    taken: set[Any] = set().union(*(part.free_symbols for part in used))
    for index in INDICES:
        if index not in taken:
            return index
    raise TooDeepError


def _each(make: Callable[..., Basic]) -> Callable[[Any, Expr, Expr], Basic]:
    return lambda x, i, j: make(*(component(part, i, j) for part in x.args))


def product(parts: Sequence[Basic]) -> Basic:
    """The product of 1×1 expressions; ones are left out."""
    kept = [part for part in parts if not isinstance(part, OneMatrix)]
    return c.hadamard(*kept) if kept else c.ones((1, 1))


def scaled(number: Expr, body: Basic) -> Basic:
    return body if number == 1 else MatMul(number, body)


def _matmul(x: MatMul, i: Expr, j: Expr) -> Basic:
    """``Σ_k a_ik b_kj``; a diagonal matrix is one factor and no sum."""
    number = sympy.Mul(*(part for part in x.args if not getattr(part, "is_Matrix", False)))
    matrices = [part for part in x.args if getattr(part, "is_Matrix", False)]
    if len(matrices) == 1:
        return scaled(number, component(matrices[0], i, j))
    return scaled(number, _chain(matrices, i, j, (i, j)))


def _chain(matrices: Sequence[Any], i: Expr, j: Expr, taken: tuple[Expr, ...]) -> Basic:
    first, *rest = matrices
    if not rest:
        return component(first, i, j)
    if isinstance(first, c.Diagonal):
        return product([_of_diagonal(first, i), _chain(rest, i, j, taken)])
    if len(rest) == 1 and isinstance(rest[0], c.Diagonal):
        return product([component(first, i, j), _of_diagonal(rest[0], j)])
    length = first.shape[1]
    if length == 1:
        return product([component(first, i, ONE), _chain(rest, ONE, j, taken)])
    index = _fresh(*taken)
    body = product([component(first, i, index), _chain(rest, index, j, (*taken, index))])
    return c.IndexSum(apart(body, index), index, length)


def apart(body: Basic, index: Expr) -> Basic:
    """Sums over an index that runs, or is free, outside them get another letter."""
    inner = [part for part in sympy.preorder_traversal(body) if isinstance(part, c.IndexSum) and part.index == index]
    for part in inner:
        other = _fresh(body)
        body = body.xreplace({part: c.IndexSum(part.body.xreplace({index: other}), other, part.length)})
    return body


def _of_diagonal(x: c.Diagonal, i: Expr) -> Basic:
    return component(x.vector, i, i)


def _diagonal(x: c.Diagonal, i: Expr, j: Expr) -> Basic:
    return product([c.Kronecker(i, j), _of_diagonal(x, i)])


def _quotient(x: c.Quotient, i: Expr, j: Expr) -> Basic:
    return c.Quotient(component(x.top, i, j), component(x.bottom, i, j), *x.args[2:])


def _block(x: c.Block, i: Expr, j: Expr) -> Basic:
    return component(x.matrix, i + x.start, j) if x.axis == -2 else component(x.matrix, i, j + x.start)


def _time_sum(x: c.TimeSum, i: Expr, j: Expr) -> Basic:
    return c.TimeSum(component(x.body, i, j), *x.args[1:])


def _apply(x: c.Apply, i: Expr, j: Expr) -> Basic:
    """Elementwise functions of components; reductions as sums over them."""
    if op_named(x.op).kind == "elementwise":
        return _function(x.op, *(component(operand, i, j) for operand in x.operands))
    rule = _REDUCTIONS.get(x.op)
    if rule is None or x.operands[0].shape == (1, 1):
        return _whole(x, i, j)
    return rule(x, i, j)


def _function(op: str, *operands: Basic) -> Basic:
    return c.Apply(op, 1, 1, *operands)


def _over(x: Any, term: Callable[[Expr, Expr], Basic], *used: Expr) -> Basic:
    """The sum over all components of x."""
    rows, columns = x.shape
    first = ONE if rows == 1 else _fresh(*used)
    second = ONE if columns == 1 else _fresh(*used, first)
    body = term(first, second)
    for index, size in ((second, columns), (first, rows)):
        body = body if index == 1 else c.IndexSum(apart(body, index), index, size)
    return body


def _sum(x: c.Apply, i: Expr, j: Expr) -> Basic:
    (operand,) = x.operands
    return _over(operand, lambda a, b: component(operand, a, b))


def _mean(x: c.Apply, i: Expr, j: Expr) -> Basic:
    rows, columns = x.operands[0].shape
    return MatMul(1 / (rows * columns), _sum(x, i, j))


def _norm(x: c.Apply, i: Expr, j: Expr) -> Basic:
    (operand,) = x.operands
    return _function("sqrt", _over(operand, lambda a, b: c.Power(component(operand, a, b), 2)))


def _exponentials(operand: Any, *used: Expr) -> Basic:
    return _over(operand, lambda a, b: _function("exp", component(operand, a, b)), *used)


def _softmax(x: c.Apply, i: Expr, j: Expr) -> Basic:
    (operand,) = x.operands
    return c.Quotient(_function("exp", component(operand, i, j)), _exponentials(operand, i, j))


def _logsumexp(x: c.Apply, i: Expr, j: Expr) -> Basic:
    return _function("log", _exponentials(x.operands[0]))


def _cross_entropy(x: c.Apply, i: Expr, j: Expr) -> Basic:
    logits, target = x.operands
    softmax = c.Apply("softmax", *logits.shape, logits)
    return c.negated(
        _over(logits, lambda a, b: product([component(target, a, b), _function("log", c.Entry(softmax, a, b))]))
    )


def _binary_cross_entropy(x: c.Apply, i: Expr, j: Expr) -> Basic:
    logits, target = x.operands
    one = c.ones((1, 1))

    def term(a: Expr, b: Expr) -> Basic:
        wanted, probability = component(target, a, b), _function("sigmoid", component(logits, a, b))
        first = product([wanted, _function("log", probability)])
        other = c.total([one, c.negated(probability)], (1, 1))
        return c.total([first, product([c.total([one, c.negated(wanted)], (1, 1)), _function("log", other)])], (1, 1))

    return c.negated(_over(logits, term))


Rule = Callable[[Any, Expr, Expr], Basic]
_REDUCTIONS: dict[str, Rule] = {
    "sum": _sum,
    "mean": _mean,
    "norm": _norm,
    "softmax": _softmax,
    "logsumexp": _logsumexp,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
}
_RULES: dict[type, Rule] = {
    MatrixSymbol: _whole,
    c.Quantity: _whole,
    c.Concatenation: _whole,
    MatAdd: _each(MatAdd),
    HadamardProduct: _each(c.hadamard),
    MatMul: _matmul,
    Transpose: lambda x, i, j: component(x.arg, j, i),
    OneMatrix: lambda x, i, j: c.ones((1, 1)),
    ZeroMatrix: lambda x, i, j: ZeroMatrix(1, 1),
    Identity: lambda x, i, j: c.Kronecker(i, j),
    c.Apply: _apply,
    c.Scaled: _each(lambda scalar, matrix: product([scalar, matrix])),
    c.Broadcast: lambda x, i, j: component(x.scalar, ONE, ONE),
    c.Quotient: _quotient,
    c.Block: _block,
    c.Power: lambda x, i, j: c.Power(component(x.base, i, j), x.exponent),
    c.TimeSum: _time_sum,
    c.Diagonal: _diagonal,
}
