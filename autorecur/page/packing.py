"""Short equations beside each other: as many in a row as fit."""

from __future__ import annotations

from collections.abc import Sequence

from autorecur.render.blocks import Cell, EquationRow
from autorecur.render.measure import width
from autorecur.symbolic.layout import Layout, Space, row

ROOM = 30.5
"""The width of the text column beside the numbers, in em."""
BETWEEN = 2.0
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


def packed(cells: Sequence[tuple[Cell, str]]) -> list[EquationRow]:
    """Equations in reading order, each row filled as far as it goes; columns are not aligned."""
    rows: list[tuple[Layout, tuple[str, ...]]] = []
    for cell, number in cells:
        layout = _whole(cell)
        numbers = (number,) if number else ()
        if rows and width(rows[-1][0]) + BETWEEN + width(layout) <= ROOM:
            rows[-1] = (row(rows[-1][0], Space("wide"), layout), rows[-1][1] + numbers)
        else:
            rows.append((layout, numbers))
    return [EquationRow((Cell(None, (layout,), None),), numbers) for layout, numbers in rows]


def fits_line(cell: Cell) -> bool:
    """Whether an equation stands on one line."""
    return width(_whole(cell)) <= ROOM


def _whole(cell: Cell) -> Layout:
    sides = [part for part in (cell.lhs, cell.relation) if part is not None]
    return row(*sides, *cell.lines)
