"""A line that says what takes so long: on a terminal, from the third second on, gone at the end."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from autorecur.cli import terminal

if TYPE_CHECKING:
    from rich.status import Status

PATIENCE = 2.0
"""Seconds of silence before the line appears."""


class Progress:
    """``with Progress() as progress: progress("verifying 29 equations"); …``"""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._text = ""
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._over = False
        self._timer = threading.Timer(patience, self._appear)
        self._timer.daemon = True

    def __call__(self, text: str) -> None:
        with self._lock:
            self._text = text
            if self._status is not None:
                self._status.update(f"{text} …")

    def _appear(self) -> None:
        with self._lock:
            if self._over:
                return
            from rich.text import Text

            self._status = terminal.console().status(Text(f"{self._text} …"))
            self._status.start()

    def __enter__(self) -> Progress:
        if terminal.is_terminal(sys.stderr):
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._over = True
            if self._status is not None:
                self._status.stop()
