"""What a check has to do with the example of Hypothesis that it runs in, if it runs in one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any


def current() -> Any:
    """The module hypothesis inside one of its tests, else None; nothing is imported for the question."""
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis if hypothesis is not None and hypothesis.currently_in_test_context() else None


@contextmanager
def untimed() -> Iterator[None]:
    """Keeps the time spent inside from the example's deadline.

    A check calls the function hundreds of times, and the first call may compile: neither says that the function is slow.
    """
    data = _data()
    start = perf_counter()
    try:
        yield
    finally:
        if data is not None:
            data._stateful_run_times["a check of gradients"] += perf_counter() - start


def _data() -> Any:
    """The record of times of the example; None where this version of Hypothesis keeps another one."""
    if current() is None:
        return None
    control = sys.modules.get("hypothesis.control")
    data = getattr(control and control.current_build_context(), "data", None)
    return data if hasattr(data, "_stateful_run_times") else None
