"""Blocks as Typst, with the same two columns as the LaTeX page. After a call in prose a semicolon ends the code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.blocks import (
    DASHES,
    Arrow,
    Block,
    Box,
    Code,
    Coloured,
    Diagram,
    Disc,
    Display,
    Document,
    Emphasis,
    Gap,
    Heading,
    Inline,
    Inlines,
    Label,
    LineBreak,
    Math,
    Need,
    Paragraph,
    Polygon,
    Reasons,
    Reference,
    RuleReference,
    RuleStatement,
    SectionReference,
    Shaded,
    Shape,
    SideNote,
    Span,
    Stroke,
    Strong,
    Table,
    TableRow,
    Verbatim,
)
from autorecur.render.displays import Line, LineCell, lines, may_break
from autorecur.render.documents.environment import fill
from autorecur.render.documents.references import check_references, equation_key, rule_key, section_key
from autorecur.render.geometry import Point, drawn
from autorecur.render.margin import arranged, is_wide
from autorecur.render.measure import width
from autorecur.render.prose import number_text, reference_text
from autorecur.render.source import TypstSource, typst_string, typst_text
from autorecur.render.typst import TypstPrinter
from autorecur.symbolic.layout import Layout, Row, Sign

# Shorter formulas in the line are not broken, in em.
_UNBROKEN = 5.0
_ALIGNMENTS = {"l": "left", "c": "center", "r": "right"}


def typst_document(document: Document, templates: Path | None = None) -> str:
    """A file that the embedded typesetter sets, with its embedded fonts."""
    check_references(document)
    document = arranged(document)
    writer = TypstWriter(TypstPrinter(decimal=document.decimal))
    seal = document.seal
    return fill(
        "typst.typ.jinja",
        TypstSource,
        typst_text,
        templates,
        plain_title=typst_string(document.one_line()),
        language=typst_string(document.language),
        title=[line for line in document.title.splitlines() if line.strip()],
        subtitle=[writer.inlines(line) for line in document.subtitle],
        seal=None if seal is None else writer.note_items(seal),
        footer=document.foot(),
        close=document.close,
        body=writer.blocks(document.blocks),
    )


@dataclass(frozen=True, slots=True)
class TypstWriter:
    printer: TypstPrinter

    def blocks(self, blocks: tuple[Block, ...]) -> TypstSource:
        """A side note hangs on the paragraph that follows; a paragraph that leads to a display stays on its page."""
        text: list[str] = []
        note, room, headed = "", 0.0, False
        for block, following in zip(blocks, (*blocks[1:], None), strict=False):
            if isinstance(block, Need) and isinstance(following, Heading):
                room = block.height
            elif isinstance(block, Heading):
                text.append(self._heading(block, room))
                room, headed = 0.0, True
            elif isinstance(block, SideNote) and isinstance(following, Paragraph):
                note = self._hanging(block)
            elif isinstance(block, Paragraph):
                floats = isinstance(following, Diagram) and following.floats
                leads = isinstance(following, (Display, Table, Diagram)) and not floats
                macro = "lead" if leads else "opening" if headed else "par"
                end = "#metadata(none)<beforefloat>" if floats else ""
                text.append(f"#{macro}[{note}{self.inlines(block.inlines)}{end}]")
                note, headed = "", False
            else:
                text.append(self._block(block))
        return TypstSource("\n\n".join(text))

    def _block(self, block: Block) -> str:
        try:
            method = _BLOCKS[type(block)]
        except KeyError:
            raise RenderError(f"the Typst document has no rule for the block {type(block).__name__}") from None
        return method(self, block)

    # ------------------------------------------------------------------------------------------------------- prose

    def inlines(self, inlines: Inlines) -> TypstSource:
        return TypstSource("".join(self._inline(piece) for piece in inlines))

    def _inline(self, piece: Inline) -> str:
        match piece:
            case str():
                return typst_text(piece)
            case Math(layout):
                formula = _formula(replace(self.printer, display=False)(layout))
                return f"#box({formula});" if width(layout) < _UNBROKEN else f"#{formula};"
            case Reference(number):
                return _link(equation_key(number), reference_text(number))
            case RuleReference(name):
                return _link(rule_key(name), name)
            case SectionReference(number, text):
                return _link(section_key(number), text.replace(" ", "\u00a0"))
            case Strong(inner):
                return f"#strong[{self.inlines(inner)}];"
            case Emphasis(inner):
                return f"#emph[{self.inlines(inner)}];"
            case Coloured(inner):
                return f"#text(fill: accent)[{self.inlines(inner)}];"
            case Shaded(inner):
                return f"#shadedwords[{self.inlines(inner)}];"
            case Code(text):
                return f"#raw({typst_string(text)});"
            case LineBreak():
                return "#linebreak();"
        raise RenderError(f"the Typst document has no rule for the piece {type(piece).__name__}")

    def note_items(self, note: SideNote) -> TypstSource:
        items = [self.inlines(item) for item in note.items]
        if note.title:
            items.insert(0, TypstSource(f"#strong[{typst_text(note.title)}];"))
        return TypstSource("\n\n".join(items))

    def _content(self, inlines: Inlines) -> str:
        return f"[{self.inlines(inlines)}]" if inlines else "none"

    # ------------------------------------------------------------------------------------------------------ blocks

    def _heading(self, block: Heading, room: float) -> str:
        key = typst_string(section_key(block.number)) if block.number else "none"
        option = f", room: {_pt(room)}" if room else ""
        return f"#section({key}, [{typst_text(block.number)}], [{typst_text(block.text)}]{option})"

    def _gap(self, block: Gap) -> str:
        return f"#v({_pt(block.height)})"

    def _need(self, block: Need) -> str:
        return f"#need({_pt(block.height)})"

    def _reasons(self, block: Reasons) -> str:
        notes = (f"#strong[{typst_text(number)}]; " * bool(number) + self._plain(note) for number, note in block.items)
        return f"#reasons[{'#h(1em);'.join(notes)}]"

    def _plain(self, note: Inlines) -> str:
        """A note on one line."""
        return self.inlines(tuple(" " if isinstance(piece, LineBreak) else piece for piece in note))

    def _side_note(self, block: SideNote) -> str:
        return f"#side({_pt(block.drop)})[{self.note_items(block)}]"

    def _hanging(self, block: SideNote) -> str:
        return f"#hang(130mm, {_pt(block.drop)}, notetext[{self.note_items(block)}]);"

    def _display(self, block: Display) -> str:
        rows = lines(block)
        head = f"breakable: {_bool(may_break(block))}, before: {_pt(rows[0].space)}"
        return f"#equations({head},\n" + "".join(f"  {self._line(line)},\n" for line in rows) + ")"

    def _line(self, line: Line) -> str:
        cells = "".join(f"{self._cell(cell)}, " for cell in line.cells)
        fields = [f"cells: ({cells.rstrip()})"]
        if line.comment:
            fields.append(f"comment: {self._content(line.comment)}")
        if line.numbers:
            keys = "".join(f"{typst_string(equation_key(number))}, " for number in line.numbers)
            fields += [f"number: [{typst_text(number_text(line.numbers))}]", f"keys: ({keys.rstrip()})"]
        if line.note:
            fields.append(f"note: {self._content(line.note)}")
        if line.space:
            fields.append(f"space: {_pt(line.space)}")
        return f"({', '.join(fields)})"

    def _cell(self, cell: LineCell | None) -> str:
        if cell is None:
            return "none"
        lhs = "none" if cell.lhs is None else _formula(f"display({self.printer(cell.lhs)})")
        relation = cell.relation or cell.continues
        sign = "none" if relation is None else _formula(self.printer(relation))
        hidden = "true" if cell.continues is not None else "false"
        return f"({lhs}, {sign}, {_formula(f'display({self._continued(cell)})')}, {hidden})"

    def _continued(self, cell: LineCell) -> str:
        """An operator at the start of a line keeps the space behind it, which Typst would leave out."""
        items = cell.body.items if isinstance(cell.body, Row) else ()
        if cell.continues is None or not items or not isinstance(items[0], Sign):
            return self.printer(cell.body)
        return f"{self.printer(items[0])} med {self.printer(Row(items[1:]))}"

    def _rule(self, block: RuleStatement) -> str:
        head = Strong((f"{block.name}\u2002{block.title}.",))
        text = _run_in((head,), block.body)
        if block.proof:
            before = text[-1].inlines if isinstance(text[-1], Paragraph) else ()
            proof = _run_in((*before, " " * bool(before), Emphasis((block.proof_word,))), block.proof)
            text = (*(text[:-1] if before else text), *proof)
        key = typst_string(rule_key(block.name))
        return f"#rule({key}, {self._content(block.note)})[{self.blocks(text)}]"

    def _verbatim(self, block: Verbatim) -> str:
        rows = ",\n  ".join(typst_string(line) for line in block.text.splitlines())
        return f"#source((\n  {rows},\n))"

    # ------------------------------------------------------------------------------------------------------ tables

    def _table(self, block: Table) -> str:
        align = ", ".join(_ALIGNMENTS[letter] for letter in block.align)
        rows: list[str] = ["table.hline(stroke: 0.8pt)"]
        kinds: list[str] = []
        end = ", []" if block.long else ""
        if block.over:
            rows += [self._table_row(block.over) + end, _rules_below(block.over)]
            kinds.append("over")
        rows += [self._table_row(block.header) + end, "table.hline(stroke: 0.5pt)"]
        kinds.append("header")
        for group in block.groups:
            lines = list(map(self._table_row, group))
            if block.long:
                lines = _together(lines, 1 if isinstance(group[0][0], Span) else 0)
            if block.long and len(group) > 1 and isinstance(group[0][0], Span):
                # A heading inside the table stays with what follows, and stands on the next page again.
                lines[0] = f"table.header(level: 2, {lines[0]})"
            rows += lines
            kinds += ["first", *["plain"] * (len(group) - 1)] if group else []
        if block.foot:
            rows += ["table.hline(stroke: 0.5pt)", *(self._table_row(row) + end for row in block.foot)]
            kinds += ["foot"] * len(block.foot)
        if block.long and not block.over:
            rows[:3] = [f"table.header({', '.join(rows[:3])})"]
        rows.append("table.hline(stroke: 0.8pt)")
        body = ",\n  ".join(row for row in rows if row)
        options = f"align: ({align},), wide: {_bool(is_wide(block))}, full: {_bool(block.full)}"
        options += ", long: true" if block.long else ""
        kind = ", ".join(f'"{name}"' for name in kinds)
        return f"#booktable({options}, kinds: ({kind},), caption: {self._content(block.caption)},\n  {body},\n)"

    def _table_row(self, cells: TableRow) -> str:
        return ", ".join(self._table_cell(cell) for cell in cells)

    def _table_cell(self, cell: Inlines | Span) -> str:
        if isinstance(cell, Span):
            return (
                f"table.cell(colspan: {cell.columns}, align: {_ALIGNMENTS[cell.align]})[{self.inlines(cell.inlines)}]"
            )
        return f"[{self.inlines(cell)}]"

    # ---------------------------------------------------------------------------------------------------- diagrams

    def _diagram(self, block: Diagram) -> str:
        shapes = "".join(f"  {self._shape(shape, block.height)},\n" for shape in block.shapes)
        kind = f"{_bool(is_wide(block))}, {_bool(block.floats)}"
        size = f"{_pt(block.width)}, {_pt(block.height)}, {kind}, {self._content(block.caption)}"
        return f"#picture({size}, (\n{shapes}))"

    def _shape(self, shape: Shape, height: float) -> str:
        match shape:
            case Box():
                corner = _point((shape.x, shape.y + shape.height), height)
                size = f"{_pt(shape.width)}, {_pt(shape.height)}"
                return f"boxed({corner}, {size}, {self._inside(shape.label)})"
            case Disc():
                middle = _point((shape.x, shape.y), height)
                return f"disc({middle}, {_pt(shape.radius)}, {self._inside(shape.label)})"
            case Arrow():
                return _arrow(shape, height)
            case Label():
                at = _point((shape.x, shape.y), height)
                options = f'"{shape.anchor}", {_bool(shape.backward)}, {_bool(shape.small)}'
                return f"labelled({at}, {options}, {self._inside(shape.layout)})"
            case Stroke():
                return _stroke(shape, height)
            case Polygon():
                points = ", ".join(_point(point, height) for point in shape.points)
                return f'outlined(({points},), "{shape.fill}", {_bool(shape.outline)})'
        raise RenderError(f"the Typst document has no rule for the shape {type(shape).__name__}")

    def _inside(self, label: Layout | None) -> str:
        return "none" if label is None else _formula(replace(self.printer, display=False)(label))


def _run_in(head: Inlines, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The head in front of the first paragraph, or as one of its own."""
    if blocks and isinstance(blocks[0], Paragraph):
        return (Paragraph((*head, " ", *blocks[0].inlines)), *blocks[1:])
    return (Paragraph(head), *blocks)


