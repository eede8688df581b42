"""Layouts printed as MathML Core: total by class, an unknown node raises.

Browsers know little of TeX's spacing, so every operator says how much space it has; in scripts it has none. Letters of
other alphabets are Unicode's. The classes ``b`` (backward), ``f`` (from another step) and ``w`` (small words)
get their look from the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.characters import ACCENTS, BIG, FENCES, GREEK, sign, styled
from autorecur.render.latex import LatexPrinter
from autorecur.render.measure import is_tall, is_wide
from autorecur.render.source import HtmlSource, html_text
from autorecur.render.structure import holds_fence, without_backward
from autorecur.render.symbols import SPACES
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

_SPACED = {"binary": ("0.2222em", "0.2222em"), "relation": ("0.2778em", "0.2778em"), "punct": ("0", "0.1667em")}
_KINDS = (*_SPACED, "ord", "open", "close")
_MATRICES = {"square": "square", "round": "round", "none": None}
_PRIME = '<mo form="postfix" lspace="0" rspace="0">′</mo>'
_THIN = '<mspace width="0.1667em"/>'
_APPLIED = "<mo>&#x2061;</mo>"
# Braces side by side stand at one depth, over letters with and without descenders.
_STRUT = '<mspace width="0" height="0" depth="0.55em"/>'
# Browsers set the index of a letter lower if the letter has a tail; TeX does not, so the tail is hidden from them.
_TAILS = frozenset("fgjpqyzJQβγζημξρςφϕχψϱ")


def mathml(layout: Layout, *, display: bool = False, decimal: str = ".") -> HtmlSource:
    """The layout as a ``math`` element whose ``alttext`` is its LaTeX, for readers that know no MathML."""
    spoken = html_text(str(LatexPrinter(plain=True, decimal=decimal)(layout)))
    body = MathMLPrinter(decimal=decimal)(layout)
    style = ' displaystyle="true"' if display else ""
    return HtmlSource(f'<math{style} alttext="{spoken}">{body}</math>')


@dataclass(frozen=True, slots=True)
class MathMLPrinter:
    """``tight`` in scripts, where operators have no space; ``bold`` in what is bold as a whole."""

    decimal: str = "."
    tight: bool = False
    bold: bool = False

    def __call__(self, node: Layout) -> HtmlSource:
        return HtmlSource(self._print(node))

    def _print(self, node: Layout) -> str:
        try:
            method = _PRINTERS[type(node)]
        except KeyError:
            raise RenderError(f"the MathML printer has no rule for {type(node).__name__}") from None
        return method(self, node)

    def _one(self, node: Layout) -> str:
        """As one element, which scripts and fractions need."""
        text = self._print(node)
        return f"<mrow>{text}</mrow>" if isinstance(node, Row) or _is_several(node) else text

    def _small(self, node: Layout) -> str:
        return replace(self, tight=True)._one(node)

    def _row(self, node: Row) -> str:
        return "".join(self._joined(node.items))

    def _joined(self, items: tuple[Layout, ...]) -> list[str]:
        """The items with TeX's thin space around named functions."""
        parts: list[str] = []
        for before, item in zip((None, *items), items, strict=False):
            if not self.tight and before is not None and _needs_thin(before, item):
                parts.append(_THIN)
            if before is not None and _is_function(before) and _opens(item):
                parts.append(_APPLIED)
            parts.append(self._print(item))
        return parts

    # ------------------------------------------------------------------------------------------------- letters, signs

    def _ident(self, node: Ident) -> str:
        text = GREEK.get(node.text, node.text)
        if node.style in ("bold", "blackboard", "script"):
            return _upright(styled(text, self._alphabet(node, text)))
        if self.bold:
            upright = node.style == "upright" or (text != node.text and text.isupper())
            return _upright(styled(text, "bold" if upright else "bold italic"))
        if node.style == "upright" or (node.text in GREEK and text.isupper()):
            return _upright(text)
        # A single letter is italic of itself; Unicode has an italic alphabet for words.
        return f"<mi>{html_text(text if len(text) == 1 else styled(text, 'italic'))}</mi>"

    def _alphabet(self, node: Ident, text: str) -> str:
        if node.style == "script" and not text.isupper():
            return "italic"
        if node.style == "blackboard" and not text.isupper():
            return "bold"
        return "bold italic" if node.style == "bold" and node.text in GREEK and not text.isupper() else node.style

    def _num(self, node: Num) -> str:
        match = re.fullmatch(r"([+-]?)(\d*\.?\d+|\d+\.)(?:[eE]([+-]?\d+))?", node.text)
        if match is None:
            return f"<mn>{html_text(node.text)}</mn>"
        head, digits, exponent = match.groups()
        shown = styled(digits.replace(".", self.decimal), "bold" if self.bold else "")
        text = _operator(sign(head), "0", "0", "prefix") if head else ""
        text += f"<mn>{shown}</mn>"
        if exponent is None:
            return text
        power = self._small(Num(str(int(exponent))))
        return f"{text}{_operator('⋅', '0.2222em', '0.2222em')}<msup><mn>10</mn>{power}</msup>"

    def _sign(self, node: Sign) -> str:
        character = sign(node.name)
        if node.kind not in _KINDS:
            raise RenderError(f"the MathML printer has no sign of the kind {node.kind!r}")
        if node.kind == "ord" and (character.isalpha() or character in "∂∇∞⊤⊥∅°△ℓ′"):
            return _upright(styled(character, "bold" if self.bold else ""))
        left, right = ("0", "0") if self.tight else _SPACED.get(node.kind, ("0", "0"))
        form = {"open": "prefix", "close": "postfix"}.get(node.kind, "infix")
        return _operator(html_text(character), left, right, form)

    def _function(self, node: Function) -> str:
        return _upright(styled(node.name, "bold" if self.bold else ""))

    def _words(self, node: Words) -> str:
        # A space at either end would be dropped.
        text = re.sub(r"^ +| +$", lambda found: "\u00a0" * len(found[0]), node.text)
        small = ' class="w"' if node.small else ""
        return f"<mtext{small}>{html_text(text)}</mtext>"

    def _space(self, node: Space) -> str:
        if node.width not in SPACES:
            raise RenderError(f"the MathML printer has no space {node.width!r}")
        return f'<mspace width="{SPACES[node.width][2]}em"/>'

    # --------------------------------------------------------------------------------------------------- compositions

    def _script(self, node: Script) -> str:
        base = self._one(node.base)
        if node.sub is not None and _has_tail(node.base):
            base = f'<mpadded depth="0">{base}</mpadded>'
        sub = None if node.sub is None else self._small(node.sub)
        sup = None if node.sup is None else _PRIME if node.sup == Sign("prime") else self._small(node.sup)
        if sub is not None and sup is not None:
            return f"<msubsup>{base}{sub}{sup}</msubsup>"
        if sub is not None:
            return f"<msub>{base}{sub}</msub>"
        return base if sup is None else f"<msup>{base}{sup}</msup>"

    def _fraction(self, node: Fraction) -> str:
        text = f"<mfrac>{self._one(node.top)}{self._one(node.bottom)}</mfrac>"
        # A fraction of two numbers is a factor, not a display.
        small = isinstance(node.top, Num) and isinstance(node.bottom, Num)
        return f'<mstyle displaystyle="false">{text}</mstyle>' if small else text

    def _fence(self, node: Fence) -> str:
        if node.kind not in FENCES:
            raise RenderError(f"the MathML printer has no brackets of kind {node.kind!r}")
        size = 'stretchy="false"'
        if node.size and (is_tall(node.body) or node.kind == "evaluated"):
            size = 'stretchy="true"'
        elif node.size and holds_fence(node.body):
            size = 'stretchy="true" minsize="1.2em" maxsize="1.2em"'
        return self._between(FENCES[node.kind], self._print(node.body), size)

    def _between(self, brackets: tuple[str, str], body: str, size: str) -> str:
        left, right = (html_text(bracket) for bracket in brackets)
        opening = f'<mo form="prefix" {size} lspace="0" rspace="0">{left}</mo>' if left else ""
        closing = f'<mo form="postfix" {size} lspace="0" rspace="0">{right}</mo>'
        return f"<mrow>{opening}{body}{closing}</mrow>"

    def _accent(self, node: Accent) -> str:
        if node.kind not in ACCENTS:
            raise RenderError(f"the MathML printer has no accent of kind {node.kind!r}")
        stretchy = "true" if is_wide(node.body) else "false"
        mark = f'<mo stretchy="{stretchy}">{ACCENTS[node.kind]}</mo>'
        return f'<mover accent="true">{self._one(node.body)}{mark}</mover>'

    def _big(self, node: Big) -> str:
        if node.name not in BIG:
            raise RenderError(f"the MathML printer has no big operator {node.name!r}")
        large = ' largeop="false"' if node.beside else ""
        operator = f'<mo movablelimits="true"{large} lspace="0.1667em" rspace="0.1667em">{BIG[node.name]}</mo>'
        lower = None if node.lower is None else self._small(node.lower)
        upper = None if node.upper is None else self._small(node.upper)
        below, above = ("sub", "sup") if node.beside else ("under", "over")
        if lower is not None and upper is not None:
            return f"<m{below}{above}>{operator}{lower}{upper}</m{below}{above}>"
        if lower is not None:
            return f"<m{below}>{operator}{lower}</m{below}>"
        return operator if upper is None else f"<m{above}>{operator}{upper}</m{above}>"

    def _underbrace(self, node: Underbrace) -> str:
        brace = '<mo stretchy="true">⏟</mo>'
        body = f"<munder><mrow>{self._print(node.body)}{_STRUT}</mrow>{brace}</munder>"
        return f"<munder>{body}{self._small(node.label)}</munder>"

    def _backward(self, node: Backward) -> str:
        return f'<mrow class="b">{self._print(node.body)}</mrow>'

    def _future(self, node: Future) -> str:
        return f'<mrow class="f">{self._print(without_backward(node.body))}</mrow>'

    def _bold(self, node: Bold) -> str:
        return replace(self, bold=True)._one(node.body)

    def _root(self, node: Root) -> str:
        return f"<msqrt>{self._print(node.body)}</msqrt>"

    def _matrix(self, node: Matrix) -> str:
        if node.delimiter not in _MATRICES or node.align not in ("c", "l", "r"):
            raise RenderError(f"the MathML printer has no matrix {node.delimiter!r} with cells {node.align!r}")
        kind = "" if node.align == "c" else f' class="{node.align}"'
        rows = "".join(f"<mtr>{''.join(map(self._cell, cells))}</mtr>" for cells in node.rows)
        table = f"<mtable{kind}>{rows}</mtable>"
        brackets = _MATRICES[node.delimiter]
        return table if brackets is None else self._between(FENCES[brackets], table, 'stretchy="true"')

    def _cases(self, node: Cases) -> str:
        rows = "".join(f"<mtr>{self._cell(value)}{self._cell(condition)}</mtr>" for value, condition in node.rows)
        brace = '<mo form="prefix" stretchy="true" lspace="0" rspace="0.1667em">{</mo>'
        return f'<mrow>{brace}<mtable class="l">{rows}</mtable></mrow>'

    def _cell(self, node: Layout) -> str:
        return f"<mtd>{replace(self, tight=False)._print(node)}</mtd>"


