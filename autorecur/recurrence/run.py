"""``cell.run``: from arrays or tensors by name, through the equations, to tensors by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.arrays import broadcast_to, stack, where
from autorecur.errors import ArgumentError, ShapeError
from autorecur.graph.loading import Loader, user_shape
from autorecur.graph.program import Values
from autorecur.graph.step import Step, build
from autorecur.graph.walk import variables
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import resolve
from autorecur.recurrence.eager import Key, needed_for, run_eagerly
from autorecur.recurrence.lengths import Lengths
from autorecur.tape.tensor import Tensor, as_array, as_tensor

BACKENDS = ("auto", "eager")


class Run(Mapping[str, Tensor]):
    """What a run computed: ``out["h"]`` has the shape (T, B, n), or (T, n) without a batch.

    ``last[name]`` is the value with which each sequence ends: at its last step, or, for a state that runs backwards, at its
    first. After ``record=True`` and a backward pass ``adjoint[name]`` is ∂L/∂name[t] at every step.
    """

    def __init__(
        self, cell: Cell, values: Values, batch: int | None, names: Sequence[str], lengths: Lengths | None
    ) -> None:
        self._cell, self._values, self._batch, self._lengths = cell, values, batch, lengths
        self._names = tuple(names)
        self._stacked: dict[str, Tensor] = {}
        self._arrived: dict[Key, Any] = {}
        self.last: Mapping[str, Tensor] = _Lazy(self._names, self._last)
        self.adjoint: Mapping[str, Tensor] = _Lazy((), self._adjoint)

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._names:
            raise KeyError(f"this run has no {name!r}.{did_you_mean(name, self._names)}")
        if name not in self._stacked:
            steps = [self._step(name, t) for t in range(1, self._values.steps + 1)]
            whole = stack(steps)
            if self._lengths is not None and self._lengths.ragged:
                exists = self._lengths.exists.reshape((*self._lengths.exists.shape, *[1] * (whole.ndim - 2)))
                whole = where(exists, whole, 0.0)
            self._stacked[name] = whole
        return self._stacked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def record(self, name: str, t: int, value: Any) -> None:
        """Remembers the adjoint of a value when it is known."""
        self.adjoint = _Lazy(self._names, self._adjoint)
        if isinstance(value, Tensor) and value.requires_grad:
            value.register_hook(lambda gradient: self._arrived.__setitem__((name, t), gradient))

    def _step(self, name: str, t: int) -> Tensor:
        """One step in the user's shape."""
        value = as_tensor(self._values.quantities[name, t])
        sizes = tuple(resolve(size, self._values.sizes) for size in user_shape(self._cell.shapes[name]))
        full = tuple(resolve(size, self._values.sizes) for size in self._cell.shapes[name])
        batch = () if self._batch is None else (self._batch,)
        if value.shape != (*batch, *full):
            value = broadcast_to(value, (*batch, *full))
        return value.reshape((*batch, *sizes))

    def _last(self, name: str) -> Tensor:
        whole = self[name]
        if any(offset > 0 for offset in self._cell.offsets.get(name, ())):
            return whole[0]
        if self._lengths is None:
            return whole[-1]
        if self._batch is None:
            return whole[int(self._lengths.ends[0]) - 1]
        return whole[self._lengths.ends - 1, np.arange(self._batch)]

    def _adjoint(self, name: str) -> Tensor:
        whole = self[name]
        found = np.zeros(whole.shape, whole.dtype)
        for t in range(1, self._values.steps + 1):
            if (name, t) in self._arrived:
                gradient = self._arrived[name, t].data
                found[t - 1] = np.broadcast_to(gradient, np.shape(gradient)).reshape(found[t - 1].shape)
        return Tensor(found)


class _Lazy(Mapping[str, Tensor]):
    """A mapping whose values are computed when they are asked for."""

    def __init__(self, names: Sequence[str], compute: Any) -> None:
        self._names, self._compute = tuple(names), compute

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._names:
            known = f".{did_you_mean(name, self._names)}" if self._names else "; pass record=True to the run."
            raise KeyError(f"there is no {name!r} here{known}")
        found: Tensor = self._compute(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def run(
    cell: Cell,
    x: Any = None,
    params: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    lengths: Any = None,
    steps: int | None = None,
    truncate: int | None = None,
    backend: str = "auto",
    record: bool = False,
    outputs: Sequence[str] | None = None,
) -> Run:
    """What :meth:`autorecur.language.cell.Cell.run` does."""
    if backend not in BACKENDS:
        raise ArgumentError(f"there is no backend {backend!r}.{did_you_mean(str(backend), BACKENDS)}")
    if truncate is not None and (isinstance(truncate, bool) or not hasattr(truncate, "__index__") or truncate < 1):
        raise ArgumentError(f"truncate is a whole number of steps from 1, not {truncate!r}")
    names = tuple(outputs) if outputs is not None else _shown(cell, record)
    unknown = [name for name in names if name not in _assigned(cell)]
    if unknown:
        raise ShapeError(f"{cell.name} does not compute {unknown[0]!r}.{did_you_mean(unknown[0], _assigned(cell))}")
    given = {**_inputs(cell, x), **(params or {}), **_initial(cell, initial or {})}
    arrays = {key: value if isinstance(value, Tensor) else as_array(value) for key, value in given.items()}
    step = build(cell)
    needed = needed_for(names, step.reads())
    loader = Loader(cell, cell.inputs, arrays, steps, unneeded=_unneeded(cell, step, needed))
    values, batch = loader.load()
    values.dtype = loader.dtype
    known = None if lengths is None else Lengths(lengths, values.steps, batch)
    if known is not None and known.ragged:
        for name in cell.inputs:
            for t in range(1, values.steps + 1):
                values.quantities[name, t] = known.masked(values.quantities[name, t], t, 0.0)
    out = Run(cell, values, batch, names, known)
    run_eagerly(cell, step, needed, values, known, truncate, out.record if record else _nothing)
    return out


def _nothing(name: str, t: int, value: Any) -> None:
    """What is done with a value that is not recorded."""


def _assigned(cell: Cell) -> tuple[str, ...]:
    return tuple(dict.fromkeys(assignment.name for assignment in cell.assignments))


def _shown(cell: Cell, record: bool) -> tuple[str, ...]:
    """States and outputs, or every named quantity."""
    return tuple(name for name in _assigned(cell) if record or name in cell.states or name in cell.outputs)


def _unneeded(cell: Cell, step: Step, needed: Collection[str]) -> frozenset[str]:
    """Parameters that nothing needed reads."""
    used = {v.name for name in needed for v in variables(step.assignments[name].node)}
    return frozenset(name for name in cell.parameters if name not in used)


def _inputs(cell: Cell, x: Any) -> dict[str, Any]:
    """The inputs by name; one input needs no name."""
    if isinstance(x, Mapping):
        return dict(x)
    if x is None:
        return {}
    if len(cell.inputs) != 1:
        names = ", ".join(cell.inputs) or "none"
        raise ShapeError(f"{cell.name} has the inputs {names}: pass a mapping from names to arrays")
    return {cell.inputs[0]: x}


def _initial(cell: Cell, initial: Mapping[str, Any]) -> dict[str, Any]:
    """Initial states by step; ``"h"`` is the first of its keys."""
    found = {}
    for key, value in initial.items():
        keys = cell.initial_keys(key) if key in cell.states else (key,)
        if len(keys) > 1:
            raise ShapeError(f"{key!r} has the initial states {', '.join(keys)}: say which")
        found[keys[0] if keys else key] = value
    return found
