"""Whose steps a quantity counts: in a frame each part has its own number of steps, and what has no time happens once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from autorecur.graph.range import Bound

ONCE = "1"
"""The clock of what has no time: it has one step."""
_MARK = re.compile(r"(.+)\[(?:([A-Za-z]\w*)([+-]\d+)?|(-?\d+))\]")


@dataclass(frozen=True)
class Clocks:
    """``of`` maps each quantity of a frame to its clock; ``starts`` the assigned initial values, ``s[0]``, to their places."""

    of: Mapping[str, str]
    starts: Mapping[str, tuple[str, Bound]]

    def clock(self, name: str) -> str:
        """The clock of a quantity, or of its adjoint; ``s[0]`` is computed once."""
        base = name.removeprefix("dL/d")
        return self.of[base]

    def once(self, name: str) -> bool:
        return self.clock(name) == ONCE

    def start(self, name: str) -> tuple[str, Bound] | None:
        """Where the value of ``s[0]``, or its adjoint, belongs: the quantity and its step."""
        base = name.removeprefix("dL/d")
        found = self.starts.get(base)
        if found is None:
            return None
        return name[: len(name) - len(base)] + found[0], found[1]

    @property
    def named(self) -> tuple[str, ...]:
        """The clocks that count steps, in the order of the parts."""
        return tuple(dict.fromkeys(clock for clock in self.of.values() if clock != ONCE))


class Horizon(int):
    """How many steps each clock of a frame counts: what T is for a cell. As a number it is the longest of them."""

    clocks: Clocks
    lengths: Mapping[str, int]

    def __new__(cls, clocks: Clocks, lengths: Mapping[str, int]) -> Horizon:
        made = super().__new__(cls, max(lengths.values(), default=1))
        made.clocks, made.lengths = clocks, MappingProxyType({**lengths, ONCE: 1})
        return made

    @property
    def counted(self) -> tuple[int, ...]:
        """The numbers of steps of the recurrences."""
        return tuple(steps for clock, steps in self.lengths.items() if clock != ONCE)

    def last(self, name: str) -> int:
        return self.lengths[self.clocks.clock(name)]

    def key(self, name: str, t: int) -> tuple[str, int]:
        """Under which name and step a value is kept."""
        start = self.clocks.start(name)
        return (name, t) if start is None else (start[0], start[1].at(self.last(start[0])))


def last_step(steps: int, name: str) -> int:
    """The number of steps of a quantity: in a frame that of its part."""
    return steps.last(name) if isinstance(steps, Horizon) else steps


def place(steps: int, name: str, t: int) -> tuple[str, int]:
    """Under which name and step a value is kept: ``s[0]`` is that of s."""
    return steps.key(name, t) if isinstance(steps, Horizon) else (name, t)


def mark(name: str, bound: Bound) -> str:
    """``h[T]``, ``s[0]``: the name of a quantity at a step that does not move."""
    return f"{name}[{bound}]"


def unmarked(name: str) -> tuple[str, Bound] | None:
    """The inverse of :func:`mark`; None for a name without such a step."""
    found = _MARK.fullmatch(name)
    if found is None:
        return None
    if found[2]:
        return found[1], Bound(True, int(found[3] or 0))
    return found[1], Bound(False, int(found[4]))
