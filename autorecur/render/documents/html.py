"""Blocks as HTML: one file that loads nothing, for a screen, a telephone, a printer and a screen reader."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.blocks import (
    Block,
    Code,
    Coloured,
    Diagram,
    Display,
    Document,
    Emphasis,
    EquationRow,
    Gap,
    Heading,
    Inline,
    Inlines,
    LineBreak,
    Math,
    Need,
    Paragraph,
    Reasons,
    Reference,
    RuleReference,
    RuleStatement,
    Screen,
    SectionReference,
    Shaded,
    SideNote,
    Span,
    Strong,
    Table,
    TableRow,
    Verbatim,
)
from autorecur.render.displays import LineCell, fitted, row_lines
from autorecur.render.documents.environment import fill
from autorecur.render.documents.references import check_references, equation_key, rule_key, section_key
from autorecur.render.latex import LatexPrinter
from autorecur.render.margin import is_wide, side_note_height
from autorecur.render.mathml import mathml
from autorecur.render.measure import width
from autorecur.render.page import LINE, PARAGRAPH_SKIP, TEXT_SIZE, TEXT_WIDTH
from autorecur.render.prose import line_count, number_text, reference_text
from autorecur.render.source import HtmlSource, html_text
from autorecur.render.svg import picture
from autorecur.symbolic.layout import Layout, Row, Sign, row

# Formulas in the line that are wider, in em, may go on in the next line, before a relation; very wide ones before an operator.
_UNBROKEN, _UNSUMMED = 8.0, 16.0
_CLOSING = re.compile(r"[,.;:!?)\]…»”\u2019]+")
_ALIGNMENTS = {"l": "l", "c": "c", "r": "r"}


def html_document(document: Document, templates: Path | None = None) -> str:
    """A page for any browser, with its own mathematics font; nothing is fetched from anywhere."""
    check_references(document)
    writer = HtmlWriter(document.decimal, document.screen)
    sections = list(_sections(document.blocks))
    return fill(
        "html.html.jinja",
        HtmlSource,
        html_text,
        templates,
        language=document.language,
        plain_title=document.one_line(),
        title=[line for line in document.title.splitlines() if line.strip()],
        subtitle=[writer.inlines(line) for line in document.subtitle],
        seal=None if document.seal is None else writer.note(document.seal),
        screen=document.screen,
        contents=[
            (_id(section_key(head.number)), head.number, head.text) for head, _ in sections if head and head.number
        ],
        body=writer.sections(sections),
        footer=document.footer,
        font=_font(),
        digest=_digest,
    )


@cache
def _font() -> HtmlSource:
    """The mathematics font as it stands in a data address."""
    data = files("autorecur.render").joinpath("fonts", "math.woff2").read_bytes()
    return HtmlSource(b64encode(data).decode("ascii"))


def _digest(script: str) -> HtmlSource:
    """What the page's policy lets run: a script with this sum, and no other."""
    from hashlib import sha256

    return HtmlSource("sha256-" + b64encode(sha256(script.encode()).digest()).decode("ascii"))


def _sections(blocks: tuple[Block, ...]) -> Iterator[tuple[Heading | None, tuple[Block, ...]]]:
    """Each heading with the blocks up to the next; first what stands before any."""
    head: Heading | None = None
    held: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            if head is not None or held:
                yield head, tuple(held)
            head, held = block, []
        else:
            held.append(block)
    if head is not None or held:
        yield head, tuple(held)


