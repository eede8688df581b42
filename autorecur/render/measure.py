"""How much room a layout or a line of prose takes, in em of its own size: an estimate, good to a few per cent.

Both PDF routes break long sums and keep notes apart by these numbers, so that their pages agree; the widths are those
of Computer Modern, which both use.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autorecur.errors import RenderError
from autorecur.render.symbols import GREEK, SPACES, sign
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

# Thousandths of an em: upright text from the space to the tilde, then italic letters with their italic correction.
_TEXT = (
    278, 278, 374, 833, 500, 833, 778, 278, 389, 389, 500, 778, 278, 333, 278, 500,
    500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 778, 778, 778, 472,
    778, 750, 708, 722, 764, 681, 653, 785, 750, 361, 514, 778, 625, 917, 750, 778,
    681, 778, 736, 556, 722, 750, 750, 1028, 750, 750, 611, 278, 500, 278, 556, 750,
    500, 500, 556, 444, 556, 444, 306, 500, 556, 278, 306, 528, 278, 833, 556, 500,
    556, 528, 392, 394, 389, 556, 528, 722, 528, 528, 444, 500, 278, 500, 556,
)  # fmt: skip
_WORD_SPACE = 333
_ITALIC_CAPITALS = (
    750, 809, 786, 856, 796, 782, 786, 912, 518, 651, 921, 681, 1079,
    912, 791, 781, 791, 767, 671, 723, 792, 806, 1083, 907, 803, 754,
)  # fmt: skip
_ITALIC_SMALL = (
    529, 429, 433, 520, 466, 597, 513, 576, 345, 469, 552, 318, 878,
    600, 485, 503, 482, 479, 469, 361, 572, 521, 743, 572, 526, 509,
)  # fmt: skip

SCRIPT = 0.7
LABEL = 0.8


@dataclass(frozen=True, slots=True)
class Extent:
    """Width, height above the baseline and depth below it."""

    width: float
    height: float = 0.69
    depth: float = 0.05

    def scaled(self, factor: float) -> Extent:
        return Extent(self.width * factor, self.height * factor, self.depth * factor)


@lru_cache(maxsize=4096)
def extent(layout: Layout) -> Extent:
    """The room that a layout takes in a display."""
    try:
        method = _EXTENTS[type(layout)]
    except KeyError:
        raise RenderError(f"nothing is known about the size of {type(layout).__name__}") from None
    return method(layout)


def width(layout: Layout) -> float:
    return extent(layout).width


def text_width(text: str) -> float:
    """The width of upright prose."""
    return sum(_character(c) for c in text) / 1000


def is_tall(layout: Layout) -> bool:
    """Whether plain brackets would be too small for it."""
    size = extent(layout)
    return size.height > 1.15 or size.depth > 0.75


def is_wide(layout: Layout) -> bool:
    """Whether an accent must stretch over it: anything but one letter, perhaps with an accent of its own."""
    if isinstance(layout, Accent):
        return is_wide(layout.body)
    return not (isinstance(layout, Ident) and (len(layout.text) == 1 or layout.text in GREEK))


def _character(character: str) -> int:
    if character == " ":
        return _WORD_SPACE
    base = unicodedata.normalize("NFD", character)[:1]
    if " " <= base <= "~":
        return _TEXT[ord(base) - 32]
    return {"–": 500, "—": 1000, "’": 278, "…": 1000, "′": 280}.get(character, 600)


def _ident(node: Ident) -> Extent:
    if node.text in GREEK:
        return Extent(0.6, 0.69, 0.2)
    if node.style in ("bold", "blackboard", "script", "upright") or len(node.text) > 1:
        return Extent(text_width(node.text) * (1.12 if node.style == "bold" else 1.0), 0.69, 0.2)
    return Extent(_italic(node.text), 0.69 if node.text in "bdfhijklt" or node.text.isupper() else 0.44, 0.2)


def _italic(letter: str) -> float:
    if "A" <= letter <= "Z":
        return _ITALIC_CAPITALS[ord(letter) - 65] / 1000
    if "a" <= letter <= "z":
        return _ITALIC_SMALL[ord(letter) - 97] / 1000
    return text_width(letter)


def _num(node: Num) -> Extent:
    return Extent(text_width(node.text), 0.65, 0.1)


def _sign(node: Sign) -> Extent:
    symbol = sign(node.name)
    # Operators carry their space with them; an ordinary sign has none, nor has any sign in a script.
    bare = {"binary": 0.78, "relation": 0.78, "punct": 0.28}.get(symbol.kind, symbol.width)
    spaced = {"binary": 0.444, "relation": 0.556, "punct": 0.167}.get(node.kind, 0.0)
    return Extent(bare + spaced, 0.69, 0.19)


def _row(node: Row) -> Extent:
    return _beside([extent(item) for item in node.items])


def _beside(parts: list[Extent]) -> Extent:
    if not parts:
        return Extent(0.0, 0.0, 0.0)
    return Extent(sum(p.width for p in parts), max(p.height for p in parts), max(p.depth for p in parts))


def _script(node: Script) -> Extent:
    base = extent(node.base)
    sub = _in_script(node.sub)
    sup = _in_script(node.sup)
    height = base.height if node.sup is None else max(base.height, max(0.41, base.height - 0.3) + sup.height)
    depth = base.depth if node.sub is None else max(base.depth, max(0.2, base.depth - 0.05) + sub.depth)
    return Extent(base.width + max(sub.width, sup.width) + 0.05, height, depth)


def _in_script(node: Layout | None) -> Extent:
    if node is None:
        return Extent(0.0, 0.0, 0.0)
    size = extent(node)
    return Extent((size.width - _spaces(node)) * SCRIPT, size.height * SCRIPT, size.depth * SCRIPT)


def _spaces(node: Layout) -> float:
    """The space around operators, which TeX leaves out in scripts."""
    if isinstance(node, Row):
        return sum(_spaces(item) for item in node.items)
    if isinstance(node, (Bold, Backward)):
        return _spaces(node.body)
    return {"binary": 0.444, "relation": 0.556, "punct": 0.167}.get(node.kind, 0.0) if isinstance(node, Sign) else 0.0


def _fraction(node: Fraction) -> Extent:
    top, bottom = extent(node.top), extent(node.bottom)
    if isinstance(node.top, Num) and isinstance(node.bottom, Num):
        return Extent(max(top.width, bottom.width) * SCRIPT + 0.24, 0.85, 0.35)
    wide = max(top.width, bottom.width) + 0.24
    return Extent(wide, 0.68 + top.depth + top.height - 0.05, 0.69 + bottom.depth)


def _fence(node: Fence) -> Extent:
    body = extent(node.body)
    side = 0.39 if node.size == 0 or not is_tall(node.body) else 0.6
    side = max(side, 0.46) if node.size and side < 0.5 else side
    return Extent(body.width + 2 * side, max(body.height, 0.75), max(body.depth, 0.25))


def _accent(node: Accent) -> Extent:
    body = extent(node.body)
    return Extent(body.width, max(body.height, 0.45) + 0.2, body.depth)


def _big(node: Big) -> Extent:
    lower, upper = _in_script(node.lower), _in_script(node.upper)
    if node.beside:
        return Extent(1.3 + max(lower.width, upper.width) + 0.36, 0.95, 0.5)
    height = 0.95 + (upper.height + upper.depth + 0.2 if node.upper is not None else 0)
    depth = 0.45 + (lower.height + lower.depth + 0.2 if node.lower is not None else 0)
    return Extent(max(1.44, lower.width, upper.width) + 0.17, height, depth)


def _function(node: Function) -> Extent:
    return Extent(text_width(node.name) + 0.17, 0.69, 0.2)


def _underbrace(node: Underbrace) -> Extent:
    body, label = extent(node.body), extent(node.label).scaled(LABEL)
    return Extent(max(body.width, label.width), body.height, body.depth + 0.65 + label.height + label.depth)


def _same(node: Backward) -> Extent:
    return extent(node.body)


def _future(node: Future) -> Extent:
    body = extent(node.body)
    return Extent(body.width + 0.52, body.height + 0.2, body.depth + 0.2)


def _bold(node: Bold) -> Extent:
    body = extent(node.body)
    return Extent(body.width * 1.13, body.height, body.depth)


def _matrix(node: Matrix) -> Extent:
    grid = _grid([list(cells) for cells in node.rows])
    return grid if node.delimiter == "none" else Extent(grid.width + 1.1, grid.height, grid.depth)


def _cases(node: Cases) -> Extent:
    grid = _grid([list(cells) for cells in node.rows])
    return Extent(grid.width + 1.0, grid.height, grid.depth)


def _grid(rows: list[list[Layout]]) -> Extent:
    sizes = [[extent(cell) for cell in cells] for cells in rows]
    columns = max((len(cells) for cells in sizes), default=0)
    total = sum(max((cells[at].width for cells in sizes if at < len(cells)), default=0.0) for at in range(columns))
    tall = sum(max(0.84, _beside(cells).height) + max(0.36, _beside(cells).depth) for cells in sizes)
    return Extent(total + max(0, columns - 1), tall / 2 + 0.25, tall / 2 - 0.25)


def _root(node: Root) -> Extent:
    body = extent(node.body)
    return Extent(body.width + 0.85, body.height + 0.2, body.depth)


def _space(node: Space) -> Extent:
    return Extent(SPACES[node.width][2] if node.width in SPACES else 0.167, 0.0, 0.0)


def _words(node: Words) -> Extent:
    size = Extent(text_width(node.text), 0.69, 0.2)
    return size.scaled(LABEL * 1.06) if node.small else size


_EXTENTS: dict[type[Layout], Callable[[Any], Extent]] = {
    Row: _row,
    Ident: _ident,
    Num: _num,
    Sign: _sign,
    Script: _script,
    Fraction: _fraction,
    Fence: _fence,
    Accent: _accent,
    Big: _big,
    Function: _function,
    Underbrace: _underbrace,
    Backward: _same,
    Future: _future,
    Bold: _bold,
    Matrix: _matrix,
    Cases: _cases,
    Root: _root,
    Space: _space,
    Words: _words,
}
