"""A cell from what was typed: the name of a built-in cell, a path, or ``-`` for standard input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from autorecur.cells.builtin import cells, unknown
from autorecur.errors import CellError
from autorecur.language.building import cell
from autorecur.language.cell import Cell
from autorecur.language.nearest import nearest
from autorecur.language.text import MAXIMUM_BYTES, decode


def load(spec: str, stream: IO[str] | IO[bytes] | None = None) -> Cell:
    """The cell that ``spec`` names; ``-`` reads ``stream``. Whatever is wrong is a CellError."""
    if spec in cells:
        return cells[spec]
    if spec == "-":
        return _parsed(_read_stream(stream), "standard input", "cell")
    if not spec.strip():
        raise CellError(
            "the name of the cell is empty.", hint="Give a built-in name such as lstm, or the path of a file."
        )
    return _parsed(_read_file(spec), _shown(spec), Path(spec).stem or "cell")


def _parsed(data: bytes, what: str, name: str) -> Cell:
    text = decode(data)
    if not text.strip():
        raise CellError(
            f"{what} is empty.", hint="A cell is a text with equations such as h[t] = tanh(W x[t] + U h[t-1] + b)."
        )
    return cell(text, name)


def _read_stream(stream: IO[str] | IO[bytes] | None) -> bytes:
    """At most one byte more than is allowed, so that an endless stream is answered at once."""
    if stream is None:
        raise CellError("there is no standard input to read the cell from.")
    binary = getattr(stream, "buffer", stream)
    try:
        data = binary.read(MAXIMUM_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CellError(f"standard input cannot be read: {_reason(error)}.") from None
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)


def _read_file(spec: str) -> bytes:
    if "\0" not in spec and os.path.isdir(spec):
        raise CellError(f"{_shown(spec)} is a folder, not the file of a cell.")
    try:
        with open(spec, "rb") as file:
            return file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise _missing(spec) from None
    except (OSError, ValueError) as error:
        raise CellError(f"{_shown(spec)} cannot be read: {_reason(error)}.") from None


def _shown(spec: str) -> str:
    """What was typed, in quotes, short and printable."""
    return f"'{_printable(spec)}'"


def _printable(spec: str) -> str:
    printable = "".join(character if character.isprintable() else "�" for character in spec)
    return printable if len(printable) <= 120 else f"{printable[:80]} … {printable[-20:]}"


def _missing(spec: str) -> CellError:
    looks_like_path = Path(spec).name != spec or Path(spec).suffix
    if not looks_like_path:
        return unknown(_printable(spec))
    close = nearest(Path(spec).stem, cells)
    hint = f"There is a built-in cell '{close}', without a suffix." if close else ""
    return CellError(f"there is no file {_shown(spec)}.", hint=hint)


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]
