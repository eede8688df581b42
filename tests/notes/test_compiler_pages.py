"""The pages about the compiler show what it does today."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from autorecur.compile import runner

FOLDER = Path(__file__).resolve().parent.parent.parent / "notes" / "compiler"
PAGES = sorted(FOLDER.glob("*.md"))
MODULE = runpy.run_path(str(FOLDER / "pages.py"))
pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)


def names(page: Path) -> list[str]:
    return [found[2] for found in MODULE["FENCE"].finditer(page.read_text(encoding="utf-8"))]


@pages
def test_the_pieces_of_a_page_are_fresh(page: Path) -> None:
    """What stands there is what the compiler says; if not: python notes/compiler/pages.py"""
    text = page.read_text(encoding="utf-8")
    left = () if runner.is_available("float64") else MODULE["NEED_A_COMPILER"]
    assert MODULE["refreshed"](text, left) == text


@pages
def test_every_block_of_a_page_is_a_piece(page: Path) -> None:
    """No number in a block was typed by hand."""
    text = page.read_text(encoding="utf-8")
    assert len(names(page)) == len(re.findall(r"^```\w", text, re.M)) >= 1
    assert set(names(page)) <= set(MODULE["PIECES"])


def test_every_piece_is_shown_once() -> None:
    """The script makes nothing that no page has."""
    assert sorted(name for page in PAGES for name in names(page)) == sorted(MODULE["PIECES"])


def test_a_stale_piece_would_be_found() -> None:
    """One digit that is wrong makes a page differ."""
    page = FOLDER / "hoist.md"
    text = page.read_text(encoding="utf-8").replace("450", "451")
    assert MODULE["refreshed"](text) != text
    assert MODULE["refreshed"](text) == page.read_text(encoding="utf-8")


@pages
def test_what_a_page_names_is_there(page: Path) -> None:
    """Links lead to pages, `compile/…` to modules."""
    text = page.read_text(encoding="utf-8")
    linked = [page.parent / name for name in re.findall(r"\]\(((?!http)[^)#]+)\)", text)]
    linked += [FOLDER.parent.parent / "autorecur" / name for name in re.findall(r"`(compile/\w+\.py)`", text)]
    assert linked
    assert [path for path in linked if not path.is_file()] == []
