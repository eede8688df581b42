"""The order within a phase: as much pointwise work as is ready, then all products that are ready, and so on.

Few long stretches of pointwise work make few segments to fuse; products that become ready together can be stacked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from autorecur.compile.backward import Carry
from autorecur.compile.hoist import Schedule, Term


@dataclass(frozen=True)
class Segment:
    """Pointwise equations that one generated function computes, in this order."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Products of which none waits for another."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Body:
    """A phase as what is done at each of its steps."""

    direction: int
    parts: tuple[Segment | Batch, ...]


def bodies(schedule: Schedule, carries: Collection[Carry] = (), shares: Collection[str] = ()) -> tuple[Body, ...]:
    """Each phase in order. A share is taken where its numbers are at hand, in the loop that computes them."""
    items = [list(phase.items) for phase in schedule.phases]
    for name in shares:
        home = schedule.phase_of(name)
        read = [other for other, _ in schedule.reads[name] if other in schedule.reads]
        place = max(map(schedule.phase_of, read), default=home)
        if place < home:
            items[home].remove(name)
            items[place].append(name)
    rolling = rolling_parts(schedule, carries)
    return tuple(
        Body(phase.direction, tuple(_parts(own, schedule, rolling)))
        for phase, own in zip(schedule.phases, items, strict=True)
        if own
    )


def rolling_parts(schedule: Schedule, carries: Collection[Carry]) -> dict[str, int]:
    """The parts of carries that are written and read in one loop over time, and need memory for a few steps alone: for
    each, for how many."""
    found = {}
    for carry in carries:
        for part in carry.parts:
            writers = _writers(part, schedule)
            readers = [item for item, reads in schedule.reads.items() if any(o in writers for o, _ in reads)]
            homes = {schedule.phase_of(item) for item in (*writers, *readers)}
            if len(homes) == 1 and schedule.phases[homes.pop()].direction != 0:
                found[part] = abs(carry.offset)
    return found


def _writers(name: str, schedule: Schedule) -> list[str]:
    if name in schedule.reads:
        return [name]
    return [term.name for term in schedule.terms.values() if term.sum == name]


def _parts(items: list[str], schedule: Schedule, rolling: Mapping[str, int]) -> list[Segment | Batch]:
    inside = set(items)
    waits = {name: {o for o, offset in schedule.reads[name] if o in inside and offset == 0} for name in items}
    for part in rolling:  # what is kept from another step is read before it is written over
        writers = [name for name in _writers(part, schedule) if name in inside]
        for name in items:
            if any(o in writers and offset != 0 for o, offset in schedule.reads[name]):
                for writer in writers:
                    if writer != name:
                        waits[writer].add(name)
    parts: list[Segment | Batch] = []
    left, done = list(items), set[str]()
    while left:
        names: list[str] = []
        ready = True
        while ready:
            ready = False
            for name in left:
                if name not in schedule.terms and name not in done and waits[name] <= done:
                    names.append(name)
                    done.add(name)
                    ready = True
        if names:
            parts.append(Segment(tuple(names)))
        terms = [name for name in left if name in schedule.terms and waits[name] <= done]
        awaited = set[str]().union(*(waits[name] for name in left if name not in done and name not in terms))
        if awaited:  # a product that nobody waits for joins the last ones
            terms = [name for name in terms if name in awaited]
        if terms:
            parts.append(Batch(tuple(schedule.terms[name] for name in terms)))
            done.update(terms)
        assert names or terms, "the schedule has an order"
        left = [name for name in left if name not in done]
    return parts
