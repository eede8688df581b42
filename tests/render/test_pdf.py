"""Both routes to a PDF: the same page under the same numbers, safely, with clear faults."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from autorecur.errors import RenderError
from autorecur.render import pdf
from autorecur.render.blocks import Cell, Display, Document, EquationRow, Paragraph, SideNote
from autorecur.render.documents.latex import latex_document, latex_fragment
from autorecur.render.documents.typst import typst_document
from autorecur.render.pdf import MissingToolError, engines, latex_pdf, typst_pdf, write_pdf
from autorecur.symbolic.layout import Ident
from tests.render.sample import document

pypdf = pytest.importorskip("pypdf", reason="the package pypdf reads the PDFs")

needs_tex = pytest.mark.skipif(
    shutil.which("latexmk") is None or shutil.which("pdflatex") is None, reason="TeX is not installed"
)
needs_typst = pytest.mark.skipif(pdf._typst_module() is None, reason="the package typst is not installed")
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")

LETTER = Document("A letter", (Paragraph(("Nothing but a line.",)),))


@pytest.fixture(scope="module")
def by_tex() -> bytes:
    """The sample by TeX, with a hostile title."""
    return latex_pdf(latex_document(replace(document(), title=r"Elman \input{/etc/passwd}")))


@pytest.fixture(scope="module")
def by_typst() -> bytes:
    """The sample by the embedded typesetter, with a hostile title."""
    return typst_pdf(typst_document(replace(document(), title=r"Elman \input{/etc/passwd}")))


def text(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def numbers(data: bytes) -> set[str]:
    """Everything that looks like the number of an equation or of several."""
    return set(re.findall(r"\((\d+(?:–\d+)?)\)", text(data)))


@needs_tex
@needs_typst
def test_both_routes_show_the_same_numbers(by_tex: bytes, by_typst: bytes) -> None:
    """Numbers come from the document, not from the typesetter."""
    assert numbers(by_tex) == numbers(by_typst)
    assert {"1", "14–16", "17–18", "26"} <= numbers(by_tex)


@needs_tex
@needs_typst
def test_both_routes_have_the_same_pages(by_tex: bytes, by_typst: bytes) -> None:
    """They are one page design."""
    pages = [len(pypdf.PdfReader(io.BytesIO(data)).pages) for data in (by_tex, by_typst)]
    assert pages[0] == pages[1]


@needs_tex
def test_tex_prints_a_hostile_title(by_tex: bytes) -> None:
    """It is text, and no file is read."""
    assert r"Elman \input{/etc/passwd}" in text(by_tex)
    assert "root:" not in text(by_tex)


@needs_typst
def test_typst_prints_a_hostile_title(by_typst: bytes) -> None:
    """It is text here too."""
    assert r"Elman \input{/etc/passwd}" in text(by_typst)


@needs_tex
def test_references_are_links(by_tex: bytes) -> None:
    """Each points at a place of the document."""
    reader = pypdf.PdfReader(io.BytesIO(by_tex))
    assert {"eq:1", "eq:15", "rule:R3", "sec:10"} <= set(reader.named_destinations)


@needs_tex
@pytest.mark.skipif(shutil.which("pdffonts") is None, reason="poppler is not installed")
def test_no_bitmap_fonts(by_tex: bytes, tmp_path: Path) -> None:
    """Type 3 fonts are ugly on a screen."""
    (tmp_path / "a.pdf").write_bytes(by_tex)
    assert "Type 3" not in subprocess.run(["pdffonts", tmp_path / "a.pdf"], capture_output=True, text=True).stdout


@needs_typst
def test_typst_bytes_are_reproducible(by_typst: bytes) -> None:
    """The same document gives the same file."""
    assert typst_pdf(typst_document(replace(document(), title=r"Elman \input{/etc/passwd}"))) == by_typst


def crowded() -> Document:
    """Notes of words only, from one to four lines, some too many for their rows."""
    rows = []
    for at in range(1, 13):
        words = " ".join(f"word{at}" for _ in range(5 * (at % 4) + 3))
        rows.append(EquationRow((Cell(Ident("a"), (Ident("b"),)),), (str(at),), (), (words,)))
    aside = SideNote(tuple((f"An item of a side note of two lines, number {at}.",) for at in range(4)), "Title")
    return Document(
        "Notes",
        (aside, Paragraph(("Text.",)), Display(tuple(rows[:7])), Paragraph(("More.",)), Display(tuple(rows[7:]))),
    )


@needs_poppler
@pytest.mark.parametrize("route", [pytest.param("latex", marks=needs_tex), pytest.param("typst", marks=needs_typst)])
def test_notes_never_overlap(route: str, tmp_path: Path) -> None:
    """No two lines of the side column are nearer than lines of a paragraph are."""
    write_pdf(crowded(), tmp_path / "a.pdf", engine=route)
    boxes = subprocess.run(["pdftotext", "-bbox", tmp_path / "a.pdf", "-"], capture_output=True, text=True).stdout
    for page in boxes.split("<page ")[1:]:
        found = re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)"', page)
        lines = sorted({round(float(bottom), 1) for left, _, bottom in found if float(left) > 420})
        assert all(low - high > 8 for high, low in pairwise(lines))


@needs_tex
def test_a_fragment_compiles_in_an_article() -> None:
    """With the packages that its header names, and with no other."""
    article = (
        "\\documentclass{article}\n\\usepackage{amsmath,amssymb,xcolor,booktabs,tikz}\n\\begin{document}\n"
        f"Before.\n{latex_fragment(document())}\nAfter.\n\\end{{document}}\n"
    )
    shown = text(latex_pdf(article))
    assert "Matrix products, R3; two readers, R1." in shown
    assert "(14–16)" in shown


@needs_tex
@needs_typst
def test_every_character_is_set_or_named() -> None:
    """No character of a text makes a route fail."""
    ranges = [
        range(0x20, 0x180),
        range(0x370, 0x400),
        range(0x2000, 0x2300),
        range(0x4E00, 0x4E04),
        range(0x1F600, 0x1F603),
    ]
    words = " ".join("".join(map(chr, part[at : at + 8])) for part in ranges for at in range(0, len(part), 8))
    given = Document("Characters", (Paragraph((words,)),))
    assert "[U+4E00]" in text(latex_pdf(latex_document(given)))
    assert "[U+4E00]" in text(typst_pdf(typst_document(given)))


@needs_tex
def test_tex_faults_name_file_and_line() -> None:
    """The first message of TeX, not its log."""
    with pytest.raises(RenderError, match=r"TeX failed: document\.tex:2: Undefined control sequence"):
        latex_pdf("\\documentclass{article}\\begin{document}\n\\nonsense\n\\end{document}\n")


@needs_tex
def test_tex_that_never_ends_is_stopped() -> None:
    """The time limit ends TeX, too."""
    with pytest.raises(RenderError, match="stopped after 1 seconds"):
        latex_pdf("\\documentclass{article}\\begin{document}\\def\\a{\\a}\\a\\end{document}", time_limit=1)


@needs_tex
def test_tex_reads_no_file_outside_its_folder() -> None:
    """Even if some text did get through."""
    with pytest.raises(RenderError):
        latex_pdf("\\documentclass{article}\\begin{document}\\input{/etc/passwd}\\end{document}")


@needs_typst
def test_when_tex_fails_the_embedded_route_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says why, once; asked for by name, TeX's failure is an error."""

    def fail(source: str) -> bytes:
        raise RenderError("TeX failed: document.tex:9: File `lmodern.sty' not found.")

    monkeypatch.setattr(pdf, "latex_pdf", fail)
    monkeypatch.setattr(pdf, "_has_tex", lambda: True)
    said: list[str] = []
    assert write_pdf(LETTER, tmp_path / "a.pdf", warn=said.append) == "typst"
    assert said == [
        "TeX failed: document.tex:9: File `lmodern.sty' not found.; set with the embedded typesetter instead"
    ]
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(RenderError, match="lmodern"):
        write_pdf(LETTER, tmp_path / "b.pdf", engine="latex")
    assert not (tmp_path / "b.pdf").exists()


def test_a_missing_tool_is_named_with_the_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of its own, so that the command line can tell it from others."""
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "_typst_module", lambda: None)
    with pytest.raises(MissingToolError, match="latexmk is not installed; install it with"):
        write_pdf(LETTER, tmp_path / "a.pdf", engine="latex")
    with pytest.raises(MissingToolError, match="pip install typst") as caught:
        write_pdf(LETTER, tmp_path / "a.pdf")
    assert caught.value.missing
    assert [route.works for route in engines()] == [False, False]


def test_an_unknown_engine_names_the_known_ones(tmp_path: Path) -> None:
    """Before anything is set."""
    with pytest.raises(RenderError, match="there are auto, latex and typst"):
        write_pdf(LETTER, tmp_path / "a.pdf", engine="word")


def test_routes_tell_their_versions() -> None:
    """For the command that examines an installation."""
    for route in engines():
        assert bool(route.version) == route.works
        assert bool(route.advice) != route.works
