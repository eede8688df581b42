"""Timing side by side: all candidates take turns, so that the noise of a machine hits each of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

LEAST_SECONDS = 2e-3
"""How long a turn lasts at least: a short action is repeated within it."""


def in_turns(
    actions: Mapping[str, Callable[[], object]], budget: float, least: int = 5, most: int = 60
) -> dict[str, list[float]]:
    """Seconds of each action in each round, between ``least`` and ``most`` rounds, until ``budget`` seconds are spent."""
    times: dict[str, list[float]] = {}
    counts = {}
    for name, action in actions.items():
        action()
        once = timed(action, 1)
        counts[name] = max(1, int(LEAST_SECONDS / max(once, 1e-9)))
        times[name] = []
    rounds, spent = 0, 0.0
    while rounds < least or (spent < budget and rounds < most):
        start = time.perf_counter()
        for name, action in actions.items():
            times[name].append(timed(action, counts[name]))
        rounds += 1
        spent += time.perf_counter() - start
    return times


def timed(action: Callable[[], object], count: int) -> float:
    """Seconds of one of ``count`` calls."""
    start = time.perf_counter()
    for _ in range(count):
        action()
    return (time.perf_counter() - start) / count


def smallest(times: Mapping[str, list[float]]) -> dict[str, float]:
    """What each took when it was disturbed least."""
    return {name: min(taken) for name, taken in times.items()}
