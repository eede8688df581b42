"""The marks of mathematics that a notation chooses: ∂ or d, ᵀ, the adjoint's mark, brackets, marks of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autorecur.symbolic.layout import Accent, Fence, Fraction, Ident, Layout, Matrix, Row, Script, Sign, row

if TYPE_CHECKING:
    from autorecur.symbolic.names import Notation

ACCENTED = ("bar", "hat", "tilde", "dot")
"""Adjoints that are an accent on the letter; the others stand before the whole symbol."""


def differential(notation: Notation) -> Layout:
    """The sign of a derivative: ∂ or d."""
    return Sign("partial") if notation.derivative == "partial" else Ident("d")


def immediate(fraction: Layout, step: Layout, notation: Notation) -> Layout:
    """A derivative through one step alone, where a bar says so: ``∂h/∂W |_(t)``."""
    return Script(Fence(fraction, "evaluated", 1), Fence(step)) if notation.immediate == "bar" else fraction


def immediate_mark(notation: Notation, step: Layout) -> Layout:
    """The mark alone, for prose: ``∂⁺`` or ``|_(k)``."""
    if notation.immediate == "bar":
        return Script(Sign("|"), Fence(step))
    return Script(differential(notation), None, Sign("+"))


def prefixed(body: Layout, notation: Notation) -> Layout:
    """The adjoint of a symbol whose mark is no accent: ``δh_t``, ``dh_t``, ``∂L/∂h_t``."""
    if notation.adjoint in ("delta", "d"):
        return row(Ident(notation.adjoint), body)
    mark = differential(notation)
    top, bottom = row(mark, notation.total_loss), row(mark, body)
    return Fraction(top, bottom) if notation.adjoint == "fraction" else row(top, Sign("/"), bottom)


def over(base: Layout, notation: Notation) -> Layout:
    """A letter with the accent of an adjoint, if that is one."""
    return Accent(notation.adjoint, base) if notation.adjoint in ACCENTED else base


def timed(
    base: Layout,
    below: Sequence[Layout],
    above: Sequence[Layout],
    time: Layout | None,
    style: str,
    component: Layout | None = None,
) -> Layout:
    """Subscripts, what stands above, the mark of time and the index of a component, put on a letter."""
    lower, upper = list(below), list(above)
    if time is not None and style == "subscript":
        lower.append(time)
    elif time is not None and style != "parenthesis":
        upper.append(Fence(time, "round" if style == "superscript" else "angle"))
    if component is not None:
        lower.append(component)
    marked = Script(base, commas(lower), row(*upper) if upper else None) if lower or upper else base
    return row(marked, Fence(time)) if time is not None and style == "parenthesis" else marked


def commas(parts: Iterable[Layout]) -> Layout | None:
    items: list[Layout] = []
    for part in parts:
        items.extend((Sign(",", "punct"), part) if items else (part,))
    return row(*items) if items else None


def raised(base: Layout, sup: Layout) -> Layout:
    """``base^sup``; what stands above already comes first, but a mark of time or of a layer is shut in brackets."""
    if isinstance(base, Script):
        if _marks_time(base.sup):
            return Script(Fence(base, "round", 1), None, sup)
        return Script(base.base, base.sub, sup if base.sup is None else row(base.sup, sup))
    return Script(base, None, sup)


def _marks_time(sup: Layout | None) -> bool:
    return isinstance(sup, Fence) or (isinstance(sup, Row) and any(isinstance(part, Fence) for part in sup.items))


def transposed(body: Layout, notation: Notation) -> Layout:
    """``Wᵀ``, with the sign of the notation behind or before."""
    if notation.transpose == "prescript":
        return row(Script(Row(()), None, Ident("t", "upright")), body)
    return raised(body, Sign("top") if notation.transpose == "top" else Ident("T", "upright"))


def joined(parts: Sequence[Layout], notation: Notation, across: bool = False) -> Layout:
    """The brackets of a concatenation; ``across`` puts parts beside each other where they would stand below each other."""
    style = notation.concatenation
    if style == "column":
        return Matrix((tuple(parts),) if across else tuple((part,) for part in parts))
    items: list[Layout] = []
    mark = Sign(";", "punct") if style == "semicolon" else Sign(",", "punct")
    for part in parts:
        items.extend((mark, part) if items else (part,))
    return Fence(row(*items), "round" if style == "round" else "square", 1)
