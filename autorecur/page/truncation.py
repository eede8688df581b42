"""Truncated backpropagation: where the gradient is cut, drawn; what is lost, derived; and how much that can be."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Integer

from autorecur.page.context import Page
from autorecur.page.drawing import RADIUS, Point, Sheet
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines, Label, Math, Paragraph, Stroke
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import Fence, Ident, Layout, Num, Script, Sign, Space, binary, row

PITCH, HIGH = 58.0, 30.0
MOST_DRAWN = 3
"""Of longer chunks only the first and the last step are drawn."""
DELTA = Ident("Delta")


def truncation(page: Page) -> Iterator[Block]:
    """The whole section without its heading."""
    every = page.derivation.truncate
    assert every is not None
    words = page.words
    states = words.listed([Math(page.name(s)) for s in page.derivation.cell.states])
    natural = row(Num(str(every)), Ident("N", "blackboard"))
    if every == 1:
        yield Paragraph(words("truncation.opening_all", states=states))
    else:
        yield Paragraph(words("truncation.opening", every=str(every), states=states, natural=natural))
    yield _picture(page, every)
    yield Paragraph(words("truncation.error"))
    errors = page.section("truncation")
    adjoints = [e for e in errors if e.steps is not None]
    rows = []
    for equation in adjoints:
        comment: Inlines = (Math(page.domain(equation.steps)),) if equation.steps is not None else ()
        rows.append(page.display_row(equation, comment=comment))
    yield Display(tuple(rows))
    yield Paragraph(words("truncation.paths"))
    yield Paragraph(words("truncation.gradients"))
    yield Display(tuple(page.display_row(e) for e in errors if e.steps is None))
    yield from _bound(page)


def _bound(page: Page) -> Iterator[Block]:
    """‖Δh_t‖ ≤ β^(m+1−t) ‖h_(m+1) + Δh_(m+1)‖, for a cell with one state and one bound for all steps."""
    bounds = page.derivation.bounds
    if len(bounds.states) != 1 or len(bounds.blocks) != 1 or not bounds.constant:
        return
    (state,) = bounds.states
    step = page.composer(bounds.blocks[0].equation.rhs)
    m = Ident("m")
    after = row(m, binary("+"), Num("1"))

    def at(step_: Layout) -> Layout:
        from autorecur.symbolic.names import name_layout

        return name_layout(f"dL/d{state}", page.notation, step_)

    now = Fence(row(DELTA, at(page.composer.at(c.t))), "norm", 1)
    power = Script(Ident("beta"), None, row(after, binary("-"), page.composer.moment(c.t)))
    then = Fence(row(at(after), binary("+"), DELTA, at(after)), "norm", 1)
    yield Paragraph(page.words("truncation.bound", step=step))
    line = Cell(now, (row(power, Space("thin"), then, Sign(".")),), Sign("le", "relation"))
    yield Display((EquationRow((line,)),))
    yield Paragraph(page.words("truncation.bound_note"))


# ------------------------------------------------------------------------------------------------------- the picture


def _steps(every: int) -> list[int | None]:
    """The steps of two chunks and the first of a third; None stands for those that are left out."""
    found: list[int | None] = []
    for chunk in range(2):
        first, last = chunk * every + 1, (chunk + 1) * every
        inside: list[int | None] = list(range(first, last + 1)) if every <= MOST_DRAWN else [first, None, last]
        found += inside
    return [*found, 2 * every + 1]


def _picture(page: Page, every: int) -> Block:
    """A row of states with the edges there and back, and a line through each cut."""
    sheet = Sheet()
    state = page.derivation.cell.states[-1]
    before: tuple[int | None, Point] | None = None
    for at, step in enumerate(_steps(every)):
        here = (PITCH * at, 0.0)
        if step is None:
            sheet.shapes.append(Label(*here, Sign("cdots"), small=False))
        else:
            sheet.node(here, page.name(state, step))
        if before is not None:
            last, there = before
            cut = last is not None and last % every == 0 and (step is None or step == last + 1)
            start, end = (there[0] + RADIUS + 1, 0.0), (here[0] - RADIUS - 1, 0.0)
            back = None if step is None or cut else page.adjoint(state, Integer(step - 1))
            sheet.pair(start, end, None, back if last is not None else None, not cut)
            if cut:
                middle = (there[0] + here[0]) / 2
                sheet.shapes.append(Stroke(((middle, -HIGH), (middle, HIGH)), "dashed"))
        before = (step, here)
    words = page.words
    alt = words("truncation.alt", first=str(every), second=str(2 * every))
    return sheet.diagram(words("truncation.caption"), alt)