def _upright(text: str) -> str:
    """A name or a letter that is not slanted; a single letter must say so."""
    variant = ' mathvariant="normal"' if len(text) == 1 else ""
    return f"<mi{variant}>{html_text(text)}</mi>"


def _operator(character: str, left: str, right: str, form: str = "infix") -> str:
    return f'<mo form="{form}" stretchy="false" lspace="{left}" rspace="{right}">{character}</mo>'


def _has_tail(node: Layout) -> bool:
    if isinstance(node, Accent):
        return _has_tail(node.body)
    return isinstance(node, Ident) and GREEK.get(node.text, node.text) in _TAILS


def _is_several(node: Layout) -> bool:
    """Whether its text is more than one element without being a row."""
    return isinstance(node, Num) and not re.fullmatch(r"[0-9.]*", node.text)


def _is_function(node: Layout) -> bool:
    return isinstance(node, Function) or (isinstance(node, Script) and isinstance(node.base, Function))


def _opens(node: Layout) -> bool:
    base = node.base if isinstance(node, Script) else node
    return isinstance(base, Fence)


def _needs_thin(before: Layout, item: Layout) -> bool:
    """TeX's thin space between a named function and what is neither a bracket nor an operator."""
    if _is_function(before):
        return not _opens(item) and not isinstance(item, (Sign, Space))
    return _is_function(item) and not isinstance(before, (Sign, Space, Big))


_PRINTERS: dict[type[Layout], Callable[[MathMLPrinter, Any], str]] = {
    Row: MathMLPrinter._row,
    Ident: MathMLPrinter._ident,
    Num: MathMLPrinter._num,
    Sign: MathMLPrinter._sign,
    Script: MathMLPrinter._script,
    Fraction: MathMLPrinter._fraction,
    Fence: MathMLPrinter._fence,
    Accent: MathMLPrinter._accent,
    Big: MathMLPrinter._big,
    Function: MathMLPrinter._function,
    Underbrace: MathMLPrinter._underbrace,
    Backward: MathMLPrinter._backward,
    Future: MathMLPrinter._future,
    Bold: MathMLPrinter._bold,
    Matrix: MathMLPrinter._matrix,
    Cases: MathMLPrinter._cases,
    Root: MathMLPrinter._root,
    Space: MathMLPrinter._space,
    Words: MathMLPrinter._words,
}
