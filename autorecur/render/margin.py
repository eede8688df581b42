"""Notes in the side column kept apart: where one would start before the one above it has ended, space is added.

The column of text and the column of notes are followed down the page by estimates that err to the safe side: text is taken
to be a little shorter than it is, notes a little longer. Page breaks are not foreseen; they only give more room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.blocks import (
    Block,
    Diagram,
    Display,
    Document,
    EquationRow,
    Gap,
    Heading,
    Inlines,
    Need,
    Paragraph,
    Reasons,
    RuleStatement,
    SideNote,
    Span,
    Table,
    TableRow,
    Verbatim,
)
from autorecur.render.displays import fitted, lines, may_break, reasons
from autorecur.render.page import (
    DISPLAY_SKIP,
    FULL_WIDTH,
    LINE,
    NOTE_LINE,
    NOTE_SIZE,
    NOTE_WIDTH,
    PARAGRAPH_SKIP,
    ROW_SKIP,
    TEXT_SIZE,
    TEXT_WIDTH,
)
from autorecur.render.prose import inline_width, line_count, tall_pieces

# Small type is wider for its size; a line that is nearly full may break.
_NOTE_ROOM = NOTE_WIDTH / NOTE_SIZE / 1.08
_ASCENT, _DESCENT = 6.5, 3.0
_APART = 4.0
# A note that would push its row further down than this is set below the display instead.
_FARTHEST = 30.0
# A side note higher than this keeps room on the page.
_HIGH = 30.0
_TABLE_SIZE = 9.0
_SMALL, _SMALL_LINE = 9.0, 11.0
_HEADING = 26.0
# More room than this is not asked for: it would leave too much of a page empty.
_HIGHEST = 320.0
_TITLE = 59.0
# The header of a long table and its first row, which belong to the sentence above it.
_HEAD_OF_TABLE = 70.0


def arranged(document: Document) -> Document:
    """The document with gaps, row spaces and drops of side notes filled in."""
    document = replace(document, blocks=_reordered(document.blocks))
    column = _Column()
    if document.seal is not None:
        column.free = side_note_height(document.seal) + _DESCENT
    column.y = _TITLE + LINE * len(document.subtitle)
    return replace(document, blocks=tuple(column.blocks(document.blocks)))


def note_height(inlines: Inlines) -> float:
    """From the first baseline to the last."""
    return (line_count(inlines, _NOTE_ROOM) - 1) * NOTE_LINE + 3.0 * tall_pieces(inlines)


def side_note_height(note: SideNote) -> float:
    items = (*((((note.title),),) if note.title else ()), *note.items)
    return sum(note_height(item) + NOTE_LINE + 2.0 for item in items)


def table_width(table: Table) -> float:
    """In points, with the space between columns."""
    rows = [table.header, *(line for group in table.groups for line in group), *table.foot]
    columns = [0.0] * len(table.align)
    for line in rows:
        for at, cell in _placed(line):
            if at < len(columns):
                columns[at] = max(columns[at], inline_width(cell))
    return sum(columns) * _TABLE_SIZE + 12.0 * (len(columns) - 1)


def _placed(line: TableRow) -> Iterator[tuple[int, Inlines]]:
    at = 0
    for cell in line:
        if isinstance(cell, Span):
            at += cell.columns
        else:
            yield at, cell
            at += 1


def is_wide(block: Table | Diagram) -> bool:
    """Whether the block reaches into the side column."""
    if isinstance(block, Diagram):
        return block.width > TEXT_WIDTH + 2.0
    # A table that is stretched needs less space between its columns.
    tight = 6.0 * (len(block.align) - 1) if block.full or block.long else 0.0
    return table_width(block) - tight > TEXT_WIDTH + 2.0


def _reordered(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """A side note that would hold up a wide table or picture is set below it, in small type."""
    text: list[Block] = []
    held: Reasons | None = None
    for at, block in enumerate(blocks):
        if isinstance(block, SideNote) and _hinders(block, blocks[at + 1 : at + 4]):
            held = _as_reasons(block)
            continue
        text.append(block)
        if held is not None and isinstance(block, (Table, Diagram)) and is_wide(block):
            text.append(held)
            held = None
    return tuple(text)


def _hinders(note: SideNote, after: tuple[Block, ...]) -> bool:
    """Whether a wide block comes so soon that the note beside the text before it would push it down."""
    between = LINE
    for block in after:
        if isinstance(block, (Table, Diagram)) and is_wide(block):
            return side_note_height(note) - between > _FARTHEST
        if isinstance(block, Paragraph):
            between += PARAGRAPH_SKIP + LINE * line_count(block.inlines, TEXT_WIDTH / TEXT_SIZE)
        elif isinstance(block, Display):
            between += sum(LINE + ROW_SKIP for _ in block.rows)
        elif not isinstance(block, Gap):
            between += 2 * LINE
    return False


def _as_reasons(note: SideNote) -> Reasons:
    first, *others = note.items or ((),)
    return Reasons(((note.title, first), *(("", item) for item in others)))


@dataclass
class _Column:
    """``y``: how far down the text has come at least; ``free``: from where on the side column is free."""

    y: float = 0.0
    free: float = 0.0

    def blocks(self, blocks: tuple[Block, ...]) -> Iterator[Block]:
        for at, block in enumerate(blocks):
            try:
                method = _ARRANGERS[type(block)]
            except KeyError:
                raise RenderError(f"no document knows the block {type(block).__name__}") from None
            yield from _needs(block, blocks[at + 1 :], blocks[max(0, at - 1) : at])
            yield from method(self, block)

    def _heading(self, block: Heading) -> Iterator[Block]:
        self.y += _HEADING
        yield block

    def _paragraph(self, block: Paragraph) -> Iterator[Block]:
        self.y += PARAGRAPH_SKIP + LINE * line_count(block.inlines, TEXT_WIDTH / TEXT_SIZE * 1.04)
        yield block

    def _display(self, block: Display) -> Iterator[Block]:
        block = fitted(block)
        self.y += DISPLAY_SKIP
        moved: list[EquationRow] = []
        rows = tuple(self._row(given, at == 0, moved) for at, given in enumerate(block.rows))
        self.y += DISPLAY_SKIP
        yield Display(rows)
        if moved:
            yield from self._reasons(Reasons(reasons(Display(tuple(moved)))))

    def _row(self, given: EquationRow, first: bool, moved: list[EquationRow]) -> EquationRow:
        rows = lines(Display((given,)))
        skip = 0.0 if first else ROW_SKIP
        wide = any(line.width() * TEXT_SIZE > TEXT_WIDTH for line in rows)
        baseline = self.y + skip + TEXT_SIZE * max(0.7, rows[0].extent().height)
        extra = max(0.0, self.free + _APART - (baseline - _ASCENT)) if given.note or wide else 0.0
        # A formula that cannot be kept out of the side column leaves no room for a note beside it.
        if given.note and (wide or extra > _FARTHEST):
            moved.append(given)
            given = replace(given, note=())
            extra = extra if wide else 0.0
        elif given.note:
            self.free = baseline + extra + note_height(given.note) + _DESCENT
        self.y += extra
        for at, line in enumerate(rows):
            size = line.extent()
            self.y += (skip if at == 0 else ROW_SKIP) + max(LINE, TEXT_SIZE * (size.height + size.depth))
        return replace(given, space=round(extra, 1))

    def _reasons(self, block: Reasons) -> Iterator[Block]:
        self.y += NOTE_LINE
        yield block

    def _side_note(self, block: SideNote) -> Iterator[Block]:
        drop = max(0.0, self.free + _APART - self.y)
        start = self.y + PARAGRAPH_SKIP + LINE - _ASCENT
        self.free = start + drop + side_note_height(block) + _DESCENT
        yield replace(block, drop=round(drop, 1))

    def _table(self, block: Table) -> Iterator[Block]:
        if is_wide(block):
            yield from self._clear()
        rows = 1 + sum(len(group) for group in block.groups) + len(block.foot) + (1 if block.over else 0)
        self.y += 11.0 * rows + 18.0 + 5.0 * max(0, len(block.groups) - 1)
        yield block

    def _diagram(self, block: Diagram) -> Iterator[Block]:
        if is_wide(block):
            yield from self._clear()
        self.y += block.height
        if block.caption:
            across = FULL_WIDTH if is_wide(block) else TEXT_WIDTH
            self.y += 11.0 * line_count(block.caption, across / _TABLE_SIZE * 1.04)
        yield block

    def _clear(self) -> Iterator[Block]:
        """Space until the side column is free."""
        missing = round(self.free + _APART - self.y - PARAGRAPH_SKIP, 1)
        if missing > 0:
            self.y += missing
            yield Gap(missing)

    def _rule(self, block: RuleStatement) -> Iterator[Block]:
        if block.note and self.free + _APART > self.y + 9.0:
            gap = round(self.free + _APART - self.y - 9.0, 1)
            self.y += gap
            yield Gap(gap)
        start = self.y + 7.0
        body = tuple(self.blocks(block.body))
        proof = tuple(self.blocks(block.proof))
        self.y = max(start + LINE, min(self.y, start + _run_in(block)))
        if block.note:
            self.free = start + LINE + note_height(block.note) + _DESCENT
        yield replace(block, body=body, proof=proof)

    def _verbatim(self, block: Verbatim) -> Iterator[Block]:
        self.y += 10.0 * len(block.text.splitlines())
        yield block

    def _gap(self, block: Gap) -> Iterator[Block]:
        self.y += block.height
        yield block

    def _need(self, block: Need) -> Iterator[Block]:
        yield block


def _run_in(rule: RuleStatement) -> float:
    """How high a rule is in small type, its proof in the last line of its statement; what is no prose comes on top of that."""
    parts = [block.inlines for block in (*rule.body, *rule.proof) if isinstance(block, Paragraph)]
    text = (f"{rule.name} {rule.title}. ", *(piece for part in parts for piece in (*part, " ")))
    others = len(rule.body) + len(rule.proof) - len(parts)
    return _SMALL_LINE * (line_count(text, TEXT_WIDTH / _SMALL * 1.02) + others)


def _needs(block: Block, after: tuple[Block, ...], before: tuple[Block, ...]) -> Iterator[Block]:
    """Room for a heading with what it leads to, and for a high side note."""
    height = 0.0
    if isinstance(block, Heading):
        height = _together(block, after)
        if after and isinstance(after[0], SideNote):
            height = max(height, side_note_height(after[0]) + _HEADING)
    elif isinstance(block, Paragraph) and after and isinstance(after[0], Table) and after[0].long:
        height = _HEAD_OF_TABLE + LINE * line_count(block.inlines, TEXT_WIDTH / TEXT_SIZE)
    elif isinstance(block, SideNote) and not (before and isinstance(before[0], Heading)):
        height = side_note_height(block)
    if height > _HIGH:
        yield Need(round(height, 1))


def _together(heading: Heading, after: tuple[Block, ...]) -> float:
    """How high a heading is with the sentences below it and the start of what they lead to."""
    kept: list[Block] = [heading]
    for block in after:
        if isinstance(block, Heading):
            break
        if isinstance(block, Display) and may_break(block):
            block = Display(block.rows[:2])
        if isinstance(block, Diagram) and block.floats:
            break
        if not isinstance(block, (SideNote, Need)):
            kept.append(block)
        if not isinstance(block, (Paragraph, SideNote, Need, Gap)):
            break
        if sum(isinstance(given, Paragraph) for given in kept) > 1:
            break
    column = _Column()
    for block in kept:
        deque(_ARRANGERS[type(block)](column, block), maxlen=0)
    return min(column.y, _HIGHEST)


_ARRANGERS: dict[type, Callable[[_Column, Any], Iterator[Block]]] = {
    Heading: _Column._heading,
    Paragraph: _Column._paragraph,
    Display: _Column._display,
    SideNote: _Column._side_note,
    Table: _Column._table,
    Diagram: _Column._diagram,
    RuleStatement: _Column._rule,
    Verbatim: _Column._verbatim,
    Gap: _Column._gap,
    Need: _Column._need,
    Reasons: _Column._reasons,
}
