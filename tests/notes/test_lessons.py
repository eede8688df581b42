"""The lessons are true: their examples run, their quotations stand in the files that they name."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LESSONS = sorted((ROOT / "notes" / "lessons").glob("*.md"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_examples_run(lesson: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ``>>>`` gives what stands below it, in a Python that was started where the project lies."""
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(lesson), module_relative=False, encoding="utf-8")
    assert attempted > 10
    assert not failed


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_quotations_are_literal(lesson: Path) -> None:
    """A fenced block starts with a path; each of its lines stands in that file."""
    quotations = re.findall(
        r"^```\w*\n((?:autorecur|notes)/\S+)\n(.*?)^```", lesson.read_text(encoding="utf-8"), re.M | re.S
    )
    assert quotations
    for path, quoted in quotations:
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
        assert [line for line in quoted.splitlines() if line and line not in lines] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_links_lead_somewhere(lesson: Path) -> None:
    """Other lessons, programs and pictures that a lesson names are there; pictures are small."""
    prose = re.sub(r"^```.*?^```", "", lesson.read_text(encoding="utf-8"), flags=re.M | re.S)
    prose = re.sub(r"^    .*$", "", prose, flags=re.M)
    named = re.findall(r"\]\(((?!http)[^)#]+)\)", prose)
    found = [lesson.parent / name for name in named]
    assert [path for path in found if not path.is_file()] == []
    assert [path for path in found if path.stat().st_size > 200_000] == []
