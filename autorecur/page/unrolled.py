"""The recursion written out: the equations of section 5 at each step, from the last one back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Integer

from autorecur.derive.instances import line_at, terms_at
from autorecur.page.context import Page, plain
from autorecur.page.packing import packed
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Math, Paragraph
from autorecur.symbolic import carriers as c
from autorecur.symbolic.display import compose_terms
from autorecur.symbolic.layout import Sign, relation, row

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation, Term

MOST_STEPS = 12
"""All steps are written out up to this number; of more, the first and the last."""


def unrolled(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    steps = page.derivation.steps
    assert steps is not None
    yield Paragraph(page.words("unrolled.opening", last=page.steps_name(), count=page.composer.size(steps)))
    shown = list(range(steps, 0, -1)) if steps <= MOST_STEPS else [steps, steps - 1, 0, 2, 1]
    adjoints = [e for e in page.section("loss", "backward") if _name(e) in page.derivation.adjoints]
    for step in shown:
        if step == 0:
            yield Display((EquationRow((Cell(None, (Sign("vdots"),), None),)),))
            continue
        found = {
            equation: terms
            for equation in adjoints
            if (terms := terms_at(page.derivation, _name(equation), step, steps))
        }
        if not found:
            continue
        first, *others = packed([(_instance(page, e, terms, step), "") for e, terms in found.items()])
        time = Math(row(page.composer.at(c.t), relation("="), page.composer.at(Integer(step))))
        links = page.links([_number(page, e, step, steps) for e in found])
        yield Display((replace(first, note=page.words("unrolled.note", step=time, equations=links)), *others))


def _name(equation: Equation) -> str:
    return equation.label.removeprefix("dL/d")


def _number(page: Page, equation: Equation, step: int, steps: int) -> int:
    """The number of the line of section 5 that speaks of this step."""
    return int(plain((line_at(page.derivation, _name(equation), step, steps) or equation).number))


def _instance(page: Page, equation: Equation, terms: tuple[Term, ...], step: int) -> Cell:
    """The adjoint at a step, with a number for t."""
    lhs = c.quantity(equation.lhs.name, Integer(step), equation.shape)
    right = compose_terms(replace(equation, lhs=lhs, terms=terms), page.notation)
    return Cell(page.composer(lhs), (right,))
