"""The two streams of the command line: UTF-8 in any locale, colours only on a terminal, quiet when the reader has gone."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 110


class OutputError(click.ClickException):
    """Standard output cannot be written."""

    exit_code = 2


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


def harmless(message: str) -> str:
    """The message without characters that a terminal would obey; line ends stay."""
    return "".join(c if c.isprintable() or c in "\n\t" or "\ud800" <= c <= "\udfff" else "�" for c in message)


def say(message: str) -> None:
    """A message on standard error; where it cannot be written, nobody can be told."""
    with suppress(OSError):
        _write(sys.stderr, message)


def put(text: str) -> None:
    """The result, on standard output."""
    try:
        _write(sys.stdout, text)
    except OSError as error:
        raise OutputError(f"standard output cannot be written: {error.strerror or error}.") from None


def _write(stream: TextIO, text: str) -> None:
    """Writes whole lines at once. A reader that has gone has seen enough: that is no error."""
    try:
        stream.write(text.rstrip("\n") + "\n")
        stream.flush()
    except BrokenPipeError:
        forget(stream)
    except OSError:
        forget(stream)
        raise


def forget(stream: TextIO) -> None:
    """What is buffered, and what follows, is thrown away, so that Python does not complain at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
