"""Intervals of steps whose ends are counted from the first step or from the last: ``1 … T``, ``T … T``, ``1 … T-1``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Bound:
    """A step: ``offset`` if ``from_end`` is False (0 is the initial step, 1 the first), else ``T + offset``."""

    from_end: bool
    offset: int

    def at(self, steps: int) -> int:
        return self.offset + (steps if self.from_end else 0)

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

    def __str__(self) -> str:
        return str(self.first) if self.single else f"{self.first}..{self.last}"


FIRST = Bound(False, 1)
LAST = Bound(True, 0)
EVERY = Steps(FIRST, LAST)
