"""Equations as typeset mathematics: sides, terms with their labels, and the author's own equations of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import Basic

from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import MINUS, Composer, signed
from autorecur.symbolic.layout import Backward, Future, Layout, Num, Underbrace, binary, relation, row
from autorecur.symbolic.names import DEFAULT, Notation, notation_of
from autorecur.symbolic.strength import BIG

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation, Term
    from autorecur.language.cell import Cell


def compose_terms(
    equation: Equation, notation: Notation = DEFAULT, labels: Sequence[Layout | None] | None = None
) -> Layout:
    """The right-hand side, term by term: what comes from another step is shaded, its index bold; labels stand under terms."""
    if not equation.terms:
        return Num("0")
    alone = len(equation.terms) == 1
    items: list[Layout] = []
    for i, term in enumerate(equation.terms):
        label = labels[i] if labels else None
        negative, rest = (False, term.expression) if alone else signed(term.expression)
        body = _term(term, rest, equation, notation, alone, label)
        if items:
            items.append(binary("-" if negative else "+"))
        elif negative:
            items.append(MINUS)
        items.append(body)
    return row(*items)


def _term(
    term: Term, expression: Basic, equation: Equation, notation: Notation, alone: bool, label: Layout | None
) -> Layout:
    step = getattr(equation.lhs, "step", None)
    moved = step + term.offset if term.offset and step is not None else None
    composer = Composer(notation, moved)
    keep = 0 if alone or label is not None else BIG
    body = composer(expression) if alone else composer.within(expression, keep)
    if moved is not None:
        body = Future(body)
    if label is None:
        return body
    return Underbrace(body, Backward(label) if moved is not None else label)


def compose_sides(
    equation: Equation, notation: Notation = DEFAULT, labels: Sequence[Layout | None] | None = None
) -> tuple[Layout, Layout]:
    """Left side and right side, so that a display can be aligned at the sign between them."""
    return Composer(notation)(equation.lhs), compose_terms(equation, notation, labels)


def compose_equation(
    equation: Equation, notation: Notation = DEFAULT, labels: Sequence[Layout | None] | None = None
) -> Layout:
    """``lhs = rhs`` as one layout."""
    left, right = compose_sides(equation, notation, labels)
    return row(left, relation("="), right)


def cell_layout(cell: Cell) -> list[tuple[Layout, Layout]]:
    """The author's equations as pairs of sides, in the author's order."""
    from autorecur.graph.step import build
    from autorecur.symbolic.express import express

    composer = Composer(notation_of(cell))
    authored = build(cell).authored
    return [(composer.name(a.name, c.t), composer(express(authored[a.name]))) for a in cell.assignments]


def cell_latex(cell: Cell) -> str:
    """The equations of a cell, aligned, for a notebook."""
    from autorecur.render.latex import latex

    rows = r" \\ ".join(f"{latex(left)} &= {latex(right)}" for left, right in cell_layout(cell))
    return rf"\begin{{aligned}} {rows} \end{{aligned}}"
