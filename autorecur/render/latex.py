"""Layouts printed as LaTeX: total by class, an unknown node raises.

Two dialects share every rule: the document's, which uses the macros of ``templates/colour.tex.jinja`` for colour, and the
plain one, which any TeX and MathJax understand (notebooks, Markdown): there a frame marks what comes from another step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.measure import extent, is_tall, is_wide
from autorecur.render.source import LatexSource, latex_text
from autorecur.render.structure import holds_fence, holds_words, without_backward
from autorecur.render.symbols import BIG, FENCES, GREEK, LATEX_FUNCTIONS, SPACES, sign
from autorecur.symbolic.layout import (
    Accent,
    Backward,
    Big,
    Bold,
    Cases,
    Fence,
    Fraction,
    Function,
    Future,
    Ident,
    Layout,
    Matrix,
    Num,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Underbrace,
    Words,
)

_CLASSES = {"binary": "\\mathbin", "relation": "\\mathrel", "punct": "\\mathpunct", "ord": "\\mathord"}
_NARROW = {"bar": "\\bar", "hat": "\\hat", "tilde": "\\tilde", "dot": "\\dot", "vec": "\\vec"}
_WIDE = {"bar": "\\overline", "hat": "\\widehat", "tilde": "\\widetilde", "dot": "\\dot", "vec": "\\overrightarrow"}
_MATRICES = {"square": "bmatrix", "round": "pmatrix", "none": "matrix"}


def latex(layout: Layout, *, decimal: str = ".") -> str:
    """The layout in plain LaTeX, for a notebook or for somebody's own document."""
    return LatexPrinter(plain=True, decimal=decimal)(layout)


