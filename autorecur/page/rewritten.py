"""What a notation made of the author's weights: a weight of a stack is made of those of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from autorecur.page.context import Page
from autorecur.page.packing import ROOM, columns_for
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Paragraph
from autorecur.symbolic.layout import Fence, Layout, Sign, Space, row
from autorecur.symbolic.marks import transposed
from autorecur.symbolic.names import symbol_layout

MOST_COLUMNS = 4


def joined_weights(page: Page) -> Iterator[Block]:
    """``W_a = [W_aa | W_ax]`` for every weight that the notation joined; nothing where it joined none."""
    found = _definitions(page)
    if not found:
        return
    yield Paragraph(page.words(f"rewritten.joined.{'many' if len(found) > 1 else 'one'}"))
    cells = [_equation(page, weight, parts) for weight, parts in found.items()]
    columns = columns_for([cells], min(MOST_COLUMNS, len(cells)), ROOM)
    columns = ceil(len(cells) / ceil(len(cells) / columns))  # rows of equal length
    lines = [tuple(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    yield Display(tuple(EquationRow(line, ()) for line in lines))


def _definitions(page: Page) -> dict[str, list[Layout]]:
    """Each weight of a stack that needs it, with its parts: blocks that have names, else the weights that were joined."""
    rewriting = page.derivation.rewriting
    joined = {each.name: each.weights for each in rewriting.joined} if rewriting is not None else {}
    named = page.notation.blocks
    found: dict[str, list[Layout]] = {}
    for weight in dict.fromkeys([*joined, *named]):
        if weight in named:
            found[weight] = [symbol_layout(symbol, page.notation) for symbol in named[weight].values()]
        else:
            found[weight] = [page.name(part, None) for part in joined[weight]]
    return found


def _equation(page: Page, weight: str, parts: list[Layout]) -> Cell:
    """Side by side; weights that lie below each other are transposed, so that they stand side by side, too."""
    below = " + " in str(page.derivation.cell.shapes[weight][0])

    def placed(part: Layout) -> Layout:
        return transposed(part, page.notation) if below else part

    items: list[Layout] = []
    for part in parts:
        items.extend((Space("thick"), Sign("|"), Space("thick"), placed(part)) if items else (placed(part),))
    return Cell(placed(page.name(weight, None)), (Fence(row(*items), "square", 1),))
