"""Layouts printed as Typst mathematics: total by class, an unknown node raises.

No space ever stands beside a quoted text, where Typst would print it; brackets, commas and colons are escaped, so that no
text becomes a call or an argument. ``backward``, ``future``, ``shaded``, ``braced`` and ``bracelabel`` are
macros of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.measure import is_tall, is_wide
from autorecur.render.source import TypstSource, typst_string
from autorecur.render.structure import holds_fence, holds_words, without_backward
from autorecur.render.symbols import BIG, FENCES, GREEK, SPACES, sign
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

_CLASSES = {"binary": "binary", "relation": "relation", "punct": "punctuation", "ord": "normal"}
_ACCENTS = {"bar": "macron", "hat": "hat", "tilde": "tilde", "dot": "dot", "vec": "arrow"}
_DELIMITERS = {"square": '"["', "round": '"("', "none": "#none"}
_ALIGNMENTS = {"c": "center", "l": "left", "r": "right"}


@dataclass(frozen=True, slots=True)
class TypstPrinter:
    """``display`` tells a shaded box, which starts afresh, in what style it stands."""

    display: bool = True
    decimal: str = "."

    def __call__(self, node: Layout) -> TypstSource:
        return TypstSource(self._print(node))

    def _print(self, node: Layout) -> str:
        try:
            method = _PRINTERS[type(node)]
        except KeyError:
            raise RenderError(f"the Typst printer has no rule for {type(node).__name__}") from None
        return method(self, node)

    def _small(self, node: Layout) -> str:
        """In a script, a fraction or a matrix, where nothing is displayed."""
        return TypstPrinter(display=False, decimal=self.decimal)._print(node)

    def _row(self, node: Row) -> str:
        text = ""
        for item in node.items:
            text = _join(text, self._print(item))
        return text or '""'

    def _ident(self, node: Ident) -> str:
        if node.text in GREEK:
            name = GREEK[node.text][1]
            return f"bold({name})" if node.style == "bold" else name
        return _styled(node.text, node.style)

    def _num(self, node: Num) -> str:
        match = re.fullmatch(r"([+-]?)(\d*\.?\d+|\d+\.)(?:[eE]([+-]?\d+))?", node.text)
        if match is None:
            return typst_string(node.text)
        head, digits, exponent = match.groups()
        body = digits if self.decimal == "." or "." not in digits else typst_string(digits.replace(".", self.decimal))
        power = "" if exponent is None else f" dot.op attach(10,tr: {int(exponent)})"
        return (f'class("normal",{head})' if head else "") + body + power

    def _sign(self, node: Sign) -> str:
        symbol = sign(node.name)
        if node.kind == symbol.kind or (node.kind == "ord" and symbol.kind not in ("binary", "relation")):
            return symbol.typst
        return f'class("{_CLASSES.get(node.kind, "normal")}",{symbol.typst})'

    def _script(self, node: Script) -> str:
        scripts = ""
        if node.sub is not None:
            scripts += f",br: {self._small(node.sub)}"
        if node.sup is not None:
            scripts += f",tr: {self._small(node.sup)}"
        return f"attach({self._print(node.base)}{scripts})" if scripts else self._print(node.base)

    def _fraction(self, node: Fraction) -> str:
        fraction = f"frac({self._small(node.top)},{self._small(node.bottom)})"
        return f"inline({fraction})" if isinstance(node.top, Num) and isinstance(node.bottom, Num) else fraction

    def _fence(self, node: Fence) -> str:
        if node.kind not in FENCES:
            raise RenderError(f"the Typst printer has no brackets of kind {node.kind!r}")
        left, right = FENCES[node.kind][2:]
        inside = _join(_join(left, self._print(node.body)), right)
        if node.size and (is_tall(node.body) or node.kind == "evaluated"):
            return f"lr({inside})"
        grown = node.size and holds_fence(node.body)
        return f"lr(size: #{'1.25' if grown else '1'}em,{inside})"

    def _accent(self, node: Accent) -> str:
        if node.kind not in _ACCENTS:
            raise RenderError(f"the Typst printer has no accent of kind {node.kind!r}")
        name = "overline" if node.kind == "bar" and is_wide(node.body) else _ACCENTS[node.kind]
        return f"{name}({self._print(node.body)})"

    def _big(self, node: Big) -> str:
        if node.name not in BIG:
            raise RenderError(f"the Typst printer has no big operator {node.name!r}")
        lower = "" if node.lower is None else f"_({self._small(node.lower)})"
        upper = "" if node.upper is None else f"^({self._small(node.upper)})"
        sign = BIG[node.name][1]
        return (f"scripts(inline({sign}))" if node.beside else sign) + lower + upper

    def _function(self, node: Function) -> str:
        return f"op({typst_string(node.name)})"

    def _underbrace(self, node: Underbrace) -> str:
        label = self._small(node.label)
        return f"braced({self._print(node.body)},{f'bracelabel({label})' if holds_words(node.label) else label})"

    def _backward(self, node: Backward) -> str:
        return f"backward({self._print(node.body)})"

    def _future(self, node: Future) -> str:
        macro = "future" if self.display else "shaded"
        return f"{macro}({self._print(without_backward(node.body))})"

    def _bold(self, node: Bold) -> str:
        return f"bold({self._print(node.body)})"

    def _matrix(self, node: Matrix) -> str:
        if node.delimiter not in _DELIMITERS:
            raise RenderError(f"the Typst printer has no matrix brackets {node.delimiter!r}")
        options = f"delim: {_DELIMITERS[node.delimiter]},align: #{_ALIGNMENTS.get(node.align, 'center')},"
        rows = "; ".join(",".join(self._cell(cell) for cell in cells) for cells in node.rows)
        gap = 0.6 if any(is_tall(cell) for cells in node.rows for cell in cells) else 0.2
        return f"mat({options}column-gap: #1em,row-gap: #{gap}em,{rows})"

    def _cell(self, node: Layout) -> str:
        """In the line, Typst would set the cells of a matrix as small as scripts."""
        cell = self._small(node)
        return cell if self.display else f"inline({cell})"

    def _cases(self, node: Cases) -> str:
        rows = (f"{self._cell(value)}&quad {self._cell(condition)}" for value, condition in node.rows)
        return f"cases({','.join(rows)})"

    def _root(self, node: Root) -> str:
        return f"sqrt({self._print(node.body)})"

    def _space(self, node: Space) -> str:
        if node.width not in SPACES:
            raise RenderError(f"the Typst printer has no space {node.width!r}")
        return SPACES[node.width][1]

    def _words(self, node: Words) -> str:
        words = typst_string(node.text)
        return f"text(size: #8pt,{words})" if node.small else words


def _join(left: str, right: str) -> str:
    """Names and digits need a space between them; quoted text must have none."""
    if left and right and _touches(left[-1]) and _touches(right[0]):
        return f"{left} {right}"
    return left + right


def _touches(character: str) -> bool:
    return character.isalnum() or character in "_.<>=!:-+*|~'"


def _styled(text: str, style: str) -> str:
    body = text if len(text) == 1 and text.isalpha() else typst_string(text)
    if style == "bold":
        return f"upright(bold({body}))"
    if style == "blackboard":
        return f"bb({body})"
    if style == "script" and text.isupper():
        return f"cal({body})"
    if style == "upright":
        return f"upright({body})"
    return body if len(text) == 1 and text.isalpha() else f"italic({body})"


_PRINTERS: dict[type[Layout], Callable[[TypstPrinter, Any], str]] = {
    Row: TypstPrinter._row,
    Ident: TypstPrinter._ident,
    Num: TypstPrinter._num,
    Sign: TypstPrinter._sign,
    Script: TypstPrinter._script,
    Fraction: TypstPrinter._fraction,
    Fence: TypstPrinter._fence,
    Accent: TypstPrinter._accent,
    Big: TypstPrinter._big,
    Function: TypstPrinter._function,
    Underbrace: TypstPrinter._underbrace,
    Backward: TypstPrinter._backward,
    Future: TypstPrinter._future,
    Bold: TypstPrinter._bold,
    Matrix: TypstPrinter._matrix,
    Cases: TypstPrinter._cases,
    Root: TypstPrinter._root,
    Space: TypstPrinter._space,
    Words: TypstPrinter._words,
}
