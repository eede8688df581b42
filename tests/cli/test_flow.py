"""``autorecur flow``: a table, an object, a plot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine


@pytest.fixture
def short() -> list[str]:
    return ["--steps", "6", "--hidden", "3"]


def test_without_a_file_the_norms_are_a_table(autorecur: CommandLine, short: list[str]) -> None:
    done = autorecur("flow", "rnn", "lstm", *short)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:2] == ["cell", "states"]
    assert [line.split()[0] for line in lines[1:]] == ["rnn", "lstm"]
    assert lines[1].endswith("vanishes")


def test_json_holds_every_norm(autorecur: CommandLine, short: list[str]) -> None:
    found = json.loads(autorecur("flow", "rnn", "--json", *short).out)
    (curve,) = found["curves"]
    assert (found["steps"], curve["hidden"], curve["cell"], curve["verdict"]) == (6, 3, "rnn", "vanishes")
    assert curve["distance"] == list(range(7))
    assert curve["norm"][0] == pytest.approx(1.0)


@pytest.mark.parametrize("suffix", [".tex", ".md", ".typ"])
def test_a_file_gets_the_plot_and_its_numbers(
    autorecur: CommandLine, short: list[str], tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"flow{suffix}"
    done = autorecur("flow", "rnn", "gru", "-o", str(target), *short)
    assert done.code == 0
    text = target.read_text(encoding="utf-8")
    assert "How gradients flow through time" in text
    assert "gru" in text
    assert "written" in done.err


def test_cells_come_from_files_and_from_standard_input(
    autorecur: CommandLine, short: list[str], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.cell"
    mine.write_text("h[t] = tanh(W x[t] + U h[t-1])\n")
    done = autorecur("flow", str(mine), "-", *short, stdin=b"g[t] = relu(x[t] + V g[t-1])\n")
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ["mine", "cell"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no cell is given"),
        (["lsmt"], "did you mean 'lstm'?"),
        (["-", "-"], "standard input can be read only once"),
        (["rnn", "--scale", "-1"], "--scale is a positive number such as 1.5, not '-1'"),
        (["rnn", "--state", "g"], "rnn has no state 'g'; its states are h."),
        (["rnn", "-o", "flow.pfd"], "did you mean .pdf?"),
        (["rnn", "-o", "flow.pdf", "--json"], "leave either it or -o away"),
        (["rnn", "--lang", "xx"], "there is no language 'xx'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(autorecur: CommandLine, arguments: list[str], message: str) -> None:
    done = autorecur("flow", *arguments, stdin=b"y[t] = x[t]")
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_two_cells_are_compared(autorecur: CommandLine, tmp_path: Path) -> None:
    done = autorecur("compare", "rnn", "gru", "-o", str(tmp_path / "both.md"))
    assert done.code == 0
    assert "Elman network" in (tmp_path / "both.md").read_text(encoding="utf-8")
    assert autorecur("compare", "rnn", "grv").message == "there is no built-in cell 'grv'; did you mean 'gru'?"
    assert autorecur("compare", "rnn").code == 2


@pytest.mark.parametrize("command", [("compare", "rnn", "indrnn"), ("derive", "rnn", "--detail", "full")])
def test_a_bound_that_is_overstepped_is_a_failed_check(
    autorecur: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr("autorecur.vanishing.search.TOLERANCE", -1.0)
    target = tmp_path / "page.tex"
    done = autorecur(*command, "-o", str(target))
    assert done.code == 1
    assert "bound of dh/dh" in done.err
    assert not target.exists()