@dataclass(frozen=True, slots=True)
class LatexPrinter:
    """``portable`` avoids the backslash before punctuation, which Markdown would eat (``\\,`` or ``\\\\``)."""

    plain: bool = False
    portable: bool = False
    decimal: str = "."

    def __call__(self, node: Layout) -> LatexSource:
        # At the start of a group a plus or a minus is a sign without being told.
        return LatexSource(re.sub(r"^\{([+-])\}", r"\1", self._print(node).strip()))

    def _print(self, node: Layout) -> str:
        try:
            method = _PRINTERS[type(node)]
        except KeyError:
            raise RenderError(f"the LaTeX printer has no rule for {type(node).__name__}") from None
        return method(self, node)

    def _row(self, node: Row) -> str:
        text, before = "", None
        for item in node.items:
            # TeX would set a space between a function and brackets that grow.
            close = "\\mathopen{}" if _is_function(before) and _grows(item) else ""
            text = _join(text, close + self._print(item))
            before = item
        return text or "{}"

    def _ident(self, node: Ident) -> str:
        if node.text in GREEK:
            command = GREEK[node.text][0]
            return f"\\boldsymbol{{{command}}}" if node.style == "bold" else command
        return _styled(node.text, node.style, self._text)

    def _num(self, node: Num) -> str:
        match = re.fullmatch(r"([+-]?)(\d*\.?\d+|\d+\.)(?:[eE]([+-]?\d+))?", node.text)
        if match is None:
            return self._text(node.text)
        head, digits, exponent = match.groups()
        mark = self.decimal if self.decimal == "." else "{" + self.decimal + "}"
        power = "" if exponent is None else f"\\cdot 10^{{{int(exponent)}}}"
        body = digits.replace(".", mark) + power
        return f"{{{head}}}{body}" if head else body

    def _sign(self, node: Sign) -> str:
        symbol = sign(node.name)
        text = symbol.latex
        # TeX itself reads a plus or a minus as an operator, so an ordinary one must be said to be ordinary.
        if node.kind != symbol.kind and (node.kind != "ord" or symbol.kind in ("binary", "relation")):
            text = f"{_CLASSES.get(node.kind, '')}{{{text}}}" if node.kind != "ord" else f"{{{text}}}"
        if node.kind in ("binary", "relation"):
            return f" {text} "
        return text + " " if node.kind == "punct" and self.portable is False and text in ",;" else text

    def _script(self, node: Script) -> str:
        base = self._print(node.base).strip()
        if isinstance(node.base, (Row, Script, Fraction, Backward, Root, Underbrace, Cases)):
            base = f"{{{base}}}"
        if node.sub is None and node.sup is None:
            return base
        below = "" if node.sub is None else "_" + _group(self(node.sub))
        return base + below + self._superscript(node.sup)

    def _superscript(self, sup: Layout | None) -> str:
        if sup is None:
            return ""
        if sup == Sign("prime"):
            return "'"
        if sup == Sign("top") and not self.plain:
            return "^{\\!\\top}"
        return "^" + _group(self(sup))

    def _fraction(self, node: Fraction) -> str:
        # A fraction of two numbers is a factor, not a display.
        command = "\\tfrac" if isinstance(node.top, Num) and isinstance(node.bottom, Num) else "\\frac"
        return f"{command}{{{self(node.top)}}}{{{self(node.bottom)}}}"

    def _fence(self, node: Fence) -> str:
        if node.kind not in FENCES:
            raise RenderError(f"the LaTeX printer has no brackets of kind {node.kind!r}")
        left, right = FENCES[node.kind][:2]
        body = self(node.body)
        if node.size == 0:
            return _join(left, body) + right
        if is_tall(node.body) or node.kind == "evaluated":
            return _join(f"\\left{left}", body) + f"\\right{right}"
        if holds_fence(node.body):
            return _join(f"\\bigl{left}", body) + f"\\bigr{right}"
        return _join(left, body) + right

    def _accent(self, node: Accent) -> str:
        if node.kind not in _NARROW:
            raise RenderError(f"the LaTeX printer has no accent of kind {node.kind!r}")
        table = _WIDE if is_wide(node.body) else _NARROW
        return f"{table[node.kind]}{{{self(node.body)}}}"

    def _big(self, node: Big) -> str:
        if node.name not in BIG:
            raise RenderError(f"the LaTeX printer has no big operator {node.name!r}")
        lower = "" if node.lower is None else f"_{{{self(node.lower)}}}"
        upper = "" if node.upper is None else f"^{_group(self(node.upper))}"
        sign = f"\\mathop{{\\textstyle{BIG[node.name][0]}}}\\nolimits" if node.beside else BIG[node.name][0]
        return f"{sign}{lower}{upper} "

    def _function(self, node: Function) -> str:
        if node.name in LATEX_FUNCTIONS:
            return "\\" + node.name
        if not re.fullmatch(r"[A-Za-z0-9_ ]+", node.name):
            return f"\\operatorname{{{self._text(node.name)}}}"
        return f"\\operatorname{{{node.name.replace('_', chr(92) + '_').replace(' ', '~')}}}"

    def _underbrace(self, node: Underbrace) -> str:
        label = self(node.label) if self.plain or not holds_words(node.label) else self._label(node.label)
        if self.plain:
            return f"\\underbrace{{{self(node.body)}}}_{{{label}}}"
        return f"\\arbrace{{{self(node.body)}}}{{{label}}}"

    def _label(self, node: Layout) -> str:
        """A label that holds words is text with mathematics in it, so that both have one size."""
        colour = ""
        if isinstance(node, Backward):
            colour, node = "\\color{arback}", node.body
        parts = node.items if isinstance(node, Row) else (node,)
        text = ""
        for is_words, run in groupby(parts, lambda part: isinstance(part, Words)):
            pieces = tuple(run)
            text += (
                "".join(latex_text(p.text) for p in pieces if isinstance(p, Words))
                if is_words
                else f"${self(Row(pieces))}$"
            )
        return f"\\text{{\\normalfont\\footnotesize{colour} {text}}}"

    def _backward(self, node: Backward) -> str:
        return self._print(node.body) if self.plain else f"\\arback{{{self(node.body)}}}"

    def _future(self, node: Future) -> str:
        inside = without_backward(node.body)
        return f"\\boxed{{{self(inside)}}}" if self.plain else f"\\arfuture{{{self(inside)}}}"

    def _bold(self, node: Bold) -> str:
        return f"\\boldsymbol{{{self(node.body)}}}"

    def _matrix(self, node: Matrix) -> str:
        if node.delimiter not in _MATRICES:
            raise RenderError(f"the LaTeX printer has no matrix brackets {node.delimiter!r}")
        # Rows with scripts above and below need a little more space between them.
        cells_ = [cell for cells in node.rows for cell in cells]
        apart = "[2pt]" if not self.plain and any(extent(cell).height > 0.84 for cell in cells_) else ""
        apart = "[5pt]" if apart and any(is_tall(cell) for cell in cells_) else apart
        body = self._rows([[self(cell) for cell in cells] for cells in node.rows], apart)
        columns = max((len(cells) for cells in node.rows), default=1)
        if node.align == "c" and columns <= 10:
            name = _MATRICES[node.delimiter]
            return f"\\begin{{{name}}} {body} \\end{{{name}}}"
        left, right = {"square": ("[", "]"), "round": ("(", ")"), "none": (".", ".")}[node.delimiter]
        preamble = node.align * columns if self.plain else f"@{{}}{node.align * columns}@{{}}"
        array = f"\\begin{{array}}{{{preamble}}} {body} \\end{{array}}"
        return array if node.delimiter == "none" else f"\\left{left}{array}\\right{right}"

    def _cases(self, node: Cases) -> str:
        body = self._rows([[self(value), self(condition)] for value, condition in node.rows])
        return f"\\begin{{cases}} {body} \\end{{cases}}"

    def _rows(self, rows: list[list[str]], skip: str = "") -> str:
        return (" \\cr " if self.portable else f" \\\\{skip} ").join(" & ".join(cells) for cells in rows)

    def _root(self, node: Root) -> str:
        return f"\\sqrt{{{self(node.body)}}}"

    def _space(self, node: Space) -> str:
        if node.width not in SPACES:
            raise RenderError(f"the LaTeX printer has no space {node.width!r}")
        command = SPACES[node.width][0]
        if self.portable:
            command = {"\\,": "\\thinspace", "\\:": "\\medspace", "\\;": "\\thickspace"}.get(command, command)
        return command + " "

    def _words(self, node: Words) -> str:
        if node.small and not self.plain:
            return f"\\text{{\\normalfont\\footnotesize {latex_text(node.text)}}}"
        return self._text(node.text)

    def _text(self, text: str) -> str:
        """Words in mathematics. MathJax knows no escapes inside ``\\text``, so there specials stand between the texts."""
        if not self.plain:
            return f"\\text{{{latex_text(text)}}}"
        pieces = re.split(r"([\\{}$&%#_^~<>|]+)", text)
        return "".join(
            "".join(_PLAIN_SPECIALS[c] for c in piece) if at % 2 else f"\\text{{{_printable(piece)}}}"
            for at, piece in enumerate(pieces)
            if piece
        )


