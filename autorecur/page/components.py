"""Index notation on the page: below the equations of a display, the same by components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from autorecur.page.context import Page, plain
from autorecur.page.packing import columns_for, packed
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Inlines
from autorecur.symbolic.components import INDICES
from autorecur.symbolic.display import compose_sides

if TYPE_CHECKING:
    from autorecur.derive.equation import Equation


def beside(page: Page, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a section, each display followed by the component forms of its equations, if the notation has them."""
    for block in blocks:
        yield block
        if page.by_components and isinstance(block, Display):
            found = [[page.by_components[n] for n in row.numbers if n in page.by_components] for row in block.rows]
            if rows := _rows(page, [together for together in found if together]):
                yield Display(tuple(rows))


def _rows(page: Page, together: list[list[Equation]]) -> list[EquationRow]:
    """As many beside each other as the equations themselves, if they fit; on the brief page each row is filled."""
    cells = [[(_cell(page, e), plain(e.number)) for e in part] for part in together]
    if page.brief:
        return packed([pair for part in cells for pair in part])
    most = max((len(part) for part in cells), default=0)
    count = columns_for([[cell for cell, _ in part] for part in cells], most)
    return [
        EquationRow(
            (*(cell for cell, _ in part[at : at + count]), *([None] * (count - len(part[at : at + count])))),
            tuple(number for _, number in part[at : at + count]),
        )
        for part in cells
        for at in range(0, len(part), count)
    ]


def _cell(page: Page, equation: Equation) -> Cell:
    left, right = compose_sides(equation, page.notation.low)
    return Cell(left, (right,))


def by_components(page: Page) -> Iterator[Inlines]:
    """What the page says about indices, once."""
    if page.derivation.components:
        first, second = (page.composer.moment(index) for index in INDICES[:2])
        yield page.words("notation.by_components_are", i=first, j=second)
