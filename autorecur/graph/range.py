"""Intervals of steps whose ends are counted from the first step or from the last: ``1 … T``, ``T … T``, ``1 … T-1``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """A step: ``offset`` if ``from_end`` is False (0 is the initial step, 1 the first), else ``T + offset``.

    Bounds compare as they do for a T that is large enough: what counts from the start comes first.
    """

    from_end: bool
    offset: int

    def at(self, steps: int) -> int:
        return self.offset + (steps if self.from_end else 0)

    def __add__(self, steps: int) -> Bound:
        return Bound(self.from_end, self.offset + steps)

    def __str__(self) -> str:
        if not self.from_end:
            return str(self.offset)
        return "T" if not self.offset else f"T{self.offset:+d}"


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps from ``first`` to ``last``, both included; empty for a T that is too small."""

    first: Bound
    last: Bound

    def at(self, steps: int) -> range:
        return range(self.first.at(steps), self.last.at(steps) + 1)

    @property
    def single(self) -> bool:
        return self.first == self.last

    def shifted(self, offset: int) -> Steps:
        return Steps(self.first + offset, self.last + offset)

    def within(self, other: Steps) -> Steps | None:
        """The part that lies in ``other``; None if there is none."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Steps(first, last) if first <= last else None

    def __contains__(self, other: Steps) -> bool:
        return self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        return str(self.first) if self.single else f"{self.first}..{self.last}"


FIRST = Bound(False, 1)
LAST = Bound(True, 0)
EVERY = Steps(FIRST, LAST)
ONLY_LAST = Steps(LAST, LAST)


def hull(parts: Iterable[Steps]) -> Steps | None:
    """The smallest interval that holds all of them."""
    known = list(parts)
    return Steps(min(s.first for s in known), max(s.last for s in known)) if known else None


def regions(parts: Sequence[Steps]) -> list[tuple[Steps, tuple[int, ...]]]:
    """The line cut where an interval begins or ends: each piece with the indices of the intervals that hold it.

    A piece between intervals, which none of them holds, is listed too."""
    cuts = sorted({bound for s in parts for bound in (s.first, s.last + 1)})
    pieces = []
    for left, right in pairwise(cuts):
        piece = Steps(left, right + (-1))
        pieces.append((piece, tuple(i for i, s in enumerate(parts) if piece in s)))
    return pieces
