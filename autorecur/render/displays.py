"""A display's rows as the lines that are set: wide sums broken, numbers on the last line, reasons on the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from autorecur.render.blocks import Cell, Display, EquationRow, Inlines
from autorecur.render.breaking import broken
from autorecur.render.measure import Extent, extent, text_width, width
from autorecur.render.page import TEXT_SIZE, TEXT_WIDTH
from autorecur.render.prose import inline_width, number_text
from autorecur.symbolic.layout import Layout

_BESIDE_NUMBER = 1.5
_BESIDE_COMMENT = 2.0
_NARROWEST = 14.0
# Displays of more rows may be broken over pages: rows with numbers of their own, and others.
_INDEPENDENT, _LONG = 3, 8
# Comments shorter than this are kept even if others must move.
_SHORTEST = 5.0


@dataclass(frozen=True, slots=True)
class LineCell:
    """One cell of one line. A continued line stands where the right-hand side of its first line stands."""

    lhs: Layout | None
    relation: Layout | None
    body: Layout
    continues: Layout | None = None
    """The relation of the first line, whose width a continued line leaves free."""


@dataclass(frozen=True, slots=True)
class Line:
    cells: tuple[LineCell | None, ...]
    numbers: tuple[str, ...] = ()
    comment: Inlines = ()
    note: Inlines = ()
    space: float = 0.0

    def width(self) -> float:
        """Without the space between its cells."""
        cells = [cell for cell in self.cells if cell is not None]
        hidden = sum(width(cell.continues) for cell in cells if cell.continues is not None)
        return hidden + sum(width(part) for cell in cells for part in _layouts(cell))

    def extent(self) -> Extent:
        parts = [extent(part) for cell in self.cells if cell is not None for part in _layouts(cell)]
        return Extent(0.0, max(p.height for p in parts), max(p.depth for p in parts)) if parts else Extent(0.0)


def lines(display: Display) -> tuple[Line, ...]:
    """All lines of the display, each narrow enough for the column if its formula can be broken."""
    return tuple(line for given in fitted(display).rows for line in row_lines(given))


def may_break(display: Display) -> bool:
    """Whether it may go on over the page: a long one, or one whose rows are equations in their own right."""
    numbered = all(given.numbers for given in display.rows)
    return len(display.rows) > (_INDEPENDENT if numbered else _LONG)


def reasons(display: Display) -> tuple[tuple[str, Inlines], ...]:
    """The notes of its rows with their numbers, for a page without a side column."""
    return tuple(
        (number_text(given.numbers) if given.numbers else "", given.note) for given in display.rows if given.note
    )


def _layouts(cell: LineCell) -> Iterator[Layout]:
    for layout in (cell.lhs, cell.relation, cell.body):
        if layout is not None:
            yield layout


def fitted(display: Display) -> Display:
    """The display with its sums broken; fitting twice changes nothing."""
    if any(len(given.cells) != 1 for given in display.rows):
        return display
    room = _room(display)
    display = _with_room(display, room)
    kept = max((inline_width(given.comment) for given in display.rows), default=0.0)
    room -= kept + _BESIDE_COMMENT if kept else 0.0
    left = max((_left(given) for given in display.rows), default=0.0)
    return Display(tuple(_broken(given, room + _spared(given, display), left) for given in display.rows))


def _with_room(display: Display, room: float) -> Display:
    """Comments that leave the formulas too little room become notes; short ones stay, and the formulas are broken."""
    longest = max((inline_width(given.comment) for given in display.rows), default=0.0)
    beside = room - _BESIDE_COMMENT - _widest(display)
    noted = any(given.note for given in display.rows)
    if longest <= beside or (noted and room - _BESIDE_COMMENT - longest > _NARROWEST):
        return display
    limit = beside if beside > _SHORTEST else 0.0
    return Display(tuple(_moved(given) if inline_width(given.comment) > limit else given for given in display.rows))


def _moved(given: EquationRow) -> EquationRow:
    return replace(given, comment=(), note=given.note or given.comment)


def _room(display: Display) -> float:
    numbers = _widest_number(display)
    return TEXT_WIDTH / TEXT_SIZE - (numbers + _BESIDE_NUMBER if numbers else 0.0)


def _widest_number(display: Display) -> float:
    return max((text_width(number_text(given.numbers)) for given in display.rows if given.numbers), default=0.0)


def _spared(given: EquationRow, display: Display) -> float:
    """What a row with a narrower number has beyond the others."""
    return _widest_number(display) - text_width(number_text(given.numbers)) if given.numbers else 0.0


def _left(given: EquationRow) -> float:
    cell = given.cells[0]
    return 0.0 if cell is None or cell.lhs is None else width(cell.lhs)


def _widest(display: Display) -> float:
    """The width of the aligned block: widest left side, then widest right side."""
    left = max((_left(given) for given in display.rows), default=0.0)
    cells = [given.cells[0] for given in display.rows]
    right = [_sign(cell) + width(line) for cell in cells if cell is not None for line in cell.lines]
    return left + max(right, default=0.0)


def _sign(cell: Cell) -> float:
    return 0.0 if cell.relation is None else width(cell.relation)


def _broken(given: EquationRow, room: float, left: float) -> EquationRow:
    cell = given.cells[0]
    if cell is None:
        return given
    own = 0.0 if cell.lhs is None else width(cell.lhs)
    return replace(given, cells=(broken(cell, room - left + own),))


def row_lines(given: EquationRow) -> Iterator[Line]:
    """The lines of one row of a fitted display."""
    count = max((len(cell.lines) for cell in given.cells if cell is not None), default=1)
    for at in range(count):
        first, last = at == 0, at == count - 1
        yield Line(
            tuple(_line_cell(cell, at) for cell in given.cells),
            given.numbers if last else (),
            given.comment if first else (),
            given.note if first else (),
            given.space if first else 0.0,
        )


def _line_cell(cell: Cell | None, at: int) -> LineCell | None:
    if cell is None or at >= len(cell.lines):
        return None
    if at == 0:
        return LineCell(cell.lhs, cell.relation, cell.lines[0])
    return LineCell(None, None, cell.lines[at], cell.relation)
