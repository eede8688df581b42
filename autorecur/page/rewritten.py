"""What a notation made of the author's weights: a weight of a stack is made of those of its parts."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from sympy import Basic
from sympy.matrices.expressions import Transpose

from autorecur.page.context import Page
from autorecur.page.packing import ROOM, columns_for
from autorecur.render.blocks import Block, Cell, Display, EquationRow, Paragraph
from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import Fence, Layout, Sign, Space, row

if TYPE_CHECKING:
    from autorecur.notations.rewriting.joining import Joined

MOST_COLUMNS = 4


def joined_weights(page: Page) -> Iterator[Block]:
    """``W_a = [W_aa | W_ax]`` for every weight that the notation joined; nothing where it joined none."""
    rewriting = page.derivation.rewriting
    if rewriting is None or not rewriting.joined:
        return
    same = any(each.name in each.weights for each in rewriting.joined)
    many = "many" if len(rewriting.joined) > 1 else "one"
    yield Paragraph(page.words(f"rewritten.joined.{many}", right=page.words("rewritten.right") if same else ""))
    cells = [_equation(page, each) for each in rewriting.joined]
    columns = columns_for([cells], min(MOST_COLUMNS, len(cells)), ROOM)
    columns = ceil(len(cells) / ceil(len(cells) / columns))  # rows of equal length
    lines = [tuple(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    yield Display(tuple(EquationRow(line, ()) for line in lines))


def _equation(page: Page, joined: Joined) -> Cell:
    """Side by side; weights that lie below each other are transposed, so that they stand side by side, too."""
    below = joined.axis == -2
    parts: list[Layout] = []
    for weight in joined.weights:
        part = _weight(page, weight, below)
        parts.extend((Space("thick"), Sign("|"), Space("thick"), part) if parts else (part,))
    return Cell(_weight(page, joined.name, below), (Fence(row(*parts), "square", 1),))


def _weight(page: Page, name: str, transposed: bool) -> Layout:
    symbol: Basic = c.symbol(name, ("m", "n"))
    return page.composer(Transpose(symbol) if transposed else symbol)
