"""A small tree of typeset mathematics: rows, scripts, fractions, fences. It has no meaning, only a look.

SymPy objects are laid out once (:mod:`autorecur.symbolic.compose`); three total printers turn a layout into LaTeX,
Typst and MathML. Prose uses the same nodes for what is no expression, such as ``x_t ∈ ℝ^{n_x}``.
Symbols are named after their LaTeX command without the backslash (``plus`` and other ASCII signs stand for
themselves: ``"+"``, ``"="``, ``"odot"``, ``"in"``, ``"le"``, ``"cdots"``, ``"partial"``, ``"top"``, ``"infty"``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """The base of all nodes."""


@dataclass(frozen=True, slots=True)
class Ident(Layout):
    """A letter (``h``), a Greek letter by name (``delta``) or a word; ``style`` is italic, upright,
    bold, blackboard or script."""

    text: str
    style: str = "italic"


@dataclass(frozen=True, slots=True)
class Num(Layout):
    """A number as it is to be read, ``0.5``; the decimal mark belongs to the printer."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign(Layout):
    """A symbol by name. ``kind`` is ord, binary, relation or punct and decides the space around it."""

    name: str
    kind: str = "ord"


@dataclass(frozen=True, slots=True)
class Row(Layout):
    items: tuple[Layout, ...]


@dataclass(frozen=True, slots=True)
class Script(Layout):
    base: Layout
    sub: Layout | None = None
    sup: Layout | None = None


@dataclass(frozen=True, slots=True)
class Fraction(Layout):
    top: Layout
    bottom: Layout


@dataclass(frozen=True, slots=True)
class Fence(Layout):
    """``kind`` is round, square, angle, brace, bar, norm, floor, evaluated (a bar behind).

    ``size`` 0 is plain, 1 fits what stands inside."""

    body: Layout
    kind: str = "round"
    size: int = 0


@dataclass(frozen=True, slots=True)
class Accent(Layout):
    """``kind`` is bar, hat, tilde, dot or vec."""

    kind: str
    body: Layout


@dataclass(frozen=True, slots=True)
class Big(Layout):
    """A big operator with limits: ``name`` is sum or prod. With ``beside`` it is as low as in a line, its limits beside it."""

    name: str
    lower: Layout | None = None
    upper: Layout | None = None
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Function(Layout):
    """An upright operator name: tanh, diag, softmax."""

    name: str


@dataclass(frozen=True, slots=True)
class Underbrace(Layout):
    body: Layout
    label: Layout


@dataclass(frozen=True, slots=True)
class Backward(Layout):
    """Set in the accent colour, which means: backward."""

    body: Layout


@dataclass(frozen=True, slots=True)
class Future(Layout):
    """Shaded and in the accent colour: comes from another step."""

    body: Layout


@dataclass(frozen=True, slots=True)
class Bold(Layout):
    body: Layout


@dataclass(frozen=True, slots=True)
class Matrix(Layout):
    """``delimiter`` is square, round or none; ``align`` is c, l or r."""

    rows: tuple[tuple[Layout, ...], ...]
    delimiter: str = "square"
    align: str = "c"


@dataclass(frozen=True, slots=True)
class Cases(Layout):
    """Pairs of value and condition."""

    rows: tuple[tuple[Layout, Layout], ...]


@dataclass(frozen=True, slots=True)
class Root(Layout):
    body: Layout


@dataclass(frozen=True, slots=True)
class Space(Layout):
    """``width`` is thin, thick, quad or wide."""

    width: str = "thin"


@dataclass(frozen=True, slots=True)
class Words(Layout):
    """Plain text inside mathematics. It is data: printers escape it. ``small`` is for the heads of columns."""

    text: str
    small: bool = False


def row(*items: Layout | Iterable[Layout]) -> Layout:
    """A row without needless nesting: ``row(a, [b, c])`` holds a, b, c; a row of one is that one."""
    flat: list[Layout] = []
    for item in items:
        for part in (item,) if isinstance(item, Layout) else item:
            flat.extend(part.items if isinstance(part, Row) else (part,))
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def binary(name: str) -> Sign:
    return Sign(name, "binary")


def relation(name: str) -> Sign:
    return Sign(name, "relation")
