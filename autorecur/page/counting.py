"""The number of parameters of a cell as a formula in its sizes: ``4 n_h (n_x + n_h + 1) + n_y (n_h + 1)``."""

from __future__ import annotations

from collections import Counter
from functools import reduce
from math import gcd
from typing import TYPE_CHECKING

from autorecur.symbolic.layout import Fence, Layout, Num, Space, binary, row
from autorecur.symbolic.marks import raised

if TYPE_CHECKING:
    from autorecur.page.context import Page

Size = int | str


def parameter_count(page: Page) -> Layout:
    """The formula, one summand for each size of what parameters give."""
    cell = page.derivation.cell
    out: dict[Size, Counter[Size]] = {}
    for name in cell.parameters:
        rows, columns = page.derivation.extended.shapes[name.split("[")[0]]
        size, count = (columns, rows) if page.in_rows else (rows, columns)
        out.setdefault(size, Counter())[count] += 1
    items: list[Layout] = []
    for gives, takes in sorted(out.items(), key=lambda item: item[0] == 1):
        part = _summand(page, gives, takes)
        items.extend((binary("+"), part) if items else (part,))
    return row(*items) if items else Num("0")


def _summand(page: Page, gives: Size, takes: Counter[Size]) -> Layout:
    factor = reduce(gcd, takes.values())
    inside: list[Layout] = []
    for size, count in sorted(takes.items(), key=lambda item: item[0] == 1):
        times = count // factor
        layout = page.composer.size(size)
        if size == 1:
            layout = Num(str(times))
        elif times > 1:
            layout = row(Num(str(times)), Space("thin"), layout)
        inside.extend((binary("+"), layout) if inside else (layout,))
    ahead: list[Layout] = [Num(str(factor))] if factor > 1 else []
    if gives != 1 and set(takes) == {gives}:
        return row(*_spaced([*ahead, raised(in_fence(page, gives), Num("2"))]))
    if gives != 1:
        ahead.append(in_fence(page, gives))
    if len(takes) == 1 and set(takes) == {1}:
        return row(*_spaced(ahead)) if ahead else Num("1")
    body = inside[0] if len(inside) == 1 else Fence(row(*inside), "round", 1)
    return row(*_spaced([*ahead, body]))


def in_fence(page: Page, size: Size) -> Layout:
    """A size as a factor: a sum in brackets."""
    layout = page.composer.size(size)
    return Fence(layout) if isinstance(size, str) and "+" in size else layout


def _spaced(parts: list[Layout]) -> list[Layout]:
    items: list[Layout] = []
    for part in parts:
        items.extend((Space("thin"), part) if items else (part,))
    return items
