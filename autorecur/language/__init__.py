"""The equation language: from the text of a cell to a :class:`Cell`, with errors that point into the text."""

from autorecur.errors import CellError as CellError
from autorecur.errors import ShapeError as ShapeError
from autorecur.language.building import cell as cell
from autorecur.language.cell import Cell as Cell
from autorecur.language.extending import extend as extend
from autorecur.language.order import BothDirections as BothDirections
from autorecur.language.order import Loop as Loop
from autorecur.language.order import SameStepCycle as SameStepCycle
from autorecur.language.order import schedule as schedule
from autorecur.language.parser import parse_expression as parse_expression
from autorecur.language.sizes import resolve as resolve
from autorecur.language.text import decode as decode

__all__ = [
    "BothDirections", "Cell", "CellError", "Loop", "SameStepCycle", "ShapeError", "cell", "decode", "extend",
    "parse_expression", "resolve", "schedule",
]  # fmt: skip
