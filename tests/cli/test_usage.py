"""Help that teaches, and near misses for whatever is mistyped."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.cli.options import LOSSES, MOST_STEPS
from autorecur.derive import derivation, losses
from tests.cli.conftest import CommandLine


@pytest.mark.parametrize("command", ["derive", "check", "cells", "doctor", "cache"])
def test_every_commands_help_shows_examples(autorecur: CommandLine, command: str) -> None:
    """``autorecur COMMAND --help`` ends with commands to type."""
    outcome = autorecur(command, "--help")
    assert outcome.code == 0
    assert f"autorecur {command}" in outcome.out.split("Examples:")[1]


def test_without_arguments_the_help_is_printed(autorecur: CommandLine) -> None:
    """``autorecur`` alone teaches instead of complaining."""
    outcome = autorecur()
    assert outcome.code == 0
    assert "autorecur derive lstm -o lstm.pdf" in outcome.out


def test_version(autorecur: CommandLine) -> None:
    """``--version`` prints name and version."""
    assert autorecur("--version").out == f"autorecur {ar.__version__}\n"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["derve", "lstm"], "there is no command 'derve'. Did you mean 'derive'?"),
        (["xyz"], "there is no command 'xyz'. There are derive, check, cells, flow, compare, train, doctor, cache."),
        (["derive", "lstm", "--step", "3"], "there is no option '--step'. Did you mean '--steps'?"),
        (
            ["derive", "lstm", "--pdf_engine", "latex"],
            "there is no option '--pdf_engine'. Did you mean '--pdf-engine'?",
        ),
        (["derive", "lstm", "-q"], "there is no option '-q'."),
        (["--verson"], "there is no option '--verson'. Did you mean '--version'?"),
        (["check", "lstm", "--at", "lst"], "--at is last or all, not 'lst'. Did you mean 'last'?"),
        (
            ["derive", "lstm", "--detail", "breif"],
            "--detail is standard, brief or full, not 'breif'. Did you mean 'brief'?",
        ),
        (
            ["derive", "lstm", "-o", "a.pfd"],
            "no format is called .pfd; known are .tex, .typ, .md, .html and .pdf; did you mean .pdf?",
        ),
        (["derive", "lstm", "-o", "a.wxyz"], "no format is called .wxyz; known are .tex, .typ, .md, .html and .pdf"),
        (
            ["derive", "lstm", "-o", "a"],
            "a has no suffix to choose a format by; known are .tex, .typ, .md, .html and .pdf",
        ),
        (
            ["derive"],
            "CELL is missing: a built-in name such as lstm, the path of a .cell file, or - for standard input.",
        ),
        (["derive", "lstm", "gru"], "'gru' is one argument too many."),
        (
            ["derive", "slow.cell", "slow.pdf"],
            "'slow.pdf' is one argument too many. To write it, put -o before it: -o slow.pdf",
        ),
        (["check", "slow.cell", "slow.pdf"], "'slow.pdf' is one argument too many."),
        (["cells", "gru", "lstm"], "'lstm' is one argument too many."),
        (["doctor", "gru"], "'gru' is one argument too many."),
        (["derive", "lstm", "--steps"], "option '--steps' requires an argument."),
        (["derive", "lstm", "--fragment", "-o", "a.pdf"], "a fragment is LaTeX: write it to a .tex file, not to a.pdf"),
    ],
)
def test_a_mistyped_command_line_is_one_message(autorecur: CommandLine, typed: list[str], message: str) -> None:
    """What cannot be understood is named, with what was most likely meant, and the exit code is 2."""
    outcome = autorecur(*typed)
    assert (outcome.code, outcome.out, outcome.message) == (2, "", message)


@pytest.mark.parametrize("steps", ["0", "-1", "10**9", "1000000000", "10001", "3.5", "", "٣", "9" * 5000, "nan", "1e3"])
def test_steps_are_from_one_to_ten_thousand(autorecur: CommandLine, steps: str) -> None:
    """Everything else is refused at once, before any work."""
    outcome = autorecur("derive", "lstm", "--steps", steps)
    shown = steps if len(steps) <= 40 else f"{steps[:40]}…"
    assert outcome.code == 2
    assert outcome.message == f"--steps is a whole number from 1 to 10,000, not '{shown}'."


def test_the_help_names_what_there_is(autorecur: CommandLine) -> None:
    """The losses and the largest T in the help are those of the derivation."""
    assert (LOSSES, MOST_STEPS) == (losses.NAMES, derivation.MOST_STEPS)
    assert "mse, squared, half_squared, ce, bce" in " ".join(autorecur("derive", "--help").out.split())


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", ""])
def test_a_seed_is_not_negative(autorecur: CommandLine, seed: str) -> None:
    """A seed is a whole number from zero."""
    outcome = autorecur("check", "rnn", "--seed", seed)
    assert (outcome.code, outcome.message) == (2, f"--seed is a whole number that is not negative, not '{seed}'.")
