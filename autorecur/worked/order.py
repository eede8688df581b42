"""In which order a person computes: as many quantities as possible at one step before the next step begins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from autorecur.language.order import Loop


def passes(
    loops: Sequence[Loop], reads: Mapping[str, Collection[tuple[str, int]]], clock: Callable[[str], str]
) -> list[tuple[tuple[str, ...], int]]:
    """Loops joined, in their order, as long as all of them can run through the steps in one direction.

    ``clock`` says whose steps a quantity counts: what counts others is not joined."""
    found: list[tuple[tuple[str, ...], int]] = []
    for loop in loops:
        if found and clock(found[-1][0][0]) == clock(loop.names[0]):
            names = (*found[-1][0], *loop.names)
            offsets = _offsets(names, reads)
            if min(offsets, default=0) >= 0 or max(offsets, default=0) <= 0:
                found[-1] = (names, _direction(offsets))
                continue
        found.append((loop.names, loop.direction or 1))
    return found


def _offsets(names: Sequence[str], reads: Mapping[str, Collection[tuple[str, int]]]) -> set[int]:
    inside = set(names)
    return {offset for name in names for other, offset in reads.get(name, ()) if other in inside}


def _direction(offsets: Collection[int]) -> int:
    return -1 if max(offsets, default=0) > 0 else 1
