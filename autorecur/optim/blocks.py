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
from autorecur.optim.fused import LEAST, Rule, is_open, update_of
from autorecur.tape.tensor import Tensor

Array = Any


class Block:
    """Parameters of one group and one dtype that have been stepped equally often."""

    __slots__ = ("bounds", "dtype", "numbers", "parameters", "scalars", "shapes", "states", "steps", "views")

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

    @property
    def size(self) -> int:
        return int(self.bounds[-1][1])

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

    def apart(self, gradients: Sequence[Array | None]) -> list[Block]:
        """The blocks that this one falls into: by whether there is a gradient, and by a dtype that has changed. Mostly none."""
        if all(p._array is view for p, view in zip(self.parameters, self.views, strict=True)):
            kinds = [(self.dtype, g is None) for g in gradients]
        else:
            kinds = [(p.dtype, g is None) for p, g in zip(self.parameters, gradients, strict=True)]
        if kinds.count((self.dtype, kinds[0][1])) == len(kinds):
            return []
        parts = []
        for kind in dict.fromkeys(kinds):
            part = self.picked([i for i, other in enumerate(kinds) if other == kind])
            part.become(kind[0])
            parts.append(part)
        return parts

    def gradients(self) -> list[Array | None]:
        """The gradient of each parameter; None for one that has none, or is frozen."""
        found: list[Array | None] = []
        for p in self.parameters:
            g = p._grad
            found.append(None if g is None or not p.requires_grad else g._array if isinstance(g, Tensor) else g)
        return found

    def row_of_numbers(self) -> Array:
        """The numbers of all parameters as they are now."""
        for p, view in zip(self.parameters, self.views, strict=True):
            if p._array is not view:  # somebody gave it new ones
                return np.concatenate([p._array for p in self.parameters], axis=None)
        return self.numbers

    def step(
        self, rule: Rule, gradients: Sequence[Array], states: Sequence[str | None], numbers: Mapping[str, Any]
    ) -> None:
        """Every parameter and state as the rule says, from the states of these names (None: one that is not in use)."""
        count, dtype = self.size, self.dtype
        old, g = self.row_of_numbers(), lease(count, dtype)
        np.concatenate(gradients, axis=None, out=g, casting="same_kind")
        rows = [None if name is None else self.states[name] for name in states]
        new = lease(count, dtype, False)
        update = None
        if count >= LEAST:
            update = update_of(rule, dtype.name, [row is not None for row in rows], numbers)
        if update is None:
            with np.errstate(all="ignore"):
                results = rule(old, g, *rows, **numbers)
            opened(new)[...] = results[0]
            for row, result in zip(rows, results[1:], strict=True):
                if row is not None:
                    row[...] = result
        else:
            values = [value for value in numbers.values() if is_open(value)]
            given = (ctypes.c_double * len(values))(*values)
            places = [address(row) for row in rows if row is not None]
            update(address(new), address(old), address(g), *places, count, ctypes.addressof(given))
        self.numbers, self.views = new, self.parts(new)
        for p, view in zip(self.parameters, self.views, strict=True):
            p._array = view