@dataclass(frozen=True, slots=True)
class HtmlWriter:
    """``whole`` in tables, where no formula is broken."""

    decimal: str = "."
    screen: Screen | None = None
    whole: bool = False

    def sections(self, sections: list[tuple[Heading | None, tuple[Block, ...]]]) -> HtmlSource:
        return HtmlSource("\n".join(self._section(head, blocks) for head, blocks in sections))

    def _section(self, head: Heading | None, blocks: tuple[Block, ...]) -> str:
        if head is None:
            return f"<section>\n{self.blocks(blocks)}\n</section>"
        if not head.number:
            return f"<section>\n<h2>{html_text(head.text)}</h2>\n{self.blocks(blocks)}\n</section>"
        key = _id(section_key(head.number))
        title = f'<h2 id="{key}-title"><span class="number">{html_text(head.number)}</span> {html_text(head.text)}</h2>'
        return f'<section id="{key}" aria-labelledby="{key}-title">\n{title}\n{self.blocks(blocks)}\n</section>'

    def blocks(self, blocks: tuple[Block, ...]) -> HtmlSource:
        """A side note stands beside the blocks that follow, as many as it is high."""
        text: list[str] = []
        at = 0
        while at < len(blocks):
            block = blocks[at]
            at += 1
            if isinstance(block, SideNote):
                end = _beside(block, blocks, at)
                flow = "\n".join(filter(None, map(self._block, blocks[at:end])))
                text.append(f'<div class="beside">\n<div class="flow">\n{flow}\n</div>\n{self._block(block)}\n</div>')
                at = end
            else:
                text.append(self._block(block))
        return HtmlSource("\n".join(filter(None, text)))

    def _block(self, block: Block) -> str:
        try:
            method = _BLOCKS[type(block)]
        except KeyError:
            raise RenderError(f"the HTML document has no rule for the block {type(block).__name__}") from None
        return method(self, block)

    # ------------------------------------------------------------------------------------------------------- prose

    def inlines(self, inlines: Inlines) -> HtmlSource:
        """No line begins with the comma that follows a formula."""
        texts: list[str] = []
        for piece in inlines:
            text = self._inline(piece)
            if isinstance(piece, str) and texts and texts[-1].startswith(("<math", "<a")):
                closing = _CLOSING.match(piece)
                if closing is not None:
                    texts[-1] = _kept(texts[-1], html_text(closing[0]))
                    text = html_text(piece[closing.end() :])
            texts.append(text)
        return HtmlSource("".join(texts))

    def _inline(self, piece: Inline) -> str:
        match piece:
            case str():
                return html_text(piece)
            case Math(layout):
                parts = (layout,) if self.whole else _parts(layout)
                return "".join(mathml(part, decimal=self.decimal) for part in parts)
            case Reference(number):
                return _link(equation_key(number), reference_text(number))
            case RuleReference(name):
                return _link(rule_key(name), name)
            case SectionReference(number, text):
                return _link(section_key(number), text.replace(" ", "\u00a0"))
            case Strong(inner):
                return f"<strong>{self.inlines(inner)}</strong>"
            case Emphasis(inner):
                return f"<em>{self.inlines(inner)}</em>"
            case Coloured(inner):
                return f'<span class="b">{self.inlines(inner)}</span>'
            case Shaded(inner):
                return f'<span class="f">{self.inlines(inner)}</span>'
            case Code(text):
                return f"<code>{html_text(text)}</code>"
            case LineBreak():
                return "<br>"
        raise RenderError(f"the HTML document has no rule for the piece {type(piece).__name__}")

    # ------------------------------------------------------------------------------------------------------ blocks

    def _heading(self, block: Heading) -> str:
        """Within another block; those of the page open their sections."""
        return f"<h3>{html_text(' '.join(filter(None, (block.number, block.text))))}</h3>"

    def _paragraph(self, block: Paragraph) -> str:
        return f"<p>{self.inlines(block.inlines)}</p>"

    def _nothing(self, block: Gap | Need) -> str:
        """Lengths of a printed page."""
        return ""

    def note(self, note: SideNote) -> HtmlSource:
        title = f'<p class="title">{html_text(note.title)}</p>' if note.title else ""
        return HtmlSource(title + "".join(f"<p>{self.inlines(item)}</p>" for item in note.items))

    def _side_note(self, block: SideNote) -> str:
        return f'<aside class="note">{self.note(block)}</aside>'

    def _reasons(self, block: Reasons) -> str:
        notes = (
            f"<span><b>{html_text(number)}</b> {self.inlines(note)}</span>" if number else str(self.inlines(note))
            for number, note in block.items
        )
        return f'<p class="reasons">{" ".join(notes)}</p>'

    def _rule(self, block: RuleStatement) -> str:
        key = _id(rule_key(block.name))
        head = f'<h3 id="{key}-title"><span class="name">{html_text(block.name)}</span> {html_text(block.title)}</h3>'
        body = str(self.blocks(block.body))
        if block.proof:
            proof = self.blocks(_run_in(Emphasis((block.proof_word,)), block.proof))
            body += f'\n<div class="proof">{proof}</div>'
        note = f'\n<aside class="note"><p>{self.inlines(block.note)}</p></aside>' if block.note else ""
        start = f'<section class="rule beside" id="{key}" aria-labelledby="{key}-title">'
        return f'{start}\n<div class="flow">\n{head}\n{body}\n</div>{note}\n</section>'

    def _verbatim(self, block: Verbatim) -> str:
        text = "\n".join(html_text(line) for line in block.text.splitlines())
        return f'<pre class="scroll"><code>{text}</code></pre>'

    # --------------------------------------------------------------------------------------------------- equations

    def _display(self, block: Display) -> str:
        """A grid whose rows share their columns: the sides of each formula, comment, number, reason."""
        rows = fitted(block).rows
        pairs = max(len(given.cells) for given in rows)
        noted = " noted" if any(given.note for given in rows) else ""
        body = "\n".join(self._row(given) for given in rows)
        return f'<div class="equations{noted}" style="--pairs:{pairs}">\n{body}\n</div>'

    def _row(self, given: EquationRow) -> str:
        parts: list[str] = []
        found = list(row_lines(given))
        for down, line in enumerate(found, 1):
            for at, cell in enumerate(line.cells):
                parts += [] if cell is None else self._sides(cell, f"--line:{down};--pair:{at}")
        if given.comment:
            parts.append(f'<div class="comment">{self.inlines(given.comment)}</div>')
        parts.append(self._number(given))
        if given.note:
            parts.append(f'<div class="note">{self.inlines(given.note)}</div>')
        key = f' id="{_id(equation_key(given.numbers[0]))}"' if given.numbers else ""
        return f'<div class="row" style="--lines:{len(found)}"{key}>{"".join(parts)}</div>'

    def _sides(self, cell: LineCell, place: str) -> list[str]:
        """Both sides of one line, placed by the style sheet: on a narrow screen pairs stand below one another."""
        sides: list[str] = []
        if cell.lhs is not None:
            sides.append(f'<div class="left" style="{place}">{self._formula(cell.lhs)}</div>')
        body = cell.body if cell.relation is None else row(cell.relation, cell.body)
        shown = str(self._formula(body))
        if cell.continues is not None:
            hidden = mathml(row(cell.continues), decimal=self.decimal)
            shown = f'<span class="hidden-sign" aria-hidden="true">{hidden}</span>{shown}'
        sides.append(f'<div class="right" style="{place}">{shown}</div>')
        return sides

    def _formula(self, layout: Layout) -> HtmlSource:
        return mathml(layout, display=True, decimal=self.decimal)

    def _number(self, given: EquationRow) -> str:
        """The number as a link to its own place, with a button that copies the equation; further numbers are places too."""
        if not given.numbers:
            return ""
        shown = number_text(given.numbers)
        others = "".join(f'<span id="{_id(equation_key(number))}"></span>' for number in given.numbers[1:])
        link = _link(equation_key(given.numbers[0]), shown)
        return f'<div class="tag">{others}{self._copy(given, shown)}{link}</div>'

    def _copy(self, given: EquationRow, shown: str) -> str:
        if self.screen is None:
            return ""
        label = html_text(f"{self.screen.copy} {shown}")
        source = html_text(_latex(given, self.decimal))
        names = f'title="{label}" aria-label="{label}"'
        return f'<button type="button" class="copy" hidden {names} data-tex="{source}">TeX</button>'

    # ---------------------------------------------------------------------------------------------- tables, pictures

    def _table(self, block: Table) -> str:
        over = f"<tr>{self._cells(block.over, '', 'th')}</tr>" if block.over else ""
        head = f"<thead>{over}<tr>{self._cells(block.header, block.align, 'th')}</tr></thead>"
        groups = "".join(
            f"<tbody>{''.join(f'<tr>{self._cells(line, block.align)}</tr>' for line in group)}</tbody>"
            for group in block.groups
        )
        foot = "".join(f"<tr>{self._cells(line, block.align)}</tr>" for line in block.foot)
        foot = f"<tfoot>{foot}</tfoot>" if foot else ""
        caption = f"<caption><span>{self.inlines(block.caption)}</span></caption>" if block.caption else ""
        kind = "scroll wide" if is_wide(block) else "scroll"
        return f'<div class="{kind}"><table>{caption}{head}{groups}{foot}</table></div>'

    def _cells(self, cells: TableRow, align: str, name: str = "td") -> str:
        texts, at = [], 0
        for cell in cells:
            size = cell.columns if isinstance(cell, Span) else 1
            texts.append(self._table_cell(cell, align[at : at + 1] or "c", name))
            at += size
        return "".join(texts)

    def _table_cell(self, cell: Inlines | Span, align: str, name: str) -> str:
        span = ""
        if isinstance(cell, Span):
            align, span, cell = cell.align, f' colspan="{cell.columns}"', cell.inlines
        # A header without words is no header.
        name = "td" if not cell else name
        scope = "" if name == "td" else ' scope="colgroup"' if span else ' scope="col"'
        return f'<{name} class="{_ALIGNMENTS[align]}"{span}{scope}>{replace(self, whole=True).inlines(cell)}</{name}>'

    def _diagram(self, block: Diagram) -> str:
        """The picture is for eyes; its words, which are not seen, for everybody else."""
        words = f'<p class="unseen">{self.inlines(block.alt)}</p>' if block.alt else ""
        caption = f"<figcaption>{self.inlines(block.caption)}</figcaption>" if block.caption else ""
        kind = ' class="wide"' if is_wide(block) else ""
        drawing = f'<div class="scroll" aria-hidden="true">{picture(block, self.decimal)}</div>'
        return f"<figure{kind}>{drawing}{words}{caption}</figure>"


