"""Live progress: one line in a terminal or a notebook, some plain lines elsewhere, nothing for what takes no time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

QUIET = 2.0
"""Seconds before anything is shown."""
LIVE, PLAIN = 0.2, 10.0
"""Seconds between two pictures of the bar, and between two plain lines."""


class Progress:
    """Shows how far a training is. ``shown`` None: yes, as ``stream`` allows; True: also what takes less than two seconds."""

    def __init__(
        self, shown: bool | None, stream: TextIO | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._clock = clock
        self._begun = clock()
        self._first = 0.0
        self._bar: Any = None
        self._plain = False
        self._silent, self._wait = shown is False, 0.0 if shown else QUIET
        self.next = float("inf") if self._silent else self._begun + self._wait
        """When there is something to show; the loop looks at the clock, and calls only then."""

    def begin(self, part: float) -> None:
        """From here on time is measured, with which part is done already."""
        self._begun, self._first = self._clock(), part
        if not self._silent:
            self.next = self._begun + self._wait if self._wait else 0.0

    def show(self, part: float, where: str, loss: float, norm: float, validation: float | None = None) -> None:
        """``part`` of 1 is done, or nan if nobody knows; ``where`` says which epoch or update it is."""
        now = self._clock()
        told = f"loss {loss:.4g}" + (f"  validation {validation:.4g}" if validation is not None else "")
        told += f"  gradient {norm:.3g}"
        left = self._left(part, now)
        if self._bar is None and not self._plain:
            self._plain = not self._open()
        if self._bar is not None:
            self._bar.update(self._task, completed=part if part == part else 0.0, where=where, told=told, left=left)
            self._bar.refresh()
            self.next = now + LIVE
        else:
            print(f"{where}  {told}  {left}".rstrip(), file=self._stream, flush=True)
            self.next = now + PLAIN

    def end(self, text: str) -> None:
        """The last line, if there were any before."""
        if self._bar is not None:
            self._bar.stop()
        if self._bar is not None or self._plain:
            print(text, file=self._stream, flush=True)
        self._bar = None
        self.next = float("inf")

    def say(self, text: str) -> None:
        """A line for people, unless they asked for silence."""
        if not self._silent:
            print(text, file=self._stream, flush=True)

    def _left(self, part: float, now: float) -> str:
        done, spent = part - self._first, now - self._begun
        if not 0 < done <= 1 or part >= 1:
            return ""
        seconds = int(spent * (1 - part) / done + 0.5)
        hours = f"{seconds // 3600}:" if seconds >= 3600 else ""
        return f"{hours}{seconds // 60 % 60:02d}:{seconds % 60:02d} left"

    def _open(self) -> bool:
        """Begins a bar; False where there is no terminal and no notebook."""
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        console = Console(file=self._stream)
        if not console.is_terminal and not console.is_jupyter:
            return False
        where, told, left = (TextColumn(f"{{task.fields[{name}]}}") for name in ("where", "told", "left"))
        self._bar = Bar(where, BarColumn(bar_width=10), told, left, console=console, auto_refresh=False, transient=True)
        self._task = self._bar.add_task("", total=1.0, where="", told="", left="")
        self._bar.start()
        return True
