"""Parameters side by side in one array, with their states, so that a step is one loop over all of them.

A tape may still hold the numbers that a parameter had, and a user may look at them: a step writes the new ones into other
memory, and lets each parameter look there. States belong to the optimiser alone and are changed where they are.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autorecur.compile.workspace import address, lease, opened
from autorecur.errors import ShapeError
from autorecur.optim.fused import LEAST, Rule, Update, sorted_out, update_of
from autorecur.tape.tensor import Tensor

Array = Any


class Block:
    """Parameters of one group and one dtype that have been stepped equally often."""

    __slots__ = (
        *("bounds", "dtype", "lengths", "numbers", "parameters", "scalars", "shapes"),
        *("size", "states", "steps", "tables", "views"),
    )

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        self.dtype: np.dtype[Any] = parameters[0].dtype
        self.shapes = [p.shape for p in parameters]
        ends = np.cumsum([0, *(p.size for p in parameters)]).tolist()
        self.bounds = list(pairwise(ends))
        self.numbers: Array = None
        """The numbers of all parameters in one row, and what each parameter looked at when they were written."""
        self.views: list[Array] = [None] * len(parameters)
        self.states: dict[str, Array] = {}
        """The states of all parameters, one row each."""
        self.scalars: dict[str, float] = {}
        """States that are a single number, the same for all."""
        self.steps = 0
        self.size: int = ends[-1]
        words, count = ctypes.c_int64 * len(parameters), len(parameters)
        self.lengths = words(*(p.size for p in parameters))
        self.tables = words(), ctypes.addressof(self.lengths), count
        """For a compiled loop: room for the addresses of gradients, where the sizes of parameters are, and how many."""

    def parts(self, row: Array) -> list[Array]:
        """A row as one array for each parameter, which look into it."""
        return [
            row[begin:end] if len(shape) == 1 else row[begin:end].reshape(shape)
            for (begin, end), shape in zip(self.bounds, self.shapes, strict=True)
        ]

    def state_of(self, i: int) -> dict[str, Any]:
        """The states of one parameter: copies."""
        (begin, end), shape = self.bounds[i], self.shapes[i]
        return {name: np.array(row[begin:end]).reshape(shape) for name, row in self.states.items()} | self.scalars

    def picked(self, chosen: Sequence[int]) -> Block:
        """Some of the parameters as a block of their own."""
        other = Block([self.parameters[i] for i in chosen])
        other.states = {
            name: np.concatenate([row[slice(*self.bounds[i])] for i in chosen]) for name, row in self.states.items()
        }
        other.scalars, other.steps = dict(self.scalars), self.steps
        return other

    def become(self, dtype: np.dtype[Any]) -> None:
        """States in another dtype, as parameters have changed theirs."""
        self.dtype = dtype
        self.states = {name: row.astype(dtype) for name, row in self.states.items()}

    def gradients(self) -> tuple[list[Array | None], bool]:
        """The gradient of each parameter, None for one that has none or is frozen, and whether all go one way.

        They do not where some have a gradient and some have none, or where a parameter has another dtype than before.
        """
        found: list[Array | None] = []
        missing, moved = 0, False
        for p, view in zip(self.parameters, self.views, strict=True):
            g = p._grad
            if g is None or not p.requires_grad:
                missing += 1
                g = None
            elif type(g) is not np.ndarray:
                g = g._array if isinstance(g, Tensor) else np.asarray(g)
            found.append(g)
            if p._array is not view:
                moved = True
        if moved:  # somebody gave a parameter new numbers
            self.numbers = None
            if any(p.dtype != self.dtype for p in self.parameters):
                return found, False
        return found, not missing or missing == len(found)

    def apart(self, gradients: Sequence[Array | None]) -> list[Block]:
        """The blocks that this one falls into: by whether there is a gradient, and by the dtypes of now."""
        kinds = [(p.dtype, g is None) for p, g in zip(self.parameters, gradients, strict=True)]
        parts = []
        for kind in dict.fromkeys(kinds):
            part = self.picked([i for i, other in enumerate(kinds) if other == kind])
            part.become(kind[0])
            parts.append(part)
        return parts

    def step(
        self, rule: Rule, gradients: Sequence[Array], states: Sequence[str | None], numbers: Mapping[str, Any]
    ) -> None:
        """Every parameter and state as the rule says, from the states of these names (None: one that is not in use).

        ``numbers`` are those that the rule is given by name; ``gradients`` belong to the numbers of now.
        """
        old = self.numbers
        if old is None:
            old = np.concatenate([p._array for p in self.parameters], axis=None)
        rows = [None if name is None else self.states[name] for name in states]
        new = lease(self.size, self.dtype, False)
        floats, values, kind = sorted_out(numbers)
        update = None
        if self.size >= LEAST:
            update = update_of(rule, self.dtype.name, [row is not None for row in rows], floats, kind)
        if update is not None:
            self._run(update, new, old, gradients, [row for row in rows if row is not None], values)
        else:
            g = np.concatenate([np.asarray(g, self.dtype) for g in gradients], axis=None)
            with np.errstate(all="ignore"):
                results = rule(old, g, *rows, **floats)
            opened(new)[...] = results[0]
            for row, result in zip(rows, results[1:], strict=True):
                if row is not None:
                    row[...] = result
        self.numbers, self.views = new, self.parts(new)
        for p, view in zip(self.parameters, self.views, strict=True):
            p._array = view

    def _run(
        self, update: Update, new: Array, old: Array, gradients: Sequence[Array], rows: list[Array], values: list[float]
    ) -> None:
        """The compiled loop, on the gradients where they are."""
        dtype, there = self.dtype, []
        for g, shape in zip(gradients, self.shapes, strict=True):
            if g.shape != shape:
                raise ShapeError(f"a parameter of shape {shape} has a gradient of shape {g.shape}")
            there.append(g if g.flags.c_contiguous and g.dtype == dtype else np.ascontiguousarray(g, dtype))
        where, sizes, count = self.tables
        where[:] = [address(g) for g in there]
        given = (ctypes.c_double * len(values))(*values)
        places = [address(row) for row in (new, old, *rows)]
        update(*places, ctypes.addressof(where), sizes, count, ctypes.addressof(given))
