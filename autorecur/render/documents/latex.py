"""Blocks as LaTeX: a document that stands alone, with a column of reasons, or a fragment for somebody's own article."""

from __future__ import annotations

import re
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
from autorecur.render.displays import Line, LineCell, lines, may_break, reasons
from autorecur.render.documents.environment import fill
from autorecur.render.documents.references import check_references, equation_key, rule_key, section_key
from autorecur.render.geometry import drawn
from autorecur.render.latex import LatexPrinter
from autorecur.render.margin import arranged, is_wide, table_width
from autorecur.render.page import FULL_WIDTH, TEXT_WIDTH
from autorecur.render.prose import number_text, reference_text
from autorecur.render.source import LatexSource, latex_plain, latex_text
from autorecur.symbolic.layout import Layout

_ANCHORS = {"center": "center", "above": "south", "below": "north", "left": "east", "right": "west"}


def latex_document(document: Document, templates: Path | None = None) -> str:
    """A file that ``latexmk -pdf`` sets."""
    check_references(document)
    document = arranged(document)
    writer = LatexWriter(LatexPrinter(decimal=document.decimal))
    return _spaced(fill("latex.tex.jinja", LatexSource, latex_text, templates, **_values(document, writer)))


def latex_fragment(document: Document, templates: Path | None = None) -> str:
    """The body alone, to be ``\\input`` in an article; reasons stand below their display."""
    check_references(document)
    writer = LatexWriter(LatexPrinter(decimal=document.decimal), margin=False)
    return _spaced(fill("fragment.tex.jinja", LatexSource, latex_text, templates, **_values(document, writer)))


