"""Whatever a command raises becomes one message and an exit code."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.cli.failures import CheckFailed, ExitCode, guarded
from autorecur.render.pdf import MissingToolError


def failing(error: BaseException) -> int:
    def command() -> None:
        raise error

    return guarded(command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckFailed("the document is not written."), ExitCode.CHECK_FAILED),
        (ar.CellError("this is no cell."), ExitCode.BAD_INPUT),
        (ar.ShapeError("these do not fit."), ExitCode.BAD_INPUT),
        (ar.RenderError("this cannot be set."), ExitCode.BAD_INPUT),
        (MissingToolError("latexmk is not installed."), ExitCode.TOOL_MISSING),
        (PermissionError(13, "Permission denied", "a.tex"), ExitCode.BAD_INPUT),
        (MemoryError(), ExitCode.BAD_INPUT),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (KeyError("surprise"), ExitCode.BUG),
        (RecursionError("too deep"), ExitCode.BUG),
    ],
)
def test_every_error_has_a_message_and_a_code(
    error: BaseException, code: ExitCode, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No exception passes, none shows a traceback."""
    monkeypatch.delenv("AUTORECUR_DEBUG", raising=False)
    assert failing(error) == code
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "Traceback" not in said


def test_an_unexpected_error_asks_to_be_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the exception and the variable that shows where it came from, in one line."""
    monkeypatch.delenv("AUTORECUR_DEBUG", raising=False)
    failing(ZeroDivisionError("division\nby zero"))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "please report it" in said
    assert "ZeroDivisionError: division by zero; AUTORECUR_DEBUG=1 shows where" in said


def test_debugging_shows_the_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With AUTORECUR_DEBUG=1 an unexpected error says where it came from; bad input does not."""
    monkeypatch.setenv("AUTORECUR_DEBUG", "1")
    assert failing(ZeroDivisionError()) == ExitCode.BUG
    assert "Traceback" in capsys.readouterr().err
    failing(ar.CellError("this is no cell."))
    assert capsys.readouterr().err == "error: this is no cell.\n"


def test_no_error_is_zero() -> None:
    """A command that returns nothing is done; one that returns a code keeps it."""
    assert guarded(lambda: None) == 0
    assert guarded(lambda: 1) == 1
