"""The house itself: what the README says works, what the wheel holds, what must not be anywhere."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import autorecur as ar
from autorecur.cli import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_the_first_block_does_the_main_job() -> None:
    """One command from nothing to a PDF."""
    first = blocks("sh")[0].strip()
    assert "\n" not in first
    assert first.startswith("python3 -m venv")
    assert first.endswith("autorecur derive lstm -o lstm.pdf")


def test_the_second_block_passes_the_tests() -> None:
    """One command from nothing to the tests."""
    second = blocks("sh")[1].strip()
    assert "\n" not in second
    assert "'.[test]'" in second
    assert second.endswith("-m pytest -n auto")


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks are one program, and it does what its comments say."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec("\n".join(blocks("python")), names)
    assert Path("rnn.tex").exists()


def test_comments_of_the_readme_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``expression  # value`` shows what the expression gives."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec("\n".join(blocks("python")), names)
    shown = re.findall(r"^([^#\n]+?) +# (\{.*\}|tensor\(.*\))$", "\n".join(blocks("python")), re.M)
    assert len(shown) >= 3
    for expression, value in shown:
        found = eval(expression, names)
        assert repr(dict(found) if isinstance(found, Mapping) else found) == value


def test_the_commands_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every ``$ autorecur …`` works, in order, on the cell that the README shows."""
    monkeypatch.chdir(tmp_path)
    cell = next(block for block in blocks("text") if block.startswith("name: slow"))
    Path("slow.cell").write_text(cell, encoding="utf-8")
    commands = re.findall(r"^\$ autorecur ([^#\n]*?)(?: +#.*)?$", "\n".join(blocks("console")), re.M)
    assert len(commands) >= 5
    for command in commands:
        arguments = command.split(">")[0].split()
        assert run(arguments) == 0, capsys.readouterr().err


def test_the_error_of_the_readme_is_what_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The message with its caret, to the letter."""
    shown = next(block for block in blocks("text") if block.startswith("error: "))
    text = re.search(r"line 1 \| (.*)", shown)
    assert text
    path = tmp_path / "wrong.cell"
    path.write_text(text[1], encoding="utf-8")
    assert run(["derive", str(path)]) == 2
    assert capsys.readouterr().err.rstrip() == shown.rstrip()


def test_exit_codes_of_the_readme() -> None:
    """The README's table is complete."""
    assert re.findall(r"^\| (\d) \|", README, re.M) == ["0", "1", "2", "3"]


def test_files_that_the_readme_names_exist() -> None:
    """No path in the README leads nowhere."""
    named = re.findall(r"`((?:notes|benchmarks|autorecur|tests)/[\w./-]*|[A-Z]+\.md)`", README)
    named += re.findall(r"\]\(((?!http)[^)]+)\)", README)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "module", ["autorecur", *sorted(info.name for info in pkgutil.walk_packages(ar.__path__, "autorecur."))]
)
def test_examples_in_docstrings_run(module: str) -> None:
    """Every ``>>>`` of the package gives what stands below it."""
    if not module.endswith("__main__"):
        failed, _ = doctest.testmod(importlib.import_module(module))
        assert not failed


def test_pictures_are_small() -> None:
    """A clone stays light: no picture is larger than 200 kB."""
    pictures = [path for path in ROOT.glob("notes/pictures/*") if path.suffix in (".png", ".svg")]
    assert [path.name for path in pictures if path.stat().st_size > 200_000] == []


def test_the_core_of_the_engine_is_read_in_an_hour() -> None:
    """The tensor and its tape, the backward sweep, the functional transforms: under 800 lines together."""
    core = [ROOT / "autorecur" / "tape" / f"{name}.py" for name in ("tensor", "sweep", "transforms")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in core) < 800


def test_the_version_stands_in_one_place() -> None:
    """The package says it; the project's file reads it from there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", ar.__version__)


def test_the_continuous_integration_runs_the_second_block() -> None:
    """``.ci/run`` is a program and takes its command from the README."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "block 2" in script.read_text(encoding="utf-8")


@pytest.mark.long
def test_the_wheel_holds_everything_that_is_read(tmp_path: Path) -> None:
    """Cells, templates, words and the marker of types are packaged; tests and notes are not."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "autorecur").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert source <= packed
    assert all(name.startswith(("autorecur/", "autorecur-")) for name in packed)
