"""Every equation by components, beside its matrix form: the finished equations rewritten, term by term."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import sympy
from sympy import Basic, Expr

from autorecur.derive.equation import Equation
from autorecur.symbolic import carriers as c
from autorecur.symbolic.components import TooDeepError, apart, component, free_indices


def by_components(equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """The component form of each equation that has one; products of Jacobians over time have none."""
    return tuple(_forms(equations))


def _forms(equations: Iterable[Equation]) -> Iterator[Equation]:
    for equation in equations:
        if equation.section == "paths" or not equation.terms:
            continue
        i, j = free_indices(equation.lhs.shape)
        try:
            terms = tuple(replace(term, expression=_component(term.expression, i, j)) for term in equation.terms)
        except TooDeepError:
            continue
        if (i, j) == (1, 1) and not any(_holds_components(term.expression) for term in terms):
            continue
        yield replace(
            equation,
            number=f"{equation.number[:-1]}′)",
            label=f"{equation.label} by components",
            lhs=component(equation.lhs, i, j),
            terms=terms,
            of=equation.label,
        )


def _component(expression: Basic, i: Expr, j: Expr) -> Basic:
    return apart(apart(component(expression, i, j), i), j)


def _holds_components(expression: Basic) -> bool:
    return any(isinstance(part, c.Entry) for part in sympy.preorder_traversal(expression))
