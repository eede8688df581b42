"""``autorecur cells`` and ``autorecur doctor``: what is there."""

from __future__ import annotations

import pytest

import autorecur as ar
from autorecur.render import pdf
from tests.cli.conftest import CommandLine


def test_all_cells_are_listed_with_their_titles(autorecur: CommandLine) -> None:
    """One cell a line."""
    lines = autorecur("cells").out.splitlines()
    assert [line.split()[0] for line in lines] == list(ar.cells)
    assert any(line.endswith(ar.cells["lstm"].title) for line in lines)


def test_a_cell_is_printed_as_a_text_that_can_be_read_back(autorecur: CommandLine) -> None:
    """``autorecur cells gru > my.cell`` is a start for a cell of one's own."""
    text = autorecur("cells", "gru").out
    assert ar.cell(text) == ar.cells["gru"]
    assert autorecur("check", "-", stdin=text.encode()).code == 0


def test_an_unknown_cell_is_not_printed(autorecur: CommandLine) -> None:
    """The nearest name is told."""
    outcome = autorecur("cells", "grv")
    assert outcome.code == 2
    assert "gru" in outcome.message


def test_the_doctor_names_versions_and_routes(autorecur: CommandLine) -> None:
    """Versions, the cache folder, both ways to a PDF."""
    outcome = autorecur("doctor")
    assert outcome.code == 0
    shown = {line.split("  ")[0].strip() for line in outcome.out.splitlines()}
    assert {"autorecur", "Python", "numpy", "sympy", "typst", "cache folder", "PDF by latex", "PDF by typst"} <= shown


def test_the_doctor_says_what_to_install(autorecur: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any way to a PDF the exit code is 3, and the advice is printed."""
    monkeypatch.setattr(pdf.shutil, "which", lambda program: None)
    monkeypatch.setattr(pdf, "_typst_module", lambda: None)
    outcome = autorecur("doctor")
    assert outcome.code == 3
    assert "apt-get install latexmk" in outcome.out
    assert "pip install typst" in outcome.out
