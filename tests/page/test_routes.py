"""The two ways to a PDF show the same page."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import autorecur as ar
from autorecur.derive import Derivation
from autorecur.render.pdf import engines

BIG = set("PXz")
"""Letters in whose places TeX's fonts keep big sums and braces."""
SIGNS = set("⊙∂⊤→≤<=+−δσℓ⊗")

both_routes = pytest.mark.skipif(
    shutil.which("pdftotext") is None or not all(route.works for route in engines()),
    reason="TeX, typst or poppler is not installed",
)


def text(derivation: Derivation, engine: str, folder: Path) -> str:
    path = folder / f"{engine}.pdf"
    derivation.save(path, pdf_engine=engine)
    found = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, text=True, check=True).stdout
    return unicodedata.normalize("NFKD", found)


def symbols(page: str) -> Counter[str]:
    """Every letter, digit and sign of the page, however it is laid out."""
    return Counter(c for c in page if (c.isalnum() and c not in BIG) or c in SIGNS)


def numbers(page: str) -> set[str]:
    return set(re.findall(r"\(\d+(?:–\d+)?\)", page))


@both_routes
@pytest.mark.parametrize(
    ("name", "at"),
    [("lstm", "last"), *(pytest.param(name, "all", marks=pytest.mark.long) for name in ("rnn", "gru_concatenated"))],
)
def test_both_routes_show_the_same_equations_under_the_same_numbers(name: str, at: str, tmp_path: Path) -> None:
    """Letter by letter and sign by sign the two pages hold the same, and the same equation numbers."""
    derivation = ar.cells[name].derive(at=at)
    latex, typst = (text(derivation, engine, tmp_path) for engine in ("latex", "typst"))
    assert symbols(latex) == symbols(typst)
    assert numbers(latex) == numbers(typst)
    assert "(1)" in numbers(latex)


@both_routes
def test_a_page_that_differs_in_one_sign_is_seen(tmp_path: Path) -> None:
    """The comparison can fail: an author's minus makes another page."""
    one = ar.cell("name: a\nh[t] = tanh(W x[t] + U h[t-1])").derive()
    other = ar.cell("name: a\nh[t] = tanh(W x[t] - U h[t-1])").derive()
    assert symbols(text(one, "latex", tmp_path)) != symbols(text(other, "typst", tmp_path))
