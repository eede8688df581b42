"""Sections 3 and 4: the loss with its first derivative, and what an adjoint is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autorecur.page.context import Page
from autorecur.page.packing import columns_for, fits_line
from autorecur.page.parts import where_of_loss
from autorecur.page.readers import labels
from autorecur.page.reasons import reason
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines, Math, Paragraph

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation

SQUARES = ("mse", "squared", "half_squared")


def loss(page: Page) -> Iterator[Block]:
    """The formula of the loss, the steps at which it stands, the seed."""
    yield Paragraph(_opening(page))
    seeds = [e for e in page.section("loss") if e.label.startswith("dL/d")]
    rows = _beside([_row(page, e) for e in page.section("loss") if e not in seeds])
    rows.extend(page.display_row(e, note=_seed_note(page, e.label)) for e in seeds)
    yield Display(tuple(rows))
    if page.derivation.decay is not None:
        yield Paragraph(page.words("decay.loss", coefficient=page.name(page.derivation.decay.coefficient, None)))
    if page.derivation.loss.bypassed:
        yield Paragraph(page.words("loss.logits", output=page.name(page.derivation.loss.bypassed)))


def _beside(rows: list[EquationRow]) -> list[EquationRow]:
    """The loss of a step and the whole one in one row, if they are short."""
    cells = [cell for row in rows for cell in row.cells if cell is not None]
    if len(cells) != len(rows) or len(rows) < 2 or columns_for([cells], len(cells)) < len(cells):
        return rows
    return [EquationRow(tuple(cells), tuple(number for row in rows for number in row.numbers))]


def _row(page: Page, equation: Equation) -> EquationRow:
    """The equation with a label under its penalty, if it fits the line: what is labelled does not break."""
    plain = page.display_row(equation)
    labelled = labels(page, equation) if equation.label == "L" else None
    (cell,) = plain.cells
    fits = cell is not None and fits_line(cell)
    return page.display_row(equation, labelled) if labelled and fits else plain


def _opening(page: Page) -> Inlines:
    found = page.derivation.loss
    where = page.words(f"loss.at.{found.at}", last=page.last_step())
    if page.derivation.clocks is not None:
        where = where_of_loss(page)
    outputs = page.words.listed([Math(page.name(name)) for name in found.outputs])
    if found.kind in ("expression", "directions"):
        return page.words(f"loss.{found.kind}", outputs=outputs, where=where)
    return page.words("loss.target", outputs=outputs, target=page.name("target"), where=where)


def _seed_note(page: Page, label: str) -> Inlines:
    equation = page.equation(label)
    assert equation is not None
    name = label.removeprefix("dL/d").split("@")[0]
    why = reason(page, equation.terms)
    bypassed = page.derivation.loss.bypassed
    if bypassed:
        return page.words("loss.only_through", why=why, quantity=page.name(name), function=page.name(bypassed))
    return page.words("loss.only", why=why, quantity=page.name(name))


def adjoint(page: Page) -> Iterator[Block]:
    """The definition, the one rule, and the letter for pre-activations."""
    yield Paragraph(page.words("adjoint.is"))
    body = page.words.formula("adjoint.formula")
    key = "adjoint.note_rows" if page.in_rows else "adjoint.note"
    key = "notation.note_denominator" if page.other_layout == "denominator" else key
    yield Display((EquationRow((Cell(None, (body,), None),), (), (), page.words(key)),))
    rule = page.rules.name("readers")
    yield Paragraph(page.words("adjoint.rule", rule=page.rule_names(["readers"]) if rule else ""))
    named = [e.label for e in page.section("names") if e.rule == "preactivation"]
    if named and page.notation.preactivation:
        pairs = page.words("adjoint.letter", delta=page.adjoint(named[0]), quantity=page.name(named[0]))
        yield Paragraph(pairs)
