"""``notes/derivations/`` holds what is printed today."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import autorecur as ar

FOLDER = Path(__file__).resolve().parent.parent.parent / "notes" / "derivations"
REFRESH = runpy.run_path(str(FOLDER / "refresh.py"))


def without_rounding(text: str) -> str:
    """The text without the sizes of rounding errors, which depend on the processor."""
    return re.sub(r"\$\d+(\.\d+)?( \\cdot 10\^\{-?\d+\})?\$", "$ε$", text)


def test_every_cell_has_its_file_and_no_other_is_there() -> None:
    """One derivation for each built-in cell."""
    assert sorted(path.stem for path in FOLDER.glob("*.tex")) == sorted(ar.cells)


@pytest.mark.parametrize("name", sorted(ar.cells))
def test_the_file_is_fresh(name: str) -> None:
    """What is stored is what would be printed; if not: python notes/derivations/refresh.py"""
    path, text = REFRESH["document"](name)
    assert without_rounding(path.read_text(encoding="utf-8")) == without_rounding(text)
