"""The recursion written out: the equations of section 5 at each step, from the last one back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy
from sympy import Integer

from autorecur.derive.equation import Term
from autorecur.page.context import Page
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines, Math, Paragraph, Strong
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import compose_terms
from autorecur.symbolic.layout import Sign, relation, row

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation

MOST_STEPS = 12
"""All steps are written out up to this number; of more, the first and the last."""


def unrolled(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    steps = page.derivation.steps
    assert steps is not None
    yield Paragraph(page.words("unrolled.opening", last=page.steps_name(), count=page.composer.at(Integer(steps))))
    shown = list(range(steps, 0, -1)) if steps <= MOST_STEPS else [steps, steps - 1, 0, 2, 1]
    backwards = page.section("loss", "backward")
    for step in shown:
        if step == 0:
            yield Display((EquationRow((Cell(None, (Sign("vdots"),), None),)),))
            continue
        rows = tuple(_instances(page, backwards, step, steps))
        if rows:
            time = row(page.composer.at(c.t), relation("="), page.composer.at(Integer(step)))
            yield Paragraph((Strong((Math(time),)),))
            yield Display(rows)


def _instances(page: Page, equations: list[Equation], step: int, steps: int) -> Iterator[EquationRow]:
    for equation in equations:
        if not equation.label.startswith("dL/d") or not equation.terms:
            continue
        if equation.steps is not None and step in equation.steps.at(steps):
            yield _instance(page, equation, step, steps)


def _instance(page: Page, equation: Equation, step: int, steps: int) -> EquationRow:
    """An equation with numbers for t and T; its reason is the general equation."""
    values = {c.t: Integer(step), c.T: Integer(steps)}
    lhs = equation.lhs.xreplace(values)
    terms = tuple(_at(term, values) for term in equation.terms)
    right = compose_terms(_Instance(lhs, terms), page.notation)
    note: Inlines = page.reference(equation.label)
    return EquationRow((Cell(page.composer(lhs), (right,)),), (), note)


class _Instance:
    """Two sides at a fixed step."""

    def __init__(self, lhs: sympy.Basic, terms: tuple[Term, ...]) -> None:
        self.lhs, self.terms = lhs, terms


def _at(term: Term, values: dict[sympy.Symbol, Integer]) -> Term:
    return Term(term.expression.xreplace(values), term.through, term.offset, term.rules, term.steps)
