"""Intervals of steps whose ends are counted from the first step or from the last: ``1 … T``, ``T … T``, ``1 … T-1``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
    """All steps from ``first`` to ``last``, both included; empty for a T that is too small.

    Where ``every`` is not zero, only those that are no multiple of it, or with ``cut`` only those that are: behind each
    multiple of it a truncated gradient is cut. The initial step is none."""

    first: Bound
    last: Bound
    every: int = 0
    cut: bool = False

    def at(self, steps: int) -> Sequence[int]:
        whole = range(self.first.at(steps), self.last.at(steps) + 1)
        if not self.every:
            return whole
        return [t for t in whole if (t >= 1 and t % self.every == 0) == self.cut]

    @property
    def single(self) -> bool:
        return self.first == self.last

    def shifted(self, offset: int) -> Steps:
        return replace(self, first=self.first + offset, last=self.last + offset)

    def within(self, other: Steps) -> Steps | None:
        """The part that lies in ``other``; None if there is none."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        which = self if self.every else other
        return Steps(first, last, which.every, which.cut) if first <= last else None

    def __contains__(self, other: Steps) -> bool:
        return self.first <= other.first and other.last <= self.last

    def __str__(self) -> str:
        which = f" {'at' if self.cut else 'but'} multiples of {self.every}" if self.every else ""
        return (str(self.first) if self.single else f"{self.first}..{self.last}") + which


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
    pieces: list[tuple[Steps, tuple[int, ...]]] = []
    for left, right in pairwise(cuts):
        piece = Steps(left, right + (-1))
        pieces += _apart(piece, [(i, s) for i, s in enumerate(parts) if piece in s])
    return pieces


def _apart(piece: Steps, held: Sequence[tuple[int, Steps]]) -> Iterator[tuple[Steps, tuple[int, ...]]]:
    """The piece, or where a cut tells its steps apart: those between the cuts, then those at a cut."""
    every = max((s.every for _, s in held), default=0)
    if not every:
        yield piece, tuple(i for i, _ in held)
        return
    for cut in (False, True) if every > 1 else (True,):
        yield replace(piece, every=every, cut=cut), tuple(i for i, s in held if not s.every or s.cut == cut)
