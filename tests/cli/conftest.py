"""The command line, run in this process, and its outcome."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from autorecur.cli import run


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The first line of what went wrong, without its label; there is neither a traceback nor a second message."""
        assert "Traceback" not in self.err
        assert self.err.count("error: ") == 1, self.err
        return self.err.split("error: ", 1)[1].splitlines()[0]


CommandLine = Callable[..., Outcome]


@pytest.fixture
def autorecur(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """``autorecur("derive", "lstm", stdin=b"…")`` runs the command line and tells what it did."""

    def command_line(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capfd.readouterr()
        code = run(arguments)
        return Outcome(code, *capfd.readouterr())

    return command_line


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    """Every test runs in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
