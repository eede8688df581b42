"""The command line: ``autorecur derive``, ``check``, ``cells``, ``doctor``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: runs the command line on ``arguments`` (default: those of the process) and exits."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """The exit code of the command line ``autorecur ARGUMENTS``; nothing but a code ever comes out."""
    from autorecur.cli.failures import guarded
    from autorecur.cli.program import program
    from autorecur.cli.terminal import speak_utf8

    speak_utf8()

    def command() -> object:
        with program.make_context("autorecur", list(arguments)) as context:
            return program.invoke(context)

    return guarded(command)
