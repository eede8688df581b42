"""Cells as the compiler has them, for the tests of its passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autorecur as ar
from autorecur.compile.backward import Backward
from autorecur.compile.program import Lowered, Program, Wish
from autorecur.compile.source import Function
from autorecur.compile.stack import Gemm
from autorecur.recurrence.prepared import Prepared

Products = list[tuple[str, bool, str, int]]


def lowered(cell: Any) -> Lowered:
    """A cell, or the text of one."""
    return Lowered(Prepared(ar.cell(cell) if isinstance(cell, str) else cell).step)


def every(cell: Any, initial: bool = True) -> Wish:
    """All gradients of a cell."""
    return Wish(tuple(cell.parameters), tuple(cell.inputs), tuple(cell.states) if initial else ())


def forward(cell: Any, outputs: Sequence[str], wish: Wish | None = None) -> Program:
    own = ar.cell(cell) if isinstance(cell, str) else cell
    return lowered(own).forward(tuple(outputs), every(own) if wish is None else wish)


def backward(cell: Any, cotangents: Sequence[str], wish: Wish | None = None) -> Program:
    own = ar.cell(cell) if isinstance(cell, str) else cell
    return lowered(own).backward(tuple(cotangents), every(own) if wish is None else wish)


def adjoints(cell: Any, cotangents: Sequence[str], wish: Wish | None = None) -> Backward:
    own = ar.cell(cell) if isinstance(cell, str) else cell
    return lowered(own).backward_equations(tuple(cotangents), every(own) if wish is None else wish)


def products(sums: Any) -> Products:
    """The products of a sum: weight, transposed or not, operand, steps away."""
    return [(p.weight.name, p.transposed, p.operand, p.offset) for p in sums]


def gemms(program: Program, direction: int) -> list[Gemm]:
    return [
        i for part in program.parts if part.direction == direction for i in part.instructions if isinstance(i, Gemm)
    ]


def calls(program: Program, direction: int) -> list[Function]:
    found = [i for part in program.parts if part.direction == direction for i in part.instructions]
    return [i for i in found if isinstance(i, Function)]
