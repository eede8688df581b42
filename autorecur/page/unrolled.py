"""The recursion written out: the equations of section 5 at each step, from the last one back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import sympy
from sympy import Integer

from autorecur.derive.equation import Term
from autorecur.page.context import Page, plain
from autorecur.page.packing import packed
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Math, Paragraph
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
        found = [e for e in backwards if _exists(e, step, steps)]
        if not found:
            continue
        first, *others = packed([(_instance(page, e, step, steps), "") for e in found])
        time = Math(row(page.composer.at(c.t), relation("="), page.composer.at(Integer(step))))
        links = page.links([int(plain(e.number)) for e in found])
        yield Display((replace(first, note=page.words("unrolled.note", step=time, equations=links)), *others))


def _exists(equation: Equation, step: int, steps: int) -> bool:
    if not equation.label.startswith("dL/d") or not equation.terms or equation.steps is None:
        return False
    return step in equation.steps.at(steps)


def _instance(page: Page, equation: Equation, step: int, steps: int) -> Cell:
    """An equation with numbers for t and T."""
    values = {c.t: Integer(step), c.T: Integer(steps)}
    lhs = equation.lhs.xreplace(values)
    terms = tuple(_at(term, values) for term in equation.terms)
    right = compose_terms(replace(equation, lhs=lhs, terms=terms), page.notation)
    return Cell(page.composer(lhs), (right,))


def _at(term: Term, values: dict[sympy.Symbol, Integer]) -> Term:
    return Term(term.expression.xreplace(values), term.through, term.offset, term.rules, term.steps)
