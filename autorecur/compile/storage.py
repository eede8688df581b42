"""Which numbers have memory, for how long, and side by side with which others.

* *Full*: one block of rows for each step, because the backward program, an output or a later phase reads it.
* *Rolling*: as many blocks as steps lie between writing and reading: the carries of a loop, and what one part of a step hands
  to the next.
* None at all: what is read in the loop that computes it.

A sum of products that is read once is written over by what is computed from it: a gate takes the place of its pre-activation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autorecur.compile.equations import Equations
from autorecur.compile.fuse import Loop, Statement, accesses, locals_of
from autorecur.compile.hoist import Schedule
from autorecur.compile.stack import Row

FULL = 0


@dataclass
class Region:
    """Quantities side by side. ``slots`` 0: a block of rows for every step; d: for d steps in turn. Blocks stand also for
    ``before`` steps in front of the first and ``after`` steps behind the last."""

    members: Row
    slots: int = FULL
    before: int = 0
    after: int = 0


@dataclass
class Storage:
    """The memory of a program: its regions, the quantities that have memory, and which of them share a place."""

    regions: tuple[Region, ...]
    stored: frozenset[str]
    places: Mapping[str, str]
    """In whose memory a quantity lies, if not in its own."""
    _home: dict[str, Region] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._home = {name: region for region in self.regions for name in region.members}

    def region_of(self, name: str) -> Region:
        return self._home[self.places.get(name, name)]

    def names_in(self, region: Region) -> tuple[str, ...]:
        """All that lies in a region, written over or not."""
        return (*region.members, *(name for name, place in self.places.items() if place in region.members))


@dataclass(frozen=True)
class Wanted:
    """What is asked of the memory from outside: quantities that are read afterwards, with the distances in time."""

    kept: Mapping[str, Collection[int]]
    contiguous: Collection[str] = ()
    """Outputs: each in a region of its own, if that costs nothing else."""


def stored_in(
    equations: Equations,
    schedule: Schedule,
    segments: Sequence[Sequence[Loop]],
    rolling: Mapping[str, int],
    rows: Iterable[Row],
    operands: Collection[str],
    wanted: Wanted,
) -> Storage:
    """``operands`` are read by products; ``segments`` hold the loops of each segment."""
    local = set[str]().union(*(locals_of(loops) for loops in segments))
    offsets = _offsets(equations, wanted)
    home = {s.name: i for i, loops in enumerate(segments) for loop in loops for s in loop.statements}
    readers = _readers(segments, schedule)
    stored = set(equations.sums)
    for name in equations.pointwise:
        apart = any(i != home[name] for i in readers.get(name, ()))
        afar = any(offset != 0 for offset in offsets.get(name, ()))
        if name not in local or apart or afar or name in operands or name in wanted.kept or name in rolling:
            stored.add(name)
    slots = {name: _slots(name, schedule, rolling, offsets, operands, wanted) for name in stored}
    regions = [Region(row, max(slots[n] for n in row)) for row in _kept_rows(rows, stored, slots, rolling)]
    inside = {name for region in regions for name in region.members}
    places = _in_place(equations, segments, readers, slots, inside, wanted)
    alone = [name for name in equations.names() if name in stored and name not in inside and name not in places]
    regions += [Region((name,), slots[name]) for name in alone]
    by_name = {name: region for region in regions for name in region.members}
    for name in stored:
        region = by_name[places.get(name, name)]
        region.before = max(region.before, *(-offset for offset in offsets.get(name, (0,))), 0)
        region.after = max(region.after, *offsets.get(name, (0,)), 0)
    return Storage(tuple(regions), frozenset(stored), places)


def _offsets(equations: Equations, wanted: Wanted) -> dict[str, set[int]]:
    """At which distances in time each quantity is read."""
    found: dict[str, set[int]] = {}
    for name in equations.names():
        for other, offset in equations.reads(name):
            found.setdefault(other, set()).add(offset)
    for name, distances in wanted.kept.items():
        found.setdefault(name, set()).update(distances)
    return found


def _readers(segments: Sequence[Sequence[Loop]], schedule: Schedule) -> dict[str, list[int]]:
    """Which segments read a quantity; −1 stands for a product."""
    found: dict[str, list[int]] = {}
    for i, loops in enumerate(segments):
        for loop in loops:
            for s in loop.statements:
                for v, _ in accesses(s):
                    found.setdefault(v.name, []).append(i)
    for term in schedule.terms.values():
        found.setdefault(term.product.operand, []).append(-1)
    return found


def _slots(
    name: str,
    schedule: Schedule,
    rolling: Mapping[str, int],
    offsets: Mapping[str, set[int]],
    operands: Collection[str],
    wanted: Wanted,
) -> int:
    """For how many steps a quantity is kept; 0 for all."""
    if name in rolling:
        return rolling[name]
    if name in wanted.kept or any(offset != 0 for offset in offsets.get(name, ())):
        return FULL
    writers = {name} if name in schedule.reads else {t.name for t in schedule.terms.values() if t.sum == name}
    readers = [item for item, reads in schedule.reads.items() if any(o in writers for o, _ in reads)]
    homes = {schedule.phase_of(item) for item in (*writers, *readers)}
    return 1 if len(homes) == 1 and schedule.phases[homes.pop()].direction != 0 else FULL


def _kept_rows(
    rows: Iterable[Row], stored: Collection[str], slots: dict[str, int], rolling: Mapping[str, int]
) -> list[Row]:
    """Rows whose members can live side by side, which is for equally long; what is short-lived beside others is kept."""
    found = []
    for row in rows:
        here = tuple(name for name in row if name in stored)
        lives = {slots[name] for name in here}
        if len(lives) > 1 and not any(name in rolling for name in here):
            slots.update(dict.fromkeys(here, FULL))
            lives = {FULL}
        if len(here) > 1 and len(lives) == 1:
            found.append(here)
    return found


def _in_place(
    equations: Equations,
    segments: Sequence[Sequence[Loop]],
    readers: Mapping[str, Sequence[int]],
    slots: Mapping[str, int],
    in_rows: Collection[str],
    wanted: Wanted,
) -> dict[str, str]:
    """For each sum that one loop reads, a quantity of that loop that can be written over it."""
    places: dict[str, str] = {}
    for loops in segments:
        for loop in loops:
            depends: dict[str, set[str]] = {}
            for s in loop.statements:
                depends[s.name] = _sums_below(s, equations, depends)
            for total in dict.fromkeys(name for found in depends.values() for name in found):
                if total in wanted.kept or not _read_once(total, loop, readers, segments) or total in places.values():
                    continue
                for s in loop.statements:
                    fits = s.kind == "each" and s.name in slots and equations.shapes[total] == s.node.shape
                    alone = total not in in_rows or s.name not in wanted.contiguous
                    free = s.name not in places and s.name not in in_rows and slots.get(s.name) == slots[total]
                    if fits and free and alone and total in depends[s.name]:
                        places[s.name] = total
                        break
    return places


def _sums_below(s: Statement, equations: Equations, depends: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    for v, aligned in accesses(s):
        if v.offset == 0 and v.name in equations.sums and aligned:
            found.add(v.name)
        elif v.offset == 0:
            found |= depends.get(v.name, set())
    return found


def _read_once(name: str, loop: Loop, readers: Mapping[str, Sequence[int]], segments: Sequence[Sequence[Loop]]) -> bool:
    """Whether all that read a sum stand in this loop, in step with it, at its own time."""
    inside = sum(1 for s in loop.statements for v, _ in accesses(s) if v.name == name)
    aligned = all(ok and v.offset == 0 for s in loop.statements for v, ok in accesses(s) if v.name == name)
    return aligned and inside == len(readers.get(name, ()))