def _formula(source: str) -> str:
    return f"${source}$"


def _link(key: str, text: str) -> str:
    return f"#link(label({typst_string(key)}))[{typst_text(text)}];"


def _arrow(arrow: Arrow, height: float) -> str:
    parts = drawn(arrow)
    shaft = ", ".join(_point(point, height) for point in parts.shaft)
    head = "".join(f"{_point(point, height)}, " for point in parts.head)
    return f"arrowed(({shaft},), ({head.rstrip()}), {_bool(arrow.backward)}, {_bool(arrow.curved)})"


def _stroke(line: Stroke, height: float) -> str:
    points = ", ".join(_point(point, height) for point in line.points)
    dash = ", ".join(_pt(part) for part in DASHES[line.dash])
    return f"lined(({points},), ({dash}), {_pt(line.width)}, {_bool(line.faint)})"


def _together(lines: list[str], first: int) -> list[str]:
    """The lines of one row, from the ``first`` on, on one page: in a last column of no width, one cell that does not break."""
    count = len(lines) - first
    spanning = f"table.cell(rowspan: {count}, breakable: false)[]" if count > 1 else "[]"
    ends = ["[]"] * first + [spanning] + [""] * (count - 1)
    return [f"{line}, {end}" if end else line for line, end in zip(lines, ends, strict=True)]


def _rules_below(cells: TableRow) -> str:
    """A short rule under each spanning cell of the row above the header."""
    rules, at = [], 0
    for cell in cells:
        size = cell.columns if isinstance(cell, Span) else 1
        if isinstance(cell, Span) and cell.inlines:
            rules.append(f"table.hline(start: {at}, end: {at + size}, stroke: 0.4pt)")
        at += size
    return ", ".join(rules)


def _point(point: Point, height: float) -> str:
    """Typst counts downwards."""
    return f"({_pt(point[0])}, {_pt(height - point[1])})"


def _pt(value: float) -> str:
    return f"{round(value, 2):g}pt"


def _bool(value: bool) -> str:
    return "true" if value else "false"


_BLOCKS: dict[type, Callable[[TypstWriter, Any], str]] = {
    Display: TypstWriter._display,
    SideNote: TypstWriter._side_note,
    Table: TypstWriter._table,
    Diagram: TypstWriter._diagram,
    RuleStatement: TypstWriter._rule,
    Verbatim: TypstWriter._verbatim,
    Gap: TypstWriter._gap,
    Need: TypstWriter._need,
    Reasons: TypstWriter._reasons,
}