_PLAIN_SPECIALS = {
    "\\": "\\backslash ",
    "{": "\\lbrace ",
    "}": "\\rbrace ",
    "^": "\\wedge ",
    "~": "\\sim ",
    "|": "\\vert ",
    "<": "\\lt ",
    ">": "\\gt ",
    **{c: "\\" + c for c in "$&%#_"},
}


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)


def _join(left: str, right: str) -> str:
    """A command needs a space before a letter; no two spaces meet."""
    if left.endswith(" "):
        return left + right.lstrip(" ")
    if right[:1].isalnum() and re.search(r"\\[A-Za-z]+$", left):
        return f"{left} {right}"
    return left + right


def _group(text: str) -> str:
    """A script, with no space around its operators, where TeX sets none."""
    compact = text if "\\text" in text else re.sub(r" ([-+=<>]) ", r"\1", text)
    return compact if len(compact) == 1 else f"{{{compact}}}"


def _is_function(node: Layout | None) -> bool:
    return isinstance(node, Function) or (isinstance(node, Script) and isinstance(node.base, Function))


def _grows(node: Layout) -> bool:
    base = node.base if isinstance(node, Script) else node
    return isinstance(base, Fence) and base.size > 0 and is_tall(base.body)


def _styled(text: str, style: str, words: Callable[[str], str]) -> str:
    """A letter or a word in its style; alphabets that lack the letter fall back to one that has it."""
    if not re.fullmatch(r"[A-Za-z0-9]+", text):
        return words(text)
    capital = text.isalpha() and text.isupper()
    if style == "upright":
        return f"\\mathrm{{{text}}}"
    if style == "bold" or (style == "blackboard" and not capital):
        return f"\\mathbf{{{text}}}"
    if style in ("blackboard", "script") and capital:
        return f"\\{'mathbb' if style == 'blackboard' else 'mathcal'}{{{text}}}"
    return text if len(text) == 1 else f"\\mathit{{{text}}}"


_PRINTERS: dict[type[Layout], Callable[[LatexPrinter, Any], str]] = {
    Row: LatexPrinter._row,
    Ident: LatexPrinter._ident,
    Num: LatexPrinter._num,
    Sign: LatexPrinter._sign,
    Script: LatexPrinter._script,
    Fraction: LatexPrinter._fraction,
    Fence: LatexPrinter._fence,
    Accent: LatexPrinter._accent,
    Big: LatexPrinter._big,
    Function: LatexPrinter._function,
    Underbrace: LatexPrinter._underbrace,
    Backward: LatexPrinter._backward,
    Future: LatexPrinter._future,
    Bold: LatexPrinter._bold,
    Matrix: LatexPrinter._matrix,
    Cases: LatexPrinter._cases,
    Root: LatexPrinter._root,
    Space: LatexPrinter._space,
    Words: LatexPrinter._words,
}