def _beside(note: SideNote, blocks: tuple[Block, ...], start: int) -> int:
    """The end of the blocks beside a note: when they are as high, or where one uses the side column itself."""
    room = side_note_height(note)
    at = start
    while at < len(blocks) and room > 0 and not _reaches_aside(blocks[at]):
        room -= _height(blocks[at])
        at += 1
    return at


def _reaches_aside(block: Block) -> bool:
    match block:
        case SideNote() | Heading() | RuleStatement():
            return True
        case Display():
            return any(given.note for given in block.rows)
        case Table() | Diagram():
            return is_wide(block)
    return False


def _height(block: Block) -> float:
    """Roughly, in points of the printed page."""
    match block:
        case Paragraph():
            return line_count(block.inlines, TEXT_WIDTH / TEXT_SIZE) * LINE + PARAGRAPH_SKIP
        case Display():
            return sum(len(list(row_lines(given))) for given in fitted(block).rows) * 2 * LINE
        case Diagram():
            return block.height
        case Table():
            return LINE * (1 + sum(len(group) for group in block.groups))
    return 2 * LINE


def _parts(layout: Layout) -> Iterator[Layout]:
    """A wide formula in the line as several, each after the first beginning with its relation or its operator."""
    if not isinstance(layout, Row) or width(layout) <= _UNBROKEN:
        yield layout
        return
    for part in _split(layout, "relation"):
        yield from _split(part, "binary") if width(part) > _UNSUMMED else (part,)


