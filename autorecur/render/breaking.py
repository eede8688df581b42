"""Sums that are too wide for the column, broken before an operator at the outermost level."""

from __future__ import annotations

from collections.abc import Iterable

from autorecur.render.blocks import Cell
from autorecur.render.measure import is_tall, width
from autorecur.symbolic.layout import Fence, Layout, Matrix, Row, Sign, Space, Underbrace, row

_SUMS = frozenset({"+", "-", "plus", "minus", "pm", "mp"})
# In the order in which a break hurts least.
_RELATIONS = frozenset({"=", "<", "le", "leq", "approx"})
_PRODUCTS = frozenset({"odot", "circ", "*", "cdot", "times", "otimes"})
_LEVELS = (_SUMS, _RELATIONS, _PRODUCTS)
_BRACKETS = {"round": ("(", ")"), "square": ("[", "]"), "brace": ("{", "}")}


def broken(cell: Cell, room: float) -> Cell:
    """The cell with lines that fit into ``room`` (in em) beside its left side, as far as its structure allows."""
    left = 0.0 if cell.lhs is None else width(cell.lhs)
    sign = 0.0 if cell.relation is None else width(cell.relation)
    lines = [line for given in cell.lines for line in fit(given, room - left - sign)]
    return Cell(cell.lhs, tuple(lines), cell.relation)


def fit(layout: Layout, room: float) -> tuple[Layout, ...]:
    """The layout as one line, or as several, none wider than ``room`` if that can be done."""
    if width(layout) <= room:
        return (layout,)
    for operators in _LEVELS:
        lines = _filled(_parts(layout, operators), room)
        if len(lines) > 1:
            return tuple(piece for line in lines for piece in fit(line, room))
    opened = _opened(layout)
    if opened != layout:
        return fit(opened, room)
    return (_folded(layout, room),)


def _parts(layout: Layout, operators: frozenset[str]) -> list[Layout]:
    """The summands, each but the first with its operator in front."""
    items = layout.items if isinstance(layout, Row) else (layout,)
    parts: list[list[Layout]] = [[]]
    for item in items:
        # A sign at the very start of a line belongs to its term.
        if _breaks(item, operators) and parts[-1]:
            parts.append([])
        parts[-1].append(item)
    return [row(part) for part in parts if part]


def _breaks(item: Layout, operators: frozenset[str]) -> bool:
    return isinstance(item, Sign) and item.kind in ("binary", "relation") and item.name in operators


def _filled(parts: Iterable[Layout], room: float) -> list[Layout]:
    """As many parts on each line as fit."""
    lines: list[Layout] = []
    for part in parts:
        if lines and width(lines[-1]) + width(part) <= room:
            lines[-1] = row(lines[-1], part)
        else:
            lines.append(part)
    return lines


def _opened(layout: Layout) -> Layout:
    """The widest flat brackets of the outermost level as single signs, so that a line may break between them."""
    items = layout.items if isinstance(layout, Row) else (layout,)
    fences = [item for item in items if isinstance(item, Fence) and item.kind in _BRACKETS and not is_tall(item.body)]
    if not fences:
        return layout
    widest = max(fences, key=width)
    left, right = _BRACKETS[widest.kind]
    opened = row(Sign(left, "open"), widest.body, Sign(right, "close"))
    return row(*(opened if item is widest else item for item in items))


def _folded(layout: Layout, room: float) -> Layout:
    """The widest product above a brace on several lines, broken between its factors."""
    items = layout.items if isinstance(layout, Row) else (layout,)
    braces = [item for item in items if isinstance(item, Underbrace) and isinstance(item.body, Row)]
    if not braces:
        return layout
    widest = max(braces, key=width)
    indent = Space("quad")
    first, *others = _filled(_factors(widest.body), room - width(layout) + width(widest) - width(indent))
    if not others:
        return layout
    lines = (first, *(row(indent, line) for line in others))
    folded = Underbrace(Matrix(tuple((line,) for line in lines), "none", "l"), widest.label)
    return row(*(folded if item is widest else item for item in items))


def _factors(product: Layout) -> list[Layout]:
    """What stands between the spaces of a product, each but the last with its space."""
    factors: list[list[Layout]] = [[]]
    for item in product.items if isinstance(product, Row) else (product,):
        factors[-1].append(item)
        if isinstance(item, Space):
            factors.append([])
    return [row(factor) for factor in factors if factor]
