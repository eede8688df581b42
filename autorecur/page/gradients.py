"""Section 6: gradients of the parameters, grouped by the equation that they came through, of inputs and initial states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy
from sympy.matrices.expressions import HadamardProduct, MatMul, MatrixExpr, Transpose

from autorecur.derive.decay import PENALTY
from autorecur.page.backward import groups
from autorecur.page.context import Page, plain
from autorecur.page.model import is_bias
from autorecur.page.packing import columns_for, packed
from autorecur.page.readers import labels, sentence
from autorecur.page.reasons import reason, short_reason
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines, Math, Paragraph, Strong
from autorecur.symbolic.carriers import Quantity, TimeSum

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation

MOST_BESIDE = 4
MOST_HIGH = 3
"""So many rows of gradients have sums as high as a display's."""


def parameters(page: Page) -> Iterator[Block]:
    """All parameters; those of one equation side by side."""
    equations = page.section("parameters")
    if not equations:
        return
    if not page.brief:
        title = Strong(page.words("heading.parameters"))
        text = [title, " ", *_pattern(page, equations)]
        if any(e.rhs.has(HadamardProduct) for e in equations):
            text.extend((" ", *page.words("gradients.elementwise")))
        yield Paragraph(tuple(text))
    rows = [EquationRow(row.cells, row.numbers, (), row.note) for row in _rows(page, equations)]
    beside = max(len(row.cells) for row in rows)
    yield Display(tuple(_padded(row, beside) for row in rows))


def _pattern(page: Page, equations: list[Equation]) -> Inlines:
    """What a step contributes, in the order of factors that these equations have."""
    over_time = any(isinstance(term.expression, TimeSum) for e in equations for term in e.terms)
    if not over_time:
        return page.words("gradients.last_only")
    forms = {form for e in equations for term in e.terms if (form := _form(term.expression))}
    key = next(iter(forms)) if len(forms) == 1 else "mixed"
    text = page.words("gradients.pattern", what=page.words(f"gradients.form.{key}") if forms else "")
    if any(is_bias(page, name) for name in page.derivation.cell.parameters):
        return (*text, " ", *page.words("gradients.bias"))
    return text


def _form(expression: sympy.Basic) -> str:
    """The order of the factors in the outer product of a term; empty if it has none."""
    for part in sympy.preorder_traversal(expression):
        if isinstance(part, MatMul):
            found = [f for f in part.args if isinstance(f, MatrixExpr)]
            if len(found) < 2 or not any(isinstance(f, Transpose) for f in (found[0], found[-1])):
                return ""
            if isinstance(found[0], Transpose):
                return "outer_rows" if _backward(found[-1]) else "mixed"
            return "outer_transposed" if _backward(found[-1]) else "outer"
    return ""


def _backward(expression: sympy.Basic) -> bool:
    """Whether an adjoint stands in it."""
    return any(quantity.name.startswith("dL/d") for quantity in expression.atoms(Quantity))


def _padded(row: EquationRow, beside: int) -> EquationRow:
    return EquationRow((*row.cells, *([None] * (beside - len(row.cells)))), row.numbers, row.comment, row.note)


def _rows(page: Page, equations: list[Equation]) -> list[EquationRow]:
    """The equations by what they came through; as many beside each other as fit in every row."""
    together: dict[str, list[Equation]] = {}
    for e in equations:
        ways = [term for term in e.terms if term.through != PENALTY] or list(e.terms)
        through = ways[0].through or "" if len(ways) == 1 else f"alone {e.label}"
        together.setdefault(through, []).append(e)
    if page.brief:
        together = {way: [page.form(e) for e in members] for way, members in together.items()}
    beside = _beside(page, list(together.values()))
    if page.brief and beside < min(MOST_BESIDE, max(len(members) for members in together.values())):
        return packed([(page.cell(e), plain(e.number)) for members in together.values() for e in members])
    rows = []
    said: set[tuple[str, ...]] = set()
    for through, members in together.items():
        for start in range(0, len(members), beside):
            part = members[start : start + beside]
            note = _note(page, through, part, said) if start == 0 or through.startswith("alone") else ()
            cells: tuple[Cell | None, ...] = tuple(_cell(page, e, len(together)) for e in part)
            rows.append(EquationRow(cells, tuple(plain(e.number) for e in part), (), note))
    return rows


def _cell(page: Page, equation: Equation, rows: int) -> Cell:
    """Where many rows stand close together, sums are as low as a line."""
    low = rows > MOST_HIGH and not page.brief
    return (page.lowered if low else page).cell(equation, labels(page, equation))


def _beside(page: Page, together: list[list[Equation]]) -> int:
    most = min(MOST_BESIDE, max(len(members) for members in together))
    return columns_for([[_cell(page, e, len(together)) for e in members] for members in together], most)


def _note(page: Page, through: str, part: list[Equation], said: set[tuple[str, ...]]) -> Inlines:
    """The equation that the row came through, and the rules: in words the first time, then by name."""
    if page.brief:
        return ()
    terms = [term for e in part for term in e.terms]
    sums = any(isinstance(term.expression, TimeSum) for term in terms)
    if not terms:
        return page.words("gradients.nothing")
    kinds = tuple(sorted({rule for term in terms for rule in term.rules}))
    why = short_reason(page, terms, sums) if kinds in said else reason(page, terms, sums=sums)
    said.add(kinds)
    if through.startswith("alone"):
        return why
    names = through.split(">")
    links = [link for name in names if (link := page.reference(name))]
    if not links:
        return why
    key = "backward.through_then" if len(links) > 1 else "backward.through"
    return page.words(key, equation=links[0], other=links[-1], why=why)


def inputs_and_initial(page: Page) -> Iterator[Block]:
    """The gradients of the inputs, and of the states at the steps at which they are given."""
    if page.brief:
        equations = [page.form(e) for e in page.section("inputs", "initial")]
        if equations:
            yield Display(tuple(packed([(page.cell(e), plain(e.number)) for e in equations])))
        return
    for section in ("inputs", "initial"):
        equations = page.section(section)
        if not equations:
            continue
        yield Paragraph(_opening(page, section))
        rows = [page.display_row(e, labels(page, e), _end_note(page, e), _steps(page, e)) for e in equations]
        yield Display(tuple(rows))


def _opening(page: Page, section: str) -> Inlines:
    found = groups(page, section)
    key = f"{section}.one" if len(found) == 1 else f"{section}.many"
    title = Strong(page.words(f"heading.{key}"))
    if section == "inputs":
        return (title, " ", *(piece for group in found for piece in (*sentence(page, group.name), " ")))
    return (title, " ", *page.words("gradients.initial"))


def _steps(page: Page, equation: Equation) -> Inlines:
    """The steps for which an input's equation holds, if not all."""
    if equation.section == "initial" or page.is_once(equation) or equation.steps is None or equation.steps.single:
        return ()
    whole = (
        len([e for e in page.section(equation.section) if e.label.split("@")[0] == equation.label.split("@")[0]]) == 1
    )
    return () if whole else (Math(page.domain_of(equation)),)


def _end_note(page: Page, equation: Equation) -> Inlines:
    if not equation.terms:
        return page.words("gradients.nothing")
    if equation.section == "initial":
        state = equation.label.removeprefix("dL/d").split("[")[0]
        main = page.reference(f"dL/d{state}")
        step = page.composer.at(equation.lhs.step)
        return page.words("gradients.initial_note", equation=main, step=step) if main else ()
    return reason(page, equation.terms, len(equation.terms))
