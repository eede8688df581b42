"""Pipes that close, locales without letters, no home folder, no terminal: whole processes in strange surroundings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and locales of POSIX")

TITLE = "Réseau récurrent – σ ⊙ ∂"
CELL = f"title: {TITLE}\nh[t] = tanh(W x[t] + U h[t-1])   # état caché\n"


def surroundings(**changes: str | None) -> dict[str, str]:
    """The environment of this process with some variables changed, or without them (None)."""
    environment = {**os.environ, **{name: value for name, value in changes.items() if value is not None}}
    return {name: value for name, value in environment.items() if changes.get(name, value) is not None}


def shell(command: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """What a shell makes of a command line, in which ``autorecur`` is this one."""
    line = f'autorecur() {{ "{sys.executable}" -m autorecur "$@"; }}; set -o pipefail; {command}'
    return subprocess.run(["bash", "-c", line], capture_output=True, env=environment, timeout=120)


def test_a_closed_pipe_is_quiet() -> None:
    """``autorecur derive lstm | head -1`` prints one line and complains of nothing."""
    finished = shell("autorecur derive lstm 2> errors | head -1")
    assert finished.stdout.count(b"\n") == 1
    assert finished.returncode == 0
    said = Path("errors").read_text(encoding="utf-8")
    assert "Broken" not in said
    assert "Exception" not in said


@pytest.mark.parametrize(
    "command", ["--help", "derive --help", "--version", "cells", "cells lstm", "check rnn", "doctor"]
)
def test_nobody_reads(command: str) -> None:
    """No command minds a reader that has gone before it writes."""
    finished = shell(f"(sleep 0.2; autorecur {command}) | true")
    assert (finished.returncode, finished.stderr) == (0, b"")


def test_a_reader_of_messages_that_goes_does_not_stop_the_work() -> None:
    """The document is written although nobody reads standard error."""
    finished = shell("autorecur derive rnn -o rnn.tex 2>&1 >/dev/null | true")
    assert finished.returncode == 0
    assert r"\end{document}" in Path("rnn.tex").read_text(encoding="utf-8")


def test_a_failed_check_stays_failed_when_nobody_reads() -> None:
    """The exit code does not depend on who reads the table."""
    planted = """
from autorecur.cli import main
from autorecur.derive import Derivation
verify = Derivation.verify
Derivation.verify = lambda self, *a, **k: verify(self.replace("dL/dh", "dL/dh[t+1]"), *a, **k)
main()
"""
    Path("planted.py").write_text(planted, encoding="utf-8")
    for command in ("check rnn", "check rnn --json", "derive rnn"):
        finished = shell(f'"{sys.executable}" planted.py {command} 2>&1 | true')
        assert finished.returncode == 1, command


def test_closed_streams() -> None:
    """Without any of the three streams a file is still written."""
    assert shell("autorecur derive rnn -o rnn.tex <&- >&- 2>&-").returncode == 0
    assert Path("rnn.tex").exists()


def test_a_pipe_that_never_ends() -> None:
    """No more than the limit is read of standard input."""
    finished = shell("yes 'h[t] = x[t]' | autorecur derive -; exit ${PIPESTATUS[1]}")
    assert finished.returncode == 2
    assert b"longer than 4 MB" in finished.stderr


def test_file_names_of_any_bytes() -> None:
    """Names that are no UTF-8 can be read and written."""
    Path(os.fsdecode(b"\xff.cell")).write_text("h[t] = tanh(h[t-1] + x[t])", encoding="utf-8")
    finished = shell("autorecur derive $'\\xff.cell' -o $'\\xfe.tex'")
    assert finished.returncode == 0, finished.stderr
    assert os.path.exists(b"\xfe.tex")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_one_message() -> None:
    """Standard output that cannot be written is an error with exit code 2."""
    finished = shell("autorecur derive rnn > /dev/full")
    assert finished.returncode == 2
    assert b"error: standard output cannot be written" in finished.stderr
    assert b"Traceback" not in finished.stderr


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    ],
)
def test_an_ascii_locale(locale: dict[str, str | None]) -> None:
    """Input is read and output is written as UTF-8 in any locale."""
    Path("a.cell").write_text(CELL, encoding="utf-8")
    environment = surroundings(**locale)
    by_path = shell("autorecur derive a.cell -o a.md && autorecur cells rnn_row", environment)
    assert by_path.returncode == 0, by_path.stderr
    assert TITLE in Path("a.md").read_text(encoding="utf-8")
    by_pipe = shell("autorecur derive - < a.cell", environment)
    assert by_pipe.returncode == 0, by_pipe.stderr
    assert "Réseau" in by_pipe.stdout.decode("utf-8")


def test_no_home_folder() -> None:
    """Nothing needs a home: neither a derivation nor the doctor, and no folder named ``~`` appears."""
    environment = surroundings(HOME=None, XDG_CACHE_HOME=None)
    for home in ({}, {"HOME": "/nonexistent"}, {"HOME": ""}):
        finished = shell("autorecur derive rnn -o a.tex && autorecur doctor", {**environment, **home})
        assert finished.returncode == 0, finished.stderr
    assert os.listdir() == ["a.tex"]


def test_no_colours_without_a_terminal() -> None:
    """What goes into a pipe or a file holds no control sequences."""
    finished = shell("autorecur check rnn; autorecur derive rnn; autorecur nonsense")
    assert b"\x1b" not in finished.stdout + finished.stderr


@pytest.mark.parametrize(("no_colour", "coloured"), [(None, True), ("1", False)])
def test_colours_on_a_terminal_unless_unwanted(no_colour: str | None, coloured: bool) -> None:
    """A terminal gets colours; with ``NO_COLOR`` it gets none."""
    environment = surroundings(TERM="xterm-256color", NO_COLOR=no_colour, COLUMNS="100")
    shown = on_a_terminal(["check", "rnn"], environment) + on_a_terminal(["nonsense"], environment)
    assert (b"\x1b[3" in shown or b"\x1b[1;3" in shown) == coloured


def on_a_terminal(arguments: list[str], environment: Mapping[str, str]) -> bytes:
    """What a terminal shows of a run."""
    import pty

    own, other = pty.openpty()
    command = [sys.executable, "-m", "autorecur", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=other, stderr=other, env=environment)
    os.close(other)
    shown = b""
    try:
        while piece := os.read(own, 65536):
            shown += piece
    except OSError:  # the terminal is gone with its last process
        pass
    finally:
        os.close(own)
    process.wait(timeout=60)
    return shown


def test_json_is_read_back_from_a_pipe() -> None:
    """``check --json`` prints one object and nothing else on standard output."""
    finished = shell("autorecur check rnn --json | cat")
    assert json.loads(finished.stdout)["cell"] == "rnn"


def test_it_runs_as_a_module_and_as_a_script() -> None:
    """``python -m autorecur`` is the same program."""
    assert shell("autorecur --version").stdout.startswith(b"autorecur 0.")
