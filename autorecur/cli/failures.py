"""Everything that can go wrong, as one message on standard error and an exit code; never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from enum import IntEnum

import click

from autorecur.cli.terminal import forget, harmless, is_terminal, say
from autorecur.errors import AutorecurError, CheckError


class ExitCode(IntEnum):
    DONE = 0
    CHECK_FAILED = 1
    BAD_INPUT = 2
    TOOL_MISSING = 3
    BUG = 70
    INTERRUPTED = 130


class CheckFailed(click.ClickException):
    """An equation did not pass its checks."""

    exit_code = ExitCode.CHECK_FAILED


DEBUG = "AUTORECUR_DEBUG"
"""With this variable set to 1, an unexpected exception shows where it came from."""


MISSING = {
    "CELL": "CELL is missing: a built-in name such as lstm, the path of a .cell file, or - for standard input.",
    "TASK": "TASK is missing: a task such as adding, or a .csv or text file of your own.",
}


def debugging() -> bool:
    return os.environ.get(DEBUG, "") not in ("", "0")


def guarded(command: Callable[[], object]) -> int:
    """What ``command`` returns as exit code (nothing: 0); what it raises as a message and the code that belongs to it."""
    try:
        with warnings.catch_warnings():
            if not debugging():
                warnings.simplefilter("ignore")
            return int(code) if isinstance(code := command(), int) else ExitCode.DONE
    except BrokenPipeError:  # of click's own help
        forget(sys.stdout)
        return ExitCode.DONE
    except Exception as error:
        return _report(error)
    except KeyboardInterrupt:
        return _last_words("interrupted.", ExitCode.INTERRUPTED)


def _report(error: Exception) -> int:
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        return _last_words("interrupted.", ExitCode.INTERRUPTED)
    if isinstance(error, click.UsageError):
        return _last_words(_about_usage(error), ExitCode.BAD_INPUT)
    if isinstance(error, click.ClickException):
        return _last_words(error.format_message(), error.exit_code)
    if isinstance(error, CheckError):
        return _last_words(str(error), ExitCode.CHECK_FAILED)
    if isinstance(error, AutorecurError):
        code = ExitCode.TOOL_MISSING if getattr(error, "missing", False) else ExitCode.BAD_INPUT
        return _last_words(str(error), code)
    if isinstance(error, OSError):
        return _last_words(_about_file(error), ExitCode.BAD_INPUT)
    if isinstance(error, MemoryError):
        return _last_words("there is not enough memory for this.", ExitCode.BAD_INPUT)
    if debugging():
        say("".join(traceback.format_exception(error)))
    return _last_words(_about_bug(error), ExitCode.BUG)


def _last_words(message: str, code: int) -> int:
    label = "error: "
    if is_terminal(sys.stderr) and not os.environ.get("NO_COLOR"):
        label = click.style(label, fg="red", bold=True)
    say(label + harmless(message))
    return code


def _about_usage(error: click.UsageError) -> str:
    message = error.format_message()
    message = message[0].lower() + message[1:]
    if isinstance(error, click.MissingParameter):
        what = error.param.metavar if error.param is not None else "CELL"
        message = MISSING.get(what or "CELL", f"{what} is missing.")
    return message + (f"\n'{error.ctx.command_path} --help' tells more." if error.ctx is not None else "")


def _about_file(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."


def _about_bug(error: Exception) -> str:
    text = " ".join(str(error).split())
    what = f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
    return f"this should not have happened; please report it with the command that you typed ({what}; {DEBUG}=1 shows where)."
