"""In which order equations run: loops over time, forwards or backwards, and the order within a step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

Reads = Mapping[str, Collection[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Loop:
    """Names that are computed together, step by step, in this order within a step.

    ``direction``: +1 for the steps 1 … T, -1 for T … 1, 0 where no step needs another (any order will do).
    """

    names: tuple[str, ...]
    direction: int


class SameStepCycle(Exception):  # noqa: N818 (it is no error yet: who catches it makes one)
    """``names[0]`` needs ``names[1]`` at the same step, and so on, and the last needs the first."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(" -> ".join((*names, names[0])))


class BothDirections(Exception):  # noqa: N818 (it is no error yet: who catches it makes one)
    """These names need each other at earlier and at later steps."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(", ".join(names))


def schedule(reads: Reads) -> tuple[Loop, ...]:
    """The loops that compute every name of ``reads``, in an order in which each finds what it needs.

    ``reads[v]`` are the (name, offset) pairs that v's equation at step t reads; names not in ``reads`` are given.
    The author's order is kept where it is free.
    """
    rank = {name: position for position, name in enumerate(reads)}
    needs = {
        name: sorted({other for other, _ in pairs if other in rank}, key=rank.__getitem__)
        for name, pairs in reads.items()
    }
    loops = [_loop(sorted(group, key=rank.__getitem__), reads) for group in components(needs)]
    home = {name: position for position, loop in enumerate(loops) for name in loop.names}
    waits = [
        {home[other] for name in loop.names for other in needs[name]} - {position}
        for position, loop in enumerate(loops)
    ]
    first = [min(rank[name] for name in loop.names) for loop in loops]
    return tuple(loops[position] for position in _sorted(waits, first))


def components(graph: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Strongly connected components, Tarjan's way with an explicit stack."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    inside: set[str] = set()
    found: list[list[str]] = []
    for root in graph:
        if root in number:
            continue
        work = [(root, iter(graph[root]))]
        number[root] = low[root] = len(number)
        waiting.append(root)
        inside.add(root)
        while work:
            name, rest = work[-1]
            child = next((other for other in rest if other not in number or other in inside), None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    group = _popped(waiting, name)
                    inside.difference_update(group)
                    found.append(group)
            elif child in number:
                low[name] = min(low[name], number[child])
            else:
                number[child] = low[child] = len(number)
                waiting.append(child)
                inside.add(child)
                work.append((child, iter(graph[child])))
    return found


def _popped(stack: list[str], last: str) -> list[str]:
    """What lies on the stack down to ``last``, taken off it."""
    group = [stack.pop()]
    while group[-1] != last:
        group.append(stack.pop())
    return group


def _loop(names: list[str], reads: Reads) -> Loop:
    members = set(names)
    inner = {name: [(other, offset) for other, offset in reads[name] if other in members] for name in names}
    now = {name: {other for other, offset in pairs if offset == 0} for name, pairs in inner.items()}
    position = {name: index for index, name in enumerate(names)}
    order = _sorted([{position[other] for other in now[name]} for name in names], range(len(names)))
    if len(order) < len(names):
        raise SameStepCycle(_cycle(now, [name for index, name in enumerate(names) if index not in set(order)]))
    offsets = {offset for pairs in inner.values() for _, offset in pairs}
    if min(offsets, default=0) < 0 < max(offsets, default=0):
        raise BothDirections(tuple(names))
    direction = -1 if any(offset > 0 for offset in offsets) else int(any(offset < 0 for offset in offsets))
    return Loop(tuple(names[index] for index in order), direction)


def _sorted(waits: Sequence[Collection[int]], priority: Sequence[int] | range) -> list[int]:
    """Topological order, smallest priority first where it is free; members of cycles are left out."""
    missing = [len(set(others)) for others in waits]
    readers: list[list[int]] = [[] for _ in waits]
    for index, others in enumerate(waits):
        for other in set(others):
            readers[other].append(index)
    ready = [(priority[index], index) for index, count in enumerate(missing) if not count]
    heapify(ready)
    order = []
    while ready:
        _, index = heappop(ready)
        order.append(index)
        for reader in readers[index]:
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, (priority[reader], reader))
    return order


def _cycle(now: Mapping[str, Iterable[str]], stuck: list[str]) -> tuple[str, ...]:
    """A cycle among the names that wait for each other: walk along what each waits for until a name comes again."""
    among = set(stuck)
    path = [stuck[0]]
    seen = {stuck[0]: 0}
    while True:
        following = next(other for other in sorted(now[path[-1]]) if other in among)
        if following in seen:
            return tuple(path[seen[following] :])
        seen[following] = len(path)
        path.append(following)
