"""Blocks as GitHub-flavoured Markdown: mathematics between dollars, no colour, reasons below their display."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
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
    SectionReference,
    Shaded,
    SideNote,
    Span,
    Strong,
    Table,
    TableRow,
    Verbatim,
)
from autorecur.render.displays import Line, LineCell, lines, reasons
from autorecur.render.documents.environment import fill
from autorecur.render.documents.references import check_references
from autorecur.render.latex import LatexPrinter
from autorecur.render.prose import number_text, reference_text
from autorecur.render.source import MarkdownSource, markdown_text

_RULES = {"l": ":--", "c": ":-:", "r": "--:"}


def markdown_document(document: Document, templates: Path | None = None) -> str:
    check_references(document)
    writer = MarkdownWriter(LatexPrinter(plain=True, portable=True, decimal=document.decimal))
    return fill(
        "markdown.md.jinja",
        MarkdownSource,
        markdown_text,
        templates,
        title=document.one_line(),
        subtitle=[writer.inlines(line) for line in document.subtitle],
        seal=None if document.seal is None else writer.quoted(document.seal),
        body=writer.blocks(document.blocks),
    )


@dataclass(frozen=True, slots=True)
class MarkdownWriter:
    printer: LatexPrinter

    def blocks(self, blocks: tuple[Block, ...]) -> MarkdownSource:
        return MarkdownSource("\n\n".join(text for text in map(self._block, blocks) if text))

    def _block(self, block: Block) -> str:
        try:
            method = _BLOCKS[type(block)]
        except KeyError:
            raise RenderError(f"the Markdown document has no rule for the block {type(block).__name__}") from None
        return method(self, block)

    # ------------------------------------------------------------------------------------------------------- prose

    def inlines(self, inlines: Inlines) -> MarkdownSource:
        return MarkdownSource("".join(self._inline(piece) for piece in inlines))

    def _inline(self, piece: Inline) -> str:
        match piece:
            case str():
                return markdown_text(piece)
            case Math(layout):
                return f"${self.printer(layout)}$"
            case Reference(number):
                return markdown_text(reference_text(number))
            case RuleReference(name):
                return markdown_text(name)
            case SectionReference(_, text):
                return markdown_text(text)
            case Strong(inner):
                return f"**{self.inlines(inner)}**"
            case Emphasis(inner) | Shaded(inner):
                return self._emphasis(inner)
            case Coloured(inner):
                return self.inlines(inner)
            case Code(text):
                return _code(text)
            case LineBreak():
                return " "
        raise RenderError(f"the Markdown document has no rule for the piece {type(piece).__name__}")

    def _emphasis(self, inner: Inlines) -> str:
        return f"*{self.inlines(inner)}*"

    def quoted(self, note: SideNote) -> MarkdownSource:
        items = [self.inlines(item) for item in note.items]
        if note.title:
            items.insert(0, MarkdownSource(f"**{markdown_text(note.title)}**"))
        return MarkdownSource("\n>\n".join(f"> {item}" for item in items))

    # ------------------------------------------------------------------------------------------------------ blocks

    def _heading(self, block: Heading) -> str:
        number = f"{markdown_text(block.number)} " if block.number else ""
        return f"## {number}{markdown_text(block.text)}"

    def _paragraph(self, block: Paragraph) -> str:
        return self.inlines(block.inlines).lstrip()

    def _nothing(self, block: Gap | Need) -> str:
        return ""

    def _side_note(self, block: SideNote) -> str:
        return self.quoted(block)

    def _display(self, block: Display) -> str:
        """Each numbered row is a display of its own: every viewer takes a tag there, few take one inside a group."""
        numbered = sum(1 for row in block.rows if row.numbers)
        groups = [block.rows] if numbered <= 1 else [(row,) for row in block.rows]
        return "\n\n".join(f"$$\n{self._equations(rows)}\n$$" for rows in groups) + self._below(block)

    def _below(self, block: Display) -> str:
        text = self._reasons(Reasons(reasons(block)))
        return f"\n\n{text}" if text else ""

    def _equations(self, rows: tuple[EquationRow, ...]) -> str:
        numbers = next((row.numbers for row in rows if row.numbers), ())
        comments = " ".join(_words(row.comment) for row in rows if row.comment)
        comment = f" \\qquad \\text{{{comments}}}" if comments else ""
        tag = f" \\tag{{{number_text(numbers)[1:-1]}}}" if numbers else ""
        return self._body(lines(Display(rows))) + comment + tag

    def _body(self, rows: tuple[Line, ...]) -> str:
        if len(rows) == 1:
            return " \\qquad ".join(self._cell(cell) for cell in rows[0].cells if cell is not None)
        body = " \\cr\n".join(" & ".join(self._cell(cell, "&") for cell in row.cells) for row in rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def _cell(self, cell: LineCell | None, mark: str = "") -> str:
        if cell is None:
            return mark
        lhs = "" if cell.lhs is None else f"{self.printer(cell.lhs)} "
        if cell.continues is not None:
            return f"{mark}\\quad {{}} {self.printer(cell.body)}"
        relation = "" if cell.relation is None else f"{'' if lhs else '{}'}{self.printer(cell.relation)} "
        return f"{lhs}{mark}{relation}{self.printer(cell.body)}"

    def _reasons(self, block: Reasons) -> str:
        """The notes as one small paragraph, each after its number."""
        notes = (f"**{markdown_text(number)}** " * bool(number) + self.inlines(note) for number, note in block.items)
        return "<sub>" + " — ".join(notes) + "</sub>" if block.items else ""

    def _rule(self, block: RuleStatement) -> str:
        head = f"**{markdown_text(block.name)} {markdown_text(block.title)}.**"
        text = f"{head} {self.blocks(block.body)}"
        if block.proof:
            text += f"\n\n*{markdown_text(block.proof_word)}* {self.blocks(block.proof)}"
        return text + (f"\n\n<sub>{self.inlines(block.note)}</sub>" if block.note else "")

    def _verbatim(self, block: Verbatim) -> str:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", block.text)), default=0))
        return f"{fence}text\n{_printable(block.text)}\n{fence}"

    def _table(self, block: Table) -> str:
        rows = [self._table_row(line) for group in block.groups for line in group]
        rules = "| " + " | ".join(_RULES[letter] for letter in block.align) + " |"
        header = self._table_row(block.header)
        foot = [self._table_row(line) for line in block.foot]
        caption = f"\n\n{self.inlines(block.caption)}" if block.caption else ""
        return "\n".join([header, rules, *rows, *foot]) + caption

    def _table_row(self, cells: TableRow) -> str:
        texts: list[str] = []
        for cell in cells:
            if isinstance(cell, Span):
                texts += [self.inlines(cell.inlines), *[""] * (cell.columns - 1)]
            else:
                texts.append(self.inlines(cell))
        return "| " + " | ".join(text.replace("\n", " ") for text in texts) + " |"

    def _diagram(self, block: Diagram) -> str:
        """A picture cannot be shown here; words that stand for it can."""
        return f"*{self.inlines(block.alt)}*" if block.alt else ""


def _words(inlines: Inlines) -> str:
    """A comment inside mathematics: its plain words, without what would be markup there."""
    words = "".join(
        piece if isinstance(piece, str) else reference_text(piece.number) if isinstance(piece, Reference) else ""
        for piece in inlines
    )
    return re.sub(r"[\\{}$&%#_^~<>|\x00-\x1f]", " ", words).strip()


def _code(text: str) -> str:
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{_printable(text).replace(chr(10), ' ')}{pad}{fence}"


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", "\n".join(text.splitlines()))


_BLOCKS: dict[type, Callable[[MarkdownWriter, Any], str]] = {
    Heading: MarkdownWriter._heading,
    Paragraph: MarkdownWriter._paragraph,
    Display: MarkdownWriter._display,
    SideNote: MarkdownWriter._side_note,
    Table: MarkdownWriter._table,
    Diagram: MarkdownWriter._diagram,
    RuleStatement: MarkdownWriter._rule,
    Verbatim: MarkdownWriter._verbatim,
    Gap: MarkdownWriter._nothing,
    Need: MarkdownWriter._nothing,
    Reasons: MarkdownWriter._reasons,
}
