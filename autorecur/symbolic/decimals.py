"""Decimal numbers in print: matrices with the same number of digits in every component, and products of numbers with a dot."""

from __future__ import annotations

from dataclasses import fields, replace

from autorecur.symbolic import carriers as c
from autorecur.symbolic.layout import (
    Fence,
    Fraction,
    Function,
    Ident,
    Layout,
    Matrix,
    Num,
    Row,
    Script,
    Space,
    binary,
    row,
)
from autorecur.symbolic.strength import ATOM, NEGATIVE, Placed

THIN = Space("thin")


def numbers(x: c.Numbers) -> Placed:
    """A single number, or a matrix of them; of one matrix all have as many decimals as the longest."""
    texts = padded(x.texts)
    rows, columns = int(x.shape[0]), int(x.shape[1])
    if rows == columns == 1:
        return Placed(Num(texts[0]), NEGATIVE if texts[0].startswith("-") else ATOM)
    cells = tuple(tuple(Num(text) for text in texts[i * columns : (i + 1) * columns]) for i in range(rows))
    return Placed(Matrix(cells, "square", "r"), ATOM)


def padded(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Zeros at the end, so that the decimal marks stand below each other; the number 0 stays as it is."""
    longest = max((len(text.partition(".")[2]) for text in texts), default=0)
    return tuple(_padded(text, longest) for text in texts)


def _padded(text: str, decimals: int) -> str:
    whole, _, rest = text.partition(".")
    return text if text == "0" or not decimals else f"{whole}.{rest:0<{decimals}}"


def dotted(layout: Layout) -> Layout:
    """``0.5 · 0.2`` where the letters stood side by side, ``a b``; no brackets that numbers do not need."""
    if isinstance(layout, Row):
        return row(_dotted_items(layout.items))
    changed = {f.name: dotted(part) for f in fields(layout) if isinstance(part := getattr(layout, f.name), Layout)}
    return replace(layout, **changed) if changed else layout


def _dotted_items(items: tuple[Layout, ...]) -> list[Layout]:
    found: list[Layout] = []
    for at, item in enumerate(items):
        between = 0 < at < len(items) - 1
        if item == THIN and between and _is_number(items[at + 1]) and _is_numeric(items[at - 1]):
            found.append(binary("cdot"))
        elif isinstance(item, Fence) and _needs_no_brackets(item.body, items, at):
            found.append(item.body)
        else:
            found.append(dotted(item))
    return found


def _needs_no_brackets(body: Layout, items: tuple[Layout, ...], at: int) -> bool:
    """A matrix behind the name of a function, and a negative number that a sum begins with."""
    if isinstance(body, Matrix):
        return at > 0 and isinstance(items[at - 1], Function | Ident)
    return isinstance(body, Num) and at == 0 and len(items) > 1 and items[1] in (binary("+"), binary("-"))


def _is_numeric(layout: Layout) -> bool:
    return isinstance(layout, Matrix) or _is_number(layout)


def _is_number(layout: Layout) -> bool:
    """Digits, or brackets, which hold nothing else once numbers stand for letters."""
    if isinstance(layout, Fraction):
        return _is_number(layout.top) and _is_number(layout.bottom)
    if isinstance(layout, Fence):
        return layout.kind != "square"
    return isinstance(layout, Num) or (isinstance(layout, Script) and _is_number(layout.base))
