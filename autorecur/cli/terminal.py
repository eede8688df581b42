"""The two streams of the command line: UTF-8 in any locale, colours only on a terminal, quiet when the reader has gone."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 110


class OutputError(click.ClickException):
    """A stream or a file cannot be written."""

    exit_code = 2


class ReaderGone(Exception):  # noqa: N818 - not an error: the reader of a pipe has seen enough
    """The other end of standard output or standard error was closed."""


def speak_utf8() -> None:
    """Both streams write UTF-8, whatever the locale; a stream that is closed is replaced by one that swallows all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def is_terminal(stream: TextIO) -> bool:
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def console(on_error_stream: bool = True) -> Console:
    """Sets tables and messages for one of the streams: in colour only on a terminal, and not with ``NO_COLOR``."""
    from rich.console import Console

    stream = sys.stderr if on_error_stream else sys.stdout
    terminal = is_terminal(stream)
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=terminal,
        no_color=True if not terminal or os.environ.get("NO_COLOR") else None,
        width=None if terminal else WIDTH_WITHOUT_TERMINAL,
        legacy_windows=False,
    )


def say(message: str) -> None:
    """One message on standard error."""
    _write(sys.stderr, message.rstrip("\n") + "\n")


def put(text: str) -> None:
    """The result, on standard output."""
    _write(sys.stdout, text if text.endswith("\n") else text + "\n")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        forget(stream)
        raise ReaderGone from None
    except OSError as error:
        forget(stream)
        name = "standard output" if stream is sys.stdout else "standard error"
        raise OutputError(f"{name} cannot be written: {error.strerror or error}.") from None


def forget(stream: TextIO) -> None:
    """What is still buffered for a reader that has gone is thrown away, so that Python does not complain at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError:
        stream.close()
