"""Files: written whole or not at all, in the format of their suffix."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autorecur.errors import RenderError
from autorecur.render import writing
from autorecur.render.blocks import Document, Paragraph
from autorecur.render.formats import check_suffix, save, text_of
from autorecur.render.writing import write_bytes, write_text

PAGE = Document("Straße", (Paragraph(("é",)),))


def test_text_is_written_as_utf8(tmp_path: Path) -> None:
    """Whatever the locale says."""
    write_text(tmp_path / "a.tex", "é\n")
    assert (tmp_path / "a.tex").read_bytes() == b"\xc3\xa9\n"


def test_nothing_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, and no temporary file remains."""
    target = tmp_path / "a.md"
    target.write_text("old")

    def fail(*names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "replace", fail)
    with pytest.raises(RenderError, match=r"a\.md cannot be written: No space left on device"):
        write_text(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.md"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """It is not created: the name may be a slip."""
    with pytest.raises(RenderError, match="there is no folder"):
        write_text(tmp_path / "none" / "a.tex", "")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The message says so."""
    with pytest.raises(RenderError, match="is a folder"):
        write_text(tmp_path, "")


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    """Before any work is done."""
    tmp_path.chmod(0o500)
    with pytest.raises(RenderError, match="not writable"):
        write_text(tmp_path / "a.tex", "")


def test_rights_and_links_are_kept(tmp_path: Path) -> None:
    """A rewritten file keeps its rights; what a link points at is rewritten, not the link."""
    target, link = tmp_path / "a.tex", tmp_path / "b.tex"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_device_is_written_to() -> None:
    """It cannot be replaced by a file."""
    if not Path("/dev/null").exists():
        pytest.skip("there is no null device here")
    write_bytes("/dev/null", b"x")
    assert not Path("/dev/null").is_file()


def test_the_suffix_chooses_the_format(tmp_path: Path) -> None:
    """LaTeX, Typst and Markdown, in capitals too."""
    for name, start in (
        ("a.tex", "% latexmk"),
        ("a.typ", "#set document"),
        ("a.html", "<!DOCTYPE"),
        ("A.MD", "# Straße"),
    ):
        save(PAGE, tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_a_fragment_is_latex(tmp_path: Path) -> None:
    """Only a .tex file can hold one."""
    save(PAGE, tmp_path / "a.tex", fragment=True)
    assert "\\documentclass" not in (tmp_path / "a.tex").read_text()
    with pytest.raises(RenderError, match=r"write it to a \.tex file"):
        save(PAGE, tmp_path / "a.md", fragment=True)
    with pytest.raises(RenderError, match=r"\.tex"):
        text_of(PAGE, "md", fragment=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.txe", r"no format is called \.txe; known are \.tex, \.typ, \.md, \.html and \.pdf; did you mean \.tex\?"),
        ("a.docx", r"no format is called \.docx; known are \.tex, \.typ, \.md, \.html and \.pdf$"),
        ("a", "a has no suffix to choose a format by"),
    ],
)
def test_an_unknown_suffix_names_the_known_ones(name: str, message: str) -> None:
    """And the nearest of them."""
    with pytest.raises(RenderError, match=message):
        check_suffix(name)
