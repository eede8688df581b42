"""First pass: what needs no state leaves the loop over time.

Every product of a sum is scheduled by itself. One whose operand is known for all steps beforehand (an input, a layer below)
stands in a loop of no direction: it becomes one product over all steps, computed before the loop. What nothing in a loop
waits for (a readout, the gradient of an input) comes after it in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autorecur.compile.equations import Equations, Product
from autorecur.language.order import Loop, schedule


@dataclass(frozen=True)
class Term:
    """One product of a sum."""

    sum: str
    number: int
    product: Product

    @property
    def name(self) -> str:
        return f"{self.sum}#{self.number}"


@dataclass(frozen=True)
class Phase:
    """Items that run together: step by step forwards (+1) or backwards (−1), or for all steps at once (0)."""

    direction: int
    items: tuple[str, ...]
    """Names of pointwise equations and of terms."""


@dataclass(frozen=True)
class Schedule:
    """The phases of a program, the terms by name, and who reads whom (item → items, with offsets)."""

    phases: tuple[Phase, ...]
    terms: Mapping[str, Term]
    reads: Mapping[str, tuple[tuple[str, int], ...]]

    def phase_of(self, item: str) -> int:
        """The number of the phase in which an item is computed."""
        return self._home[item]

    @cached_property
    def _home(self) -> Mapping[str, int]:
        return {item: i for i, phase in enumerate(self.phases) for item in phase.items}


def hoisted(equations: Equations) -> Schedule:
    """The equations in phases, each in an order in which a step can be computed."""
    terms = {
        term.name: term
        for name, products in equations.sums.items()
        for term in (Term(name, i, product) for i, product in enumerate(products))
    }
    parts = {name: [f"{name}#{i}" for i in range(len(products))] for name, products in equations.sums.items()}

    def items_of(reads: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        found = ((part, offset) for name, offset in reads for part in parts.get(name, [name]))
        return tuple(dict.fromkeys(found))

    reads = {
        **{term.name: items_of([(term.product.operand, term.product.offset)]) for term in terms.values()},
        **{name: items_of(equations.reads(name)) for name in equations.pointwise},
    }
    return Schedule(tuple(_phases(schedule(reads), reads)), terms, reads)


def _phases(loops: Sequence[Loop], reads: Mapping[str, Sequence[tuple[str, int]]]) -> list[Phase]:
    """Loops that do not wait for each other run together; a loop without direction starts as early as it can."""
    home = {name: i for i, loop in enumerate(loops) for name in loop.names}
    waiting = dict(enumerate(loops))
    done: set[int] = set()
    phases: list[Phase] = []
    direction = 0
    while waiting:
        chosen: list[int] = []
        for i, loop in waiting.items():
            if loop.direction == direction and _ready(loop, i, reads, home, done, chosen, direction):
                chosen.append(i)
        if chosen:
            phases.append(Phase(direction, tuple(name for i in chosen for name in loops[i].names)))
            done.update(chosen)
            for i in chosen:
                del waiting[i]
        direction = 0 if chosen and direction else {0: 1, 1: -1, -1: 0}[direction]
    return phases


def _ready(
    loop: Loop,
    own: int,
    reads: Mapping[str, Sequence[tuple[str, int]]],
    home: Mapping[str, int],
    done: set[int],
    chosen: list[int],
    direction: int,
) -> bool:
    """Whether all that a loop reads is there; in a phase over all steps at once, what is read from another step must have
    been there before the phase."""
    for name in loop.names:
        for other, offset in reads[name]:
            i = home.get(other, own)
            if i == own or i in done:
                continue
            if not (direction == 0 and offset == 0 and i in chosen):
                return False
    return True
