"""The built-in cells, one file of equations each: ``autorecur.cells["lstm"]``, ``list(autorecur.cells)``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import ModuleType

from autorecur.cells.builtin import UnknownCellError as UnknownCellError
from autorecur.cells.builtin import cells as cells
from autorecur.cells.loading import load as load
from autorecur.language.cell import Cell

__all__ = ["UnknownCellError", "cells", "load"]


class _Room(ModuleType, Mapping[str, Cell]):
    """This package answers like its mapping, because importing it puts it in the place of ``autorecur.cells``."""

    __eq__ = ModuleType.__eq__  # a module is itself, and has a place in sets of modules
    __hash__ = ModuleType.__hash__

    def __getitem__(self, name: str) -> Cell:
        return cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(cells)

    def __len__(self) -> int:
        return len(cells)


sys.modules[__name__].__class__ = _Room
