"""What an operation is: a shape rule, a kernel, a derivative rule and a symbolic form, side by side.

A derivative rule is a *pull-back*: it receives the cotangent ``g`` of the output, the output ``out`` and the inputs, and
returns the cotangent of one input. It is written with operators and functions of this table alone, which act alike on
NumPy arrays and on any class that answers to ``__autorecur_apply__``: nodes of a graph and tensors. So one rule gives
numbers, derivatives of derivatives, and the printed equations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Size = int | str
"""A number of rows or columns: known (4), named (``"n_h"``) or a sum of names (``"n_h + n_x"``)."""
Shape = tuple[Size, ...]
Rule = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Op:
    """One row of the table.

    ``shape(*shapes, **attributes)`` gives the shape of the result or raises :class:`~autorecur.errors.ShapeError`;
    ``kernel(*arrays, **attributes)`` its value; ``pullbacks[i](g, out, *inputs, **attributes)`` the cotangent of input i
    (one rule serves all inputs of an op that takes any number; None: not differentiable).
    ``formula(sympy, *scalars)`` is the symbolic form of a scalar function, ``definition`` the form in other ops of the table.
    ``kink(*arrays)`` is the distance to the nearest point without a derivative; ops that have one branch on real parts.
    ``joint(g, out, *inputs, wanted, **attributes)`` stands in for ``pullbacks`` where the cotangents of all inputs are found
    together: it returns one for each input, of which only those numbered in ``wanted`` are read.
    ``into(total, g, **attributes)`` adds the cotangent of the only input to an array, in place: for ops that pick a small part
    of a large array, so that a thousand picks do not cost a thousand arrays.
    """

    name: str
    kind: str
    shape: Callable[..., Shape]
    kernel: Callable[..., Any]
    pullbacks: tuple[Rule | None, ...]
    arity: int = 1
    formula: Callable[..., Any] | None = None
    definition: Callable[..., Any] | None = None
    kink: Callable[..., Any] | None = None
    broadcasts: bool = False
    joint: Rule | None = None
    into: Rule | None = None

    @cached_property
    def differentiable(self) -> bool:
        """Whether any input has a derivative."""
        return self.joint is not None or any(rule is not None for rule in self.pullbacks)

    def __call__(self, *inputs: Any, **attributes: Any) -> Any:
        for value in inputs:
            apply = getattr(value, "__autorecur_apply__", None)
            if apply is not None:
                return apply(self, inputs, attributes)
        return self.kernel(*inputs, **attributes)

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def shape_of(value: Any) -> Shape:
    """The shape of an array, a number or a node; sizes of a node may be names."""
    try:
        shape: Shape = value.shape
    except AttributeError:
        shape = np.shape(value)
    return shape


def shown(shape: Shape) -> str:
    """A shape as Python prints it, names without quotes."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