def _split(layout: Row, kind: str) -> Iterator[Row]:
    """Before each sign of a kind, unless hardly anything stands before it."""
    held: list[Layout] = []
    for item in layout.items:
        if isinstance(item, Sign) and item.kind == kind and len(held) > 1:
            yield Row(tuple(held))
            held = []
        held.append(item)
    yield Row(tuple(held))


def _latex(given: EquationRow, decimal: str) -> str:
    """The whole equation on one line, as it goes into a document of one's own."""
    printer = LatexPrinter(plain=True, decimal=decimal)
    cells = []
    for cell in given.cells:
        if cell is not None:
            sides = [cell.lhs, cell.relation, *cell.lines]
            cells.append(" ".join(str(printer(side)) for side in sides if side is not None))
    return " \\qquad ".join(cells)


def _run_in(head: Inline, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The head in front of the first paragraph, or as one of its own."""
    if blocks and isinstance(blocks[0], Paragraph):
        return (Paragraph((head, " ", *blocks[0].inlines)), *blocks[1:])
    return (Paragraph((head,)), *blocks)


def _kept(text: str, closing: str) -> str:
    """The last element of a text and the mark behind it, on one line."""
    at = max(text.rfind("<math"), text.rfind("<a "))
    return f'{text[:at]}<span class="kept">{text[at:]}{closing}</span>'


def _link(key: str, text: str) -> str:
    return f'<a href="#{_id(key)}">{html_text(text)}</a>'


def _id(key: str) -> str:
    """A name for a place: what could be markup, or would be changed in an address, is spelt by code."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda match: f"_{ord(match[0]):x}_", key.replace(":", "-", 1))


_BLOCKS: dict[type, Callable[[HtmlWriter, Any], str]] = {
    Heading: HtmlWriter._heading,
    Paragraph: HtmlWriter._paragraph,
    Display: HtmlWriter._display,
    SideNote: HtmlWriter._side_note,
    Table: HtmlWriter._table,
    Diagram: HtmlWriter._diagram,
    RuleStatement: HtmlWriter._rule,
    Verbatim: HtmlWriter._verbatim,
    Gap: HtmlWriter._nothing,
    Need: HtmlWriter._nothing,
    Reasons: HtmlWriter._reasons,
}
