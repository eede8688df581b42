"""Index notation on the page: below the equations of a display, the same by components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autorecur.page.context import Page, plain
from autorecur.render.blocks import Block, Display, EquationRow, Inlines
from autorecur.symbolic.components import INDICES


def beside(page: Page, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a section, each display followed by the component forms of its equations, if the notation has them."""
    forms = {plain(e.number).removesuffix("′"): e for e in page.derivation.components}
    for block in blocks:
        yield block
        if forms and isinstance(block, Display):
            numbers = [number for row in block.rows for number in row.numbers]
            rows = [_row(page, forms[number].number) for number in numbers if number in forms]
            if rows:
                yield Display(tuple(rows))


def _row(page: Page, number: str) -> EquationRow:
    equation = next(e for e in page.derivation.components if e.number == number)
    cell = page.cell(equation)
    return EquationRow((cell,), (plain(number),))


def by_components(page: Page) -> Iterator[Inlines]:
    """What the page says about indices, once."""
    if page.derivation.components:
        first, second = (page.composer.moment(index) for index in INDICES[:2])
        yield page.words("notation.by_components_are", i=first, j=second)
