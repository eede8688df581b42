"""From a seed to a random call, from a failure to a smaller one, and many seeds in several processes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from random import Random

from autorecur.testing.compiled.calls import Call, drawn
from autorecur.testing.compiled.comparison import Refused, compare


@dataclass(frozen=True)
class Result:
    """What a seed's call showed: lines that differ, or why nothing was compiled."""

    call: Call
    lines: tuple[str, ...] = ()
    refusal: str = ""


def call_of(seed: int, max_states: int = 3, max_depth: int = 2) -> Call:
    """The random call of a seed, with everything that random cells may have."""
    from autorecur.testing.strategies.cells import FURTHER, written

    pick = Random(seed).choice
    return drawn(pick, written(pick, (1, max_states), max_depth, 2, True, frozenset(FURTHER)), seed)


def tried(call: Call) -> Result:
    """The comparison; an exception is a difference, too."""
    try:
        return Result(call, tuple(compare(call)))
    except Refused as reason:
        return Result(call, refusal=str(reason))
    except Exception:
        return Result(call, tuple(traceback.format_exc().strip().splitlines()[-3:]))


def shrunk(failing: Call, fails: Callable[[Call], bool]) -> Call:
    """A smaller call of the same cell that fails as well: each step takes the first that does."""
    while True:
        smaller = next((call for call in failing.smaller() if fails(call)), None)
        if smaller is None:
            return failing
        failing = smaller


def _of_seed(seed: int, max_states: int, max_depth: int) -> Result:
    found = tried(call_of(seed, max_states, max_depth))
    if not found.lines:
        return found
    return tried(shrunk(found.call, lambda call: bool(tried(call).lines)))


def results(seeds: Sequence[int], max_states: int, max_depth: int, jobs: int) -> Iterator[tuple[int, Result]]:
    """Each seed with its result, as they are ready."""
    if jobs == 1:
        for seed in seeds:
            yield seed, _of_seed(seed, max_states, max_depth)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_of_seed, seed, max_states, max_depth): seed for seed in seeds}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
