"""The other layout of Jacobians: the finished equations of the path form, transposed.

A Jacobian has a row for each component of what is differentiated (numerator layout), or one for each component of what it is
differentiated by (denominator layout). Each is the transpose of the other, so both sides of an equation are transposed, and the
factors of a product turn round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sympy import Basic, Integer
from sympy.matrices.expressions import Identity, MatAdd, MatMul, OneMatrix, Transpose, ZeroMatrix

from autorecur.derive.equation import Equation
from autorecur.errors import AutorecurError
from autorecur.symbolic import carriers as c

if TYPE_CHECKING:
    from autorecur.symbolic.names import Notation


def in_other_layout(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """The equations with every Jacobian in the layout that it had not."""
    return tuple(
        replace(
            equation,
            lhs=turned(equation.lhs),
            terms=tuple(replace(term, expression=turned(term.expression)) for term in equation.terms),
            shape=equation.shape[::-1],
        )
        if equation.lhs.has(c.Derivative)
        else equation
        for equation in equations
    )


def telling(equations: Iterable[Equation], notation: Notation) -> tuple[Equation, ...]:
    """The equations without the sum over visits, where a notation would print both of its sides alike."""
    from autorecur.symbolic.display import compose_sides

    sides = {equation: compose_sides(equation, notation) for equation in equations if equation.rule == "column"}
    return tuple(e for e in equations if e not in sides or sides[e][0] != sides[e][1])


def in_rows(equations: Iterable[Equation]) -> bool:
    """Whether a Jacobian of these has a row for each component of what it is differentiated by."""
    return any(part.row for equation in equations for part in equation.lhs.atoms(c.Derivative))


def turned(expression: Basic) -> Basic:
    """The transpose of an expression, its Jacobians in the other layout."""
    rule = _RULES.get(type(expression))
    if rule is not None:
        return rule(expression)
    if expression.has(c.Derivative):
        raise AutorecurError(f"the other layout of {type(expression).__name__} is not known: {expression}")
    return expression if expression.shape == (1, 1) else Transpose(expression)


def _product(x: MatMul) -> Basic:
    numbers = [part for part in x.args if not getattr(part, "is_Matrix", False)]
    matrices = [turned(part) for part in reversed(x.args) if getattr(part, "is_Matrix", False)]
    return MatMul(*numbers, *matrices)


def _ordered(x: c.OrderedProduct) -> Basic:
    return c.OrderedProduct(turned(x.factor), x.index, x.first, x.last, *([] if x.rising else [Integer(1)]))


def _derivative(x: c.Derivative) -> Basic:
    return c.Derivative(x.top, x.bottom, int(x.immediate), int(not x.row))


_RULES: dict[type, Callable[[Any], Basic]] = {
    MatAdd: lambda x: MatAdd(*(turned(part) for part in x.args)),
    MatMul: _product,
    Transpose: lambda x: x.arg,
    Identity: lambda x: x,
    OneMatrix: lambda x: OneMatrix(*x.shape[::-1]),
    ZeroMatrix: lambda x: ZeroMatrix(*x.shape[::-1]),
    c.Scaled: lambda x: c.Scaled(x.scalar, turned(x.matrix)),
    c.TimeSum: lambda x: c.TimeSum(turned(x.body), *x.args[1:]),
    c.OrderedProduct: _ordered,
    c.Derivative: _derivative,
    c.Diagonal: lambda x: x,
    c.Spread: lambda x: c.Spread(turned(x.vector), *x.args[1:]),
    c.Blocks: lambda x: c.blocks([[turned(part) for part in line] for line in zip(*x.lines, strict=True)]),
    c.Block: lambda x: c.Block(turned(x.matrix), -3 - x.axis, *x.args[2:]),
}