def _spaced(source: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", source).rstrip("\n") + "\n"


def _values(document: Document, writer: LatexWriter) -> dict[str, Any]:
    seal = document.seal
    return {
        "title": [latex_text(line) for line in document.title.splitlines() if line.strip()],
        "plain_title": latex_plain(document.one_line()),
        "one_line": document.one_line(),
        "subtitle": [writer.inlines(line) for line in document.subtitle],
        "seal": None if seal is None else writer.note_items(seal),
        "footer": document.foot(),
        "language": document.language,
        "patterns": document.patterns,
        "even_spaces": document.even_spaces,
        "close": document.close,
        "body": writer.blocks(document.blocks),
    }


@dataclass(frozen=True, slots=True)
class LatexWriter:
    printer: LatexPrinter
    margin: bool = True

    def blocks(self, blocks: tuple[Block, ...]) -> LatexSource:
        """A display belongs to the paragraph that leads to it: no empty line stands between them."""
        text, before = "", None
        for block in blocks:
            if isinstance(block, Display) and isinstance(before, Paragraph):
                text = text.rstrip("\n") + "\n"
            elif isinstance(block, Display):
                text += "\\arnext\n" if isinstance(before, Display) else "\\arbare\n"
            text += self._block(block)
            before = block
        return LatexSource(text)

    def _block(self, block: Block) -> str:
        try:
            method = _BLOCKS[type(block)]
        except KeyError:
            raise RenderError(f"the LaTeX document has no rule for the block {type(block).__name__}") from None
        return method(self, block) + "\n"

    # ------------------------------------------------------------------------------------------------------- prose

    def inlines(self, inlines: Inlines) -> LatexSource:
        return LatexSource("".join(self._inline(piece) for piece in inlines))

    def _inline(self, piece: Inline) -> str:
        match piece:
            case str():
                return latex_text(piece)
            case Math(layout):
                return f"${self.printer(layout)}$"
            case Reference(number):
                return f"\\arlink{{{_key(equation_key(number))}}}{{{self._printed(reference_text(number))}}}"
            case RuleReference(name):
                return f"\\arlink{{{_key(rule_key(name))}}}{{{latex_text(name)}}}"
            case SectionReference(number, text):
                return f"\\arlink{{{_key(section_key(number))}}}{{{latex_text(_unbroken(text))}}}"
            case Strong(inner):
                return f"\\textbf{{{self.inlines(inner)}}}"
            case Emphasis(inner):
                return f"\\emph{{{self.inlines(inner)}}}"
            case Coloured(inner):
                return f"\\arback{{{self.inlines(inner)}}}"
            case Shaded(inner):
                return f"\\arshaded{{{self.inlines(inner)}}}"
            case Code(text):
                return f"\\texttt{{{_code(text)}}}"
            case LineBreak():
                return "\\\\\n"
        raise RenderError(f"the LaTeX document has no rule for the piece {type(piece).__name__}")

    def _printed(self, number: str) -> LatexSource:
        """``(11–13)``; in a fragment each number goes through a macro, so that it can be told from the document's own."""
        if self.margin:
            return latex_text(number)
        parts = re.split(r"([^(),–\s]+)", number)
        return LatexSource(
            "".join(
                f"\\arnumber{{{latex_text(part)}}}" if at % 2 else latex_text(part) for at, part in enumerate(parts)
            )
        )

    def note_items(self, note: SideNote) -> LatexSource:
        items = [self.inlines(item) for item in note.items]
        if note.title:
            items.insert(0, LatexSource(f"\\textbf{{{latex_text(note.title)}}}"))
        return LatexSource("\\\\[2pt]\n".join(items))

    # ------------------------------------------------------------------------------------------------------ blocks

    def _heading(self, block: Heading) -> str:
        anchor = f"\\aranchor{{{_key(section_key(block.number))}}}" if block.number else ""
        return f"\n\\arsection{{{latex_text(block.number)}}}{{{anchor}{latex_text(block.text)}}}\n"

    def _paragraph(self, block: Paragraph) -> str:
        return f"{self.inlines(block.inlines)}\n"

    def _gap(self, block: Gap) -> str:
        return f"\\vspace{{{_pt(block.height)}}}\n" if self.margin else ""

    def _side_note(self, block: SideNote) -> str:
        if self.margin:
            return f"\\arside{{{_pt(block.drop)}}}{{{self.note_items(block)}}}%"
        return f"\\arbox{{{self.note_items(block)}}}\n"

    def _display(self, block: Display) -> str:
        rows = lines(block)
        columns = max(len(line.cells) for line in rows)
        space = rows[0].space if self.margin else 0.0
        before = f"\\vadjust{{\\kern{_pt(space)}}}%\n" if space else ""
        breakable = may_break(block)
        before += "{\\allowdisplaybreaks\n" if breakable else ""
        body = ""
        for at, line in enumerate(rows):
            if at:
                space = rows[at].space if self.margin else 0.0
                # No row stands alone at the foot or at the head of a page.
                end = "\\\\*" if breakable and at in (1, len(rows) - 1) else "\\\\"
                body += f" {end}[{_pt(space)}]\n" if space else f" {end}\n"
            body += self._line(line, columns)
        after = "}" if breakable else ""
        display = f"{before}\\begin{{align*}}\n{body}\n\\end{{align*}}{after}\n"
        return display if self.margin else display + self._reasons(Reasons(reasons(block)))

    def _line(self, line: Line, columns: int) -> str:
        cells = [self._cell(cell) for cell in line.cells]
        cells += [" & "] * (columns - len(cells)) if line.comment else []
        text = "  " + " & ".join(cells).rstrip(" &")
        if line.comment:
            text = "  " + " & ".join(cells) + f" && \\text{{{self.inlines(line.comment)}}}"
        return text + self._tag(line)

    def _cell(self, cell: LineCell | None) -> str:
        if cell is None:
            return " & "
        lhs = "" if cell.lhs is None else self.printer(cell.lhs)
        if cell.continues is not None:
            relation = f"\\hphantom{{{{}}{self.printer(cell.continues)}{{}}}} {{}}"
        else:
            relation = "" if cell.relation is None else ("" if cell.lhs else "{}") + self.printer(cell.relation)
        return f"{lhs} &{relation} {self.printer(cell.body)}"

    def _tag(self, line: Line) -> str:
        note = self.inlines(line.note) if self.margin else ""
        line = replace(line, numbers=tuple(number.strip("()") for number in line.numbers))
        if len(line.numbers) == 1 and _key(line.numbers[0]) == line.numbers[0]:
            return f" \\areqn{{{line.numbers[0]}}}{{{note}}}"
        anchors = "".join(
            f"\\aranchor{{{_key(equation_key(number))}}}\\arlabel{{{_key(number)}}}" for number in line.numbers
        )
        shown = self._printed(number_text(line.numbers)) if line.numbers else ""
        return f" \\areqns{{{anchors}{shown}}}{{{note}}}" if shown or note else ""

    def _reasons(self, block: Reasons) -> str:
        notes = [
            f"\\textbf{{{self._printed(number)}}} " * bool(number) + self._plain(note) for number, note in block.items
        ]
        joined = "\\quad\n".join(notes)
        return f"\\arreasons{{{joined}}}\n" if notes else ""

    def _plain(self, note: Inlines) -> str:
        """A note on one line."""
        return self.inlines(tuple(" " if isinstance(piece, LineBreak) else piece for piece in note))

    def _need(self, block: Need) -> str:
        return f"\\arneed{{{_pt(block.height)}}}" if self.margin else ""

    def _rule(self, block: RuleStatement) -> str:
        note = f"\\arside{{0pt}}{{{self.inlines(block.note)}}}" if self.margin and block.note else ""
        head = f"\\arrule{{{_key(rule_key(block.name))}}}{{{latex_text(block.name)}}}{{{latex_text(block.title)}}}"
        text = f"\\par\\addvspace{{2pt}}{{\\small {note}{head} {self.blocks(block.body)}".rstrip() + "\n"
        if block.proof:
            text = f"{text}\\arproof{{{latex_text(block.proof_word)}}} {self.blocks(block.proof)}".rstrip() + "\n"
        text += "\\par}\n"
        if block.note and not self.margin:
            text += f"\n\\arreasons{{{self._plain(block.note)}}}\n"
        return text + "\n"

    def _verbatim(self, block: Verbatim) -> str:
        return f"\\arverbatim{{{_code(chr(10).join(block.text.splitlines()))}}}\n"

    # ------------------------------------------------------------------------------------------------------ tables

    def _table(self, block: Table) -> str:
        if block.long and self.margin and not block.over:
            return self._long_table(block)
        wide = self.margin and is_wide(block)
        # What is wider than the page is made smaller as a whole, so it cannot be stretched; nor where the width is unknown.
        natural = table_width(block) - 6.0 * (len(block.align) - 1)
        full = block.full and self.margin and natural <= (FULL_WIDTH if wide else TEXT_WIDTH)
        columns = "@{\\extracolsep{\\fill}}" + block.align if full else block.align
        width = ("{\\arfullwidth}" if wide else "{\\linewidth}") if full else ""
        name = "tabular*" if full else "tabular"
        body = [f"\\begin{{{name}}}{width}{{@{{}}{columns}@{{}}}}", "\\toprule"]
        if block.over:
            body += [self._table_row(block.over), _rules_below(block.over)]
        body += [self._table_row(block.header), "\\midrule"]
        body.append("\n\\addlinespace\n".join("\n".join(map(self._table_row, group)) for group in block.groups))
        if block.foot:
            body += ["\\midrule", *map(self._table_row, block.foot)]
        body += ["\\bottomrule", f"\\end{{{name}}}"]
        caption = f"{{{self.inlines(block.caption)}}}" if block.caption else "{}"
        macro = "\\arwidetable" if wide else "\\artable"
        tight = "\\setlength{\\tabcolsep}{3pt}" if block.full else ""
        return f"{macro}{{{tight}%\n" + "\n".join(body) + f"}}{caption}\n"

    def _long_table(self, block: Table) -> str:
        """Pages break between its groups; the header stands on each page."""
        groups = []
        for group in block.groups:
            *others, last = map(self._table_row, group)
            groups.append("\n".join([*(f"{line}*\\noalign{{\\nobreak\\vskip2pt}}" for line in others), last]))
        body = "\n\\addlinespace\n".join(groups)
        if block.foot:
            body += "\n\\midrule\n" + "\n".join(map(self._table_row, block.foot))
        caption = f"{{{self.inlines(block.caption)}}}" if block.caption else "{}"
        columns = f"{block.align[:-1]}@{{\\extracolsep{{\\fill}}}}{block.align[-1]}"
        across = "\\arfullwidth" if is_wide(block) else "\\textwidth"
        return f"\\arlongtable{{{across}}}{{{columns}}}{{{self._table_row(block.header)}}}{{%\n{body}\n}}{caption}\n"

    def _table_row(self, cells: TableRow) -> str:
        last = len(cells) - 1
        return " & ".join(self._table_cell(cell, at == 0, at == last) for at, cell in enumerate(cells)) + " \\\\"

    def _table_cell(self, cell: Inlines | Span, first: bool, last: bool) -> str:
        if not isinstance(cell, Span):
            return self.inlines(cell)
        align = "@{}" * first + cell.align + "@{}" * last
        return f"\\multicolumn{{{cell.columns}}}{{{align}}}{{{self.inlines(cell.inlines)}}}"

    # ---------------------------------------------------------------------------------------------------- diagrams

    def _diagram(self, block: Diagram) -> str:
        body = "\n".join(f"  {self._shape(shape)}" for shape in block.shapes)
        frame = f"\\useasboundingbox (0,0) rectangle ({_number(block.width)},{_number(block.height)});"
        picture = f"\\begin{{tikzpicture}}[x=1pt,y=1pt,arpicture]\n  {frame}\n{body}\n\\end{{tikzpicture}}"
        macro = "\\arwidefigure" if self.margin and is_wide(block) else "\\arfigure"
        figure = f"{macro}{{%\n{picture}}}{{{self.inlines(block.caption)}}}\n"
        return f"\\arfloat{{%\n{figure}}}\n" if block.floats and self.margin else figure

    def _shape(self, shape: Shape) -> str:
        match shape:
            case Box():
                corner, other = (shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)
                middle = (shape.x + shape.width / 2, shape.y + shape.height / 2)
                return f"\\draw[arbox] {_point(corner)} rectangle {_point(other)};" + self._inside(middle, shape.label)
            case Disc():
                circle = f"\\draw[ardisc] {_point((shape.x, shape.y))} circle[radius={_number(shape.radius)}];"
                return circle + self._inside((shape.x, shape.y), shape.label)
            case Arrow():
                return _arrow(shape)
            case Label():
                style = ("arback," if shape.backward else "") + ("arsmall," if shape.small else "")
                at = _point((shape.x, shape.y))
                return f"\\node[{style}anchor={_ANCHORS[shape.anchor]}] at {at} {{${self.printer(shape.layout)}$}};"
            case Stroke():
                return _stroke(shape)
            case Polygon():
                return _polygon(shape)
        raise RenderError(f"the LaTeX document has no rule for the shape {type(shape).__name__}")

    def _inside(self, point: tuple[float, float], label: Layout | None) -> str:
        return "" if label is None else f" \\node at {_point(point)} {{${self.printer(label)}$}};"


def _arrow(arrow: Arrow) -> str:
    parts = drawn(arrow)
    style = "arbackward" if arrow.backward else "arforward"
    if arrow.curved:
        a, b, c, d = map(_point, parts.shaft)
        shaft = f"\\draw[{style}] {a} .. controls {b} and {c} .. {d};"
    else:
        shaft = f"\\draw[{style}] {' -- '.join(map(_point, parts.shaft))};"
    if not parts.head:
        return shaft
    colour = "arback" if arrow.backward else "black"
    return f"{shaft} \\fill[{colour}] {' -- '.join(map(_point, parts.head))} -- cycle;"


def _stroke(line: Stroke) -> str:
    dash = " ".join(f"{'off' if at % 2 else 'on'} {_pt(part)}" for at, part in enumerate(DASHES[line.dash]))
    style = [f"line width={_pt(line.width)}", "line join=round", *([f"dash pattern={dash}"] if dash else [])]
    style += ["black!25"] if line.faint else []
    return f"\\draw[{','.join(style)}] {' -- '.join(map(_point, line.points))};"


def _polygon(shape: Polygon) -> str:
    fill = {"ink": "fill=black", "paper": "fill=white", "faint": "fill=black!12"}.get(shape.fill, "")
    style = [fill] * bool(fill) + ["line width=0.5pt,draw=black"] * shape.outline
    return f"\\path[{','.join(style)}] {' -- '.join(map(_point, shape.points))} -- cycle;"


def _rules_below(cells: TableRow) -> str:
    """A short rule under each spanning cell of the row above the header."""
    rules, at = [], 1
    for cell in cells:
        size = cell.columns if isinstance(cell, Span) else 1
        if isinstance(cell, Span) and cell.inlines:
            rules.append(f"\\cmidrule(l){{{at}-{at + size - 1}}}")
        at += size
    return "".join(rules)


def _unbroken(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _key(key: str) -> str:
    """A name for a link: what could be markup in it is spelt by code."""
    return re.sub(r"[^A-Za-z0-9:.-]", lambda match: f"-{ord(match[0]):x}-", key)


def _code(text: str) -> str:
    """Source text with every space and line end kept; in typewriter type only the dashes could join."""
    shown = "\\\\\n".join(latex_text(line).replace(" ", "\\ ") for line in text.split("\n"))
    return shown.replace("\\textbackslash{}", "\\char92{}").replace("\\\\\n\\\\", "\\\\\n\\mbox{}\\\\")


def _point(point: tuple[float, float]) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _pt(value: float) -> str:
    return f"{_number(value)}pt"


_BLOCKS: dict[type, Callable[[LatexWriter, Any], str]] = {
    Heading: LatexWriter._heading,
    Paragraph: LatexWriter._paragraph,
    Display: LatexWriter._display,
    SideNote: LatexWriter._side_note,
    Table: LatexWriter._table,
    Diagram: LatexWriter._diagram,
    RuleStatement: LatexWriter._rule,
    Verbatim: LatexWriter._verbatim,
    Gap: LatexWriter._gap,
    Need: LatexWriter._need,
    Reasons: LatexWriter._reasons,
}
