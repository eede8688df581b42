"""Loading what was typed: names, paths, standard input, and all that can be wrong with them."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from autorecur.cells import cells, load
from autorecur.errors import CellError

TEXT = "h[t] = tanh(W x[t] + U h[t-1])\n"


def refused(spec: str, stream: io.StringIO | io.BytesIO | None = None) -> str:
    with pytest.raises(CellError) as caught:
        load(spec, stream)
    return str(caught.value)


def test_a_name() -> None:
    """A built-in name gives the built-in cell."""
    assert load("lstm") is cells["lstm"]


def test_a_path(tmp_path: Path) -> None:
    """A file gives its cell, named after the file."""
    (tmp_path / "mine.cell").write_text(TEXT)
    assert load(str(tmp_path / "mine.cell")).name == "mine"


def test_standard_input() -> None:
    """A hyphen reads the stream, of text or of bytes."""
    assert load("-", io.StringIO(TEXT)).states == ("h",)
    assert load("-", io.BytesIO(b"\xef\xbb\xbf" + TEXT.encode())).states == ("h",)
    assert load("-", io.TextIOWrapper(io.BytesIO("é[t] = W x[t]".encode()), encoding="ascii")).outputs == ("é",)


def test_missing_cells() -> None:
    """A name is compared with the built-in names, and so is the stem of a path."""
    assert refused("lstmm") == "there is no built-in cell 'lstmm'; did you mean 'lstm'?"
    assert refused("nowhere.cell") == "there is no file 'nowhere.cell'."
    assert refused("lstm.cell") == "there is no file 'lstm.cell'.\nThere is a built-in cell 'lstm', without a suffix."


def test_things_that_are_no_cell(tmp_path: Path) -> None:
    """Folders, empty files, binary files and other encodings are called what they are."""
    assert refused(str(tmp_path)) == f"'{tmp_path}' is a folder, not the file of a cell."
    file = tmp_path / "a.cell"
    for data, message in (
        (b"", f"'{file}' is empty."),
        (b" \n\n", f"'{file}' is empty."),
        (b"\x7fELF\0\0", "this is a binary file, not the text of a cell."),
        (b"h[t] = x[t]\n# \xe9t\xe9", "line 2 is not UTF-8: byte 15 of the file, 0xe9, fits no character."),
        (b"#" * 4_000_001, "this text is longer than 4 MB, more than any cell needs."),
    ):
        file.write_bytes(data)
        assert refused(str(file)).startswith(message)


def test_odd_names() -> None:
    """Whatever is typed, the answer is short and printable."""
    assert refused("").startswith("the name of the cell is empty.")
    assert "cannot be read" in refused("a\0b")
    assert len(refused("x/" * 4000)) < 250
    assert "\x1b" not in refused("\x1b[31m/x")


def test_standard_input_that_is_not_there() -> None:
    """An empty or absent stream is said to be so."""
    assert refused("-").startswith("there is no standard input")
    assert refused("-", io.BytesIO()).startswith("standard input is empty.")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no endless file on this system")
def test_an_endless_file() -> None:
    """At most 4 MB are read."""
    assert refused("/dev/zero") == "this text is longer than 4 MB, more than any cell needs."


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """The reason is the system's."""
    file = tmp_path / "a.cell"
    file.write_text(TEXT)
    file.chmod(0)
    assert "permission denied" in refused(str(file))
