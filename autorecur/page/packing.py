"""Short equations beside each other: as many in a row as fit."""

from __future__ import annotations

from collections.abc import Sequence

from autorecur.render.blocks import Cell, EquationRow
from autorecur.render.measure import text_width, width
from autorecur.render.prose import number_text
from autorecur.symbolic.layout import Layout, Space, row

ROOM = 30.5
"""The width of the text column beside the numbers, in em."""
USUAL_NUMBERS = 3.3
"""The width of ``(11–13)``."""
BETWEEN = 2.0
SPACES_BETWEEN = ("wide", "quad")
"""Between equations in a row: wide if there is room."""
RELATION = 1.3


def cell_width(cell: Cell) -> float:
    left = width(cell.lhs) if cell.lhs is not None else 0.0
    return left + RELATION + max(width(line) for line in cell.lines)


def columns_for(rows: Sequence[Sequence[Cell]], most: int, room: float = ROOM) -> int:
    """How many columns fit, each as wide as its widest cell; every list starts a row of its own."""
    for count in range(most, 1, -1):
        wide = [0.0] * count
        for cells in rows:
            for i, cell in enumerate(cells):
                wide[i % count] = max(wide[i % count], cell_width(cell))
        if sum(wide) + BETWEEN * (count - 1) <= room:
            return count
    return 1


def packed(cells: Sequence[tuple[Cell, str]], domain: Layout | None = None, room: float = ROOM) -> list[EquationRow]:
    """Equations in reading order, each row filled as far as it goes; columns are not aligned.

    ``domain`` is for which steps all of them hold, behind each."""
    rows: list[tuple[Layout, tuple[str, ...]]] = []
    for cell, number in cells:
        layout = _whole(cell) if domain is None else row(_whole(cell), Space("quad"), domain)
        numbers = (number,) if number else ()
        space = next((s for s in SPACES_BETWEEN if _fits(rows[-1:], s, layout, numbers, room)), None)
        if space is not None:
            rows[-1] = (row(rows[-1][0], Space(space), layout), rows[-1][1] + numbers)
        else:
            rows.append((layout, numbers))
    return [EquationRow((Cell(None, (layout,), None),), numbers) for layout, numbers in rows]


def _fits(
    last: list[tuple[Layout, tuple[str, ...]]], space: str, layout: Layout, numbers: tuple[str, ...], room: float
) -> bool:
    """Whether an equation fits into the last row that there is, behind that space."""
    return any(width(row(before, Space(space), layout)) <= _left(room, (*others, *numbers)) for before, others in last)


def _left(room: float, numbers: tuple[str, ...]) -> float:
    """What numbers that are wider than usual leave."""
    return room - max(0.0, text_width(number_text(numbers)) - USUAL_NUMBERS) if numbers else room


def fits_line(cell: Cell) -> bool:
    """Whether an equation stands on one line."""
    return width(_whole(cell)) <= ROOM


def _whole(cell: Cell) -> Layout:
    sides = [part for part in (cell.lhs, cell.relation) if part is not None]
    return row(*sides, *cell.lines)
