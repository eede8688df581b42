"""The gallery holds what is printed today: ``notes/derivations/``, and what is said of it in ``notes/courses/``."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import autorecur as ar
from autorecur.cli import run

NOTES = Path(__file__).resolve().parent.parent.parent / "notes"
FOLDER, COURSES = NOTES / "derivations", NOTES / "courses"
REFRESH = runpy.run_path(str(FOLDER / "refresh.py"))
DOCUMENTS = {options["cell"]: options for options in REFRESH["documents"]()}
QUICK = ("notes_rnn", "thread_gru")


def without_rounding(text: str) -> str:
    """The text without the sizes of rounding errors, which depend on the processor."""
    return re.sub(r"\$\d+((\.|\{,\})\d+)?( \\cdot 10\^\{-?\d+\})?\$", "$ε$", text)


def fresh(path: Path, text: str) -> bool:
    return without_rounding(path.read_text(encoding="utf-8")) == without_rounding(text)


def test_every_cell_has_its_file_and_no_other_is_there() -> None:
    """One derivation for each built-in cell, one for each cell of a course."""
    assert sorted(path.stem for path in FOLDER.glob("*.tex")) == sorted(ar.cells)
    assert sorted(path.stem for path in FOLDER.glob("courses/*.tex")) == sorted(DOCUMENTS)
    assert sorted(path.stem for path in COURSES.glob("*.cell")) == sorted(DOCUMENTS)


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_the_file_is_fresh(name: str) -> None:
    """What is stored is what would be printed; if not: python notes/derivations/refresh.py"""
    assert fresh(*REFRESH["built_in"](name))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.long) for n in sorted(DOCUMENTS)]
)
def test_the_document_of_a_course_is_fresh(name: str) -> None:
    """In its own notation and language."""
    assert fresh(*REFRESH["course"](name))


def test_what_is_stale_is_seen() -> None:
    """A changed word counts, a changed rounding error does not."""
    assert without_rounding("$1{,}5 \\cdot 10^{-12}$") == without_rounding("$2 \\cdot 10^{-13}$")
    assert not fresh(FOLDER / "rnn.tex", (FOLDER / "rnn.tex").read_text(encoding="utf-8").replace("The cell", "A cell"))


def test_every_document_has_its_command_and_every_command_a_document() -> None:
    """The notes name the commands that make the documents of the courses."""
    text = (COURSES / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^autorecur .*$", text, re.M) == [REFRESH["command"](options) for options in DOCUMENTS.values()]


def test_a_command_makes_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed in the folder of the courses it gives what the gallery has."""
    monkeypatch.chdir(COURSES)
    words = REFRESH["command"](DOCUMENTS["notes_rnn"]).split()[1:-1]
    assert run([*words, str(tmp_path / "notes_rnn.tex")]) == 0
    assert fresh(FOLDER / "courses" / "notes_rnn.tex", (tmp_path / "notes_rnn.tex").read_text(encoding="utf-8"))
