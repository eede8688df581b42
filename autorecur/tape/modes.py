"""What holds for the calls of one thread: whether operations are recorded, traced, watched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ContextDecorator, contextmanager
from typing import Any

from autorecur.errors import GradientError
from autorecur.tape.explanations import cut


class _State(threading.local):
    """What holds for the calls of one thread."""

    recording = True
    traces = 0
    """How many transforms are running a function."""
    watch: Any = None
    """Looks at every value under :func:`autorecur.debug_anomalies`."""


state = _State()


class recording(ContextDecorator):  # noqa: N801 - reads as the statement that it is
    """Inside, operations are recorded, or are not; can be entered as often as one likes."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self.before: list[bool] = []

    def __enter__(self) -> None:
        self.before.append(state.recording)
        state.recording = self.on

    def __exit__(self, *error: object) -> None:
        state.recording = self.before.pop()


def no_grad() -> recording:
    """Inside, nothing is recorded; also a decorator.

    >>> import autorecur as ar
    >>> a = ar.tensor(2.0, requires_grad=True)
    >>> with ar.no_grad():
    ...     (a * a).requires_grad
    False
    """
    return recording(False)


def enable_grad() -> recording:
    """Inside, operations are recorded again, even within :func:`no_grad`; also a decorator."""
    return recording(True)


@contextmanager
def tracing() -> Iterator[None]:
    """Inside, a transform runs a function to differentiate it: what would cut the gradient without a word is an error."""
    state.traces += 1
    try:
        yield
    finally:
        state.traces -= 1


def refuse_to_cut(t: Any, how: str) -> None:
    """Raises GradientError where a function that is being differentiated would lose a gradient without a word."""
    if t.requires_grad and state.traces and state.recording:
        raise GradientError(cut(how))
