"""How tightly each form binds in print: the one table that decides where brackets stand."""

from __future__ import annotations

from dataclasses import dataclass

from autorecur.symbolic.layout import Fence, Layout

NEGATIVE = 5
"""``−a``: fine at the start of a sum, in brackets elsewhere."""
SUM = 10
BIG = 20
"""A sum or a product over steps: what follows it belongs to it."""
HADAMARD = 30
PRODUCT = 40
FRACTION = 50
"""A fraction (or a chain of brackets) needs none as a factor, but does as a base."""
POSTFIX = 60
"""What carries a transpose or a power: a second one asks for brackets."""
ATOM = 70


@dataclass(frozen=True, slots=True)
class Placed:
    """A layout and how tightly its outermost operator binds."""

    layout: Layout
    strength: int


def bracketed(part: Placed, strength: int) -> Layout:
    """The layout, in round brackets if it binds more loosely than ``strength``."""
    return part.layout if part.strength >= strength else Fence(part.layout, "round", 1)
