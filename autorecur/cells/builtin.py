"""The built-in cells: one file of equations each, read when first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

from autorecur.errors import CellError
from autorecur.language.building import cell
from autorecur.language.cell import Cell
from autorecur.language.nearest import nearest

_ROOM = "autorecur.cells"
_SUFFIX = ".cell"


class UnknownCellError(CellError, KeyError):
    """There is no built-in cell of this name."""

    __str__ = CellError.__str__


class BuiltinCells(Mapping[str, Cell]):
    """The built-in cells by name; each is parsed once, when it is first asked for."""

    def __init__(self) -> None:
        self._found: tuple[str, ...] | None = None
        self._cells: dict[str, Cell] = {}

    def _names(self) -> tuple[str, ...]:
        if self._found is None:
            entries = [entry.name for entry in files(_ROOM).iterdir()]
            self._found = tuple(sorted(entry.removesuffix(_SUFFIX) for entry in entries if entry.endswith(_SUFFIX)))
        return self._found

    def text(self, name: str) -> str:
        """The file of a built-in cell, as its author wrote it."""
        if name not in self._names():
            raise unknown(name)
        return files(_ROOM).joinpath(name + _SUFFIX).read_text(encoding="utf-8")

    def __getitem__(self, name: str) -> Cell:
        if name not in self._cells:
            self._cells[name] = cell(self.text(name), name)
        return self._cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        return name in self._names()

    def __repr__(self) -> str:
        return f"<built-in cells: {', '.join(self)}>"


def unknown(name: object) -> UnknownCellError:
    """The error for a name that is none of the built-in cells."""
    close = nearest(str(name), cells)
    if close:
        return UnknownCellError(f"there is no built-in cell '{name}'; did you mean '{close}'?")
    return UnknownCellError(f"there is no built-in cell '{name}'.", hint=f"There are: {', '.join(cells)}.")


cells = BuiltinCells()
