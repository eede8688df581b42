"""The progress line: on a terminal, only if it takes long, and gone at the end."""

from __future__ import annotations

import contextlib
import io
import sys
import time

import pytest

from autorecur.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error from here on."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_it_appears_after_a_while_and_says_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text that was told last is shown, and changes are followed."""
    terminal = a_terminal(monkeypatch)
    with Progress(patience=0.01) as progress:
        progress("checking")
        time.sleep(0.3)
        progress("writing")
        time.sleep(0.3)
    assert "checking …" in terminal.getvalue()
    assert "writing …" in terminal.getvalue()


def test_it_is_silent_when_it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done in time leaves no trace."""
    terminal = a_terminal(monkeypatch)
    with Progress(patience=5.0) as progress:
        progress("checking")
    assert terminal.getvalue() == ""


def test_it_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log file holds no progress lines."""
    with Progress(patience=0.01) as progress:
        progress("checking")
        time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_it_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception passes through and the line is gone."""
    terminal = a_terminal(monkeypatch)
    with contextlib.suppress(ValueError), Progress(patience=0.0):
        time.sleep(0.1)
        raise ValueError
    shown = terminal.getvalue()
    time.sleep(0.2)
    assert terminal.getvalue() == shown
