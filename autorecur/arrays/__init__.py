"""NumPy's functions on tensors: each turns its arguments into those of an op of the table, and applies it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autorecur.arrays import comparisons, creation, elementwise, joining, linear, picking, reductions, rounding, shapes, trigonometry
from autorecur.arrays.methods import give_methods

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    name: function
    for room in (elementwise, reductions, shapes, trigonometry, comparisons, rounding, linear, joining, picking, creation)
    for name, function in vars(room).items()
    if callable(function) and getattr(function, "__module__", "") == room.__name__ and not name.startswith("_")
}
"""The public functions of this room, by their NumPy names."""

give_methods(FUNCTIONS)
globals().update(FUNCTIONS)
