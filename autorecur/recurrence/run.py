"""``cell.run``: from arrays or tensors by name, through the equations, to tensors by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autorecur.compile.runner import is_available
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.graph.program import Array
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.recurrence.eager import Eager
from autorecur.recurrence.lengths import Lengths
from autorecur.recurrence.prepared import Prepared
from autorecur.recurrence.stacked import Stacked
from autorecur.tape.modes import state
from autorecur.tape.tensor import Tensor, as_array

if TYPE_CHECKING:
    from autorecur.recurrence.call import CompiledRun

BACKENDS = ("auto", "compiled", "eager")


class Run(Mapping[str, Tensor]):
    """What a run computed: ``out["h"]`` has the shape (T, B, n), or (T, n) without a batch.

    ``last[name]`` is the value with which each sequence ends: at its last step, or, for a state that runs backwards, at its
    first. After ``record=True`` and a backward pass ``adjoint[name]`` is ∂L/∂name[t] at every step, and ``given`` are the
    numbers that the run began with: parameters, inputs and initial states, as they were then.
    """

    def __init__(
        self,
        cell: Cell,
        names: Sequence[str],
        whole: Callable[[str], Tensor],
        lengths: Lengths | None,
        adjoint: Callable[[str, Tensor], Tensor] | None,
        end: Callable[[str], Tensor] | None = None,
        given: Mapping[str, Array] | None = None,
    ) -> None:
        self.cell = cell
        self.given = given
        self._end = end
        self._names, self._whole, self._lengths, self._arrived = tuple(names), whole, lengths, adjoint
        self._known: dict[str, Tensor] = {}

    @property  # made anew each time: one that was kept would keep the run alive
    def last(self) -> Mapping[str, Tensor]:
        return _Lazy(self._names, self._last)

    @property
    def adjoint(self) -> Mapping[str, Tensor]:
        return _Lazy(self._names if self._arrived else (), self._adjoint)

    @property
    def lengths(self) -> Array | None:
        """How many steps each sequence has, if they were given."""
        return None if self._lengths is None else self._lengths.ends

    def __getitem__(self, name: str) -> Tensor:
        found = self._known.get(name)
        if found is None:
            if name not in self._names:
                raise KeyError(f"this run has no {name!r}.{did_you_mean(str(name), self._names)}")
            found = self._whole(name)
            if state.recording:  # else it is a constant, and would stay one
                self._known[name] = found
        return found

    def __getattr__(self, name: str) -> Tensor:
        if not name.startswith("_") and name in self._names:
            raise AttributeError(f"results are found by name: write out[{name!r}]")
        raise AttributeError(f"a run has no attribute {name!r}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name!r}: {self[name].shape}" for name in self._names)
        return f"<run of {self.cell.name}: {{{shown}}}>"

    def _last(self, name: str) -> Tensor:
        if self._end is not None and self._lengths is None:
            return self._end(name)
        whole = self[name]
        if any(offset > 0 for offset in self.cell.offsets.get(name, ())):
            return whole[0]
        if self._lengths is None:
            return whole[-1]
        if not self._lengths.batched:
            return whole[int(self._lengths.ends[0]) - 1]
        return whole[self._lengths.ends - 1, np.arange(len(self._lengths.ends))]

    def _adjoint(self, name: str) -> Tensor:
        assert self._arrived is not None
        return self._arrived(name, self[name])


class _Lazy(Mapping[str, Tensor]):
    """A mapping whose values are computed when they are asked for."""

    def __init__(self, names: Sequence[str], compute: Any) -> None:
        self._names, self._compute = tuple(names), compute

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._names:
            known = f".{did_you_mean(str(name), self._names)}" if self._names else "; pass record=True to the run."
            raise KeyError(f"there is no {name!r} here{known}")
        found: Tensor = self._compute(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name!r}: {self[name]!r}' for name in self._names)}}}"


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
    asked = asked_for(cell, x, params, initial, lengths, steps, truncate, record, outputs)
    fused = asked.fused(backend)
    return asked.eager() if fused is None else asked.compiled(fused)


def asked_for(
    cell: Cell,
    x: Any,
    params: Mapping[str, Any] | None,
    initial: Mapping[str, Any] | None,
    lengths: Any,
    steps: int | None,
    truncate: int | None,
    record: bool,
    outputs: Sequence[str] | None,
) -> Asked:
    """The arguments of a call, looked at."""
    if truncate is not None and (isinstance(truncate, bool) or not hasattr(truncate, "__index__") or truncate < 1):
        raise ArgumentError(f"truncate is a whole number of steps from 1, not {truncate!r}")
    if steps is not None:
        if isinstance(steps, bool) or not hasattr(steps, "__index__"):
            raise ShapeError(f"steps is a whole number from 1, not {steps!r}.")
        steps = steps.__index__()
    known = cell.prepared
    names = known.shown(record) if outputs is None else _names(outputs)
    if names not in known.needs:
        known.needed(names)  # refuses unknown names
    stacked = params if type(params) is Stacked else None
    given = arrays_of(cell, x, None if stacked is not None else params, initial)
    return Asked(known, names, given, stacked, steps, lengths, truncate.__index__() if truncate else 0, record)


def arrays_of(
    cell: Cell, x: Any, params: Mapping[str, Any] | None, initial: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Inputs, parameters and initial states by their keys, as arrays or tensors."""
    plain = isinstance(x, (Tensor, np.ndarray)) and len(cell.inputs) == 1
    given = {cell.inputs[0]: x} if plain else _inputs(cell, x)
    if params is not None:
        given.update(_by_name(params, "params", cell.parameters))
    if initial is not None:
        given.update(_initial(cell, _by_name(initial, "initial", cell.states)))
    for key, value in given.items():
        if not isinstance(value, Tensor):
            try:
                given[key] = as_array(value)
            except DtypeError as error:
                raise DtypeError(f"{key}: {error}") from None
    return given


class Asked(NamedTuple):
    """One call of ``run``."""

    prepared: Prepared
    names: tuple[str, ...]
    given: Mapping[str, Any]
    stacked: Stacked | None
    steps: int | None
    lengths: Any
    truncate: int
    record: bool

    def eager(self) -> Run:
        """On the tape, op by op."""
        given = {**self.given, **(self.stacked or {})}
        run = Eager(self.prepared, self.names, given, self.steps, self.lengths, self.truncate, self.record)
        arrived = run.adjoint if self.record else None
        return Run(self.prepared.cell, self.names, run.whole, run.lengths, arrived, given=self.numbers())

    def fused(self, backend: str) -> CompiledRun | None:
        """As one fused op, if that is asked for and can be."""
        known = self.prepared
        if backend == "eager" or state.watch is not None:
            return None
        run = known.compiled.run(self)
        if run is None and backend == "compiled" and not is_available("float64"):
            known.refuse("numba's compiler is missing or switched off", 5)
        return run

    def compiled(self, run: CompiledRun) -> Run:
        """The results of the fused op by name."""
        cell = self.prepared.cell
        arrived = run.adjoint if self.record else None
        return Run(cell, self.names, run.whole, run.lengths, arrived, run.end, self.numbers())

    def numbers(self) -> dict[str, Array] | None:
        """Copies of what was given, for a run that is recorded: a parameter may be trained before someone looks."""
        if not self.record:
            return None
        return {name: np.array(as_array(value)) for name, value in {**self.given, **(self.stacked or {})}.items()}


def _names(outputs: Any) -> tuple[str, ...]:
    if isinstance(outputs, str):
        return (outputs,)
    if not isinstance(outputs, Iterable):
        raise ArgumentError(f"outputs are names, such as ['h'], not {outputs!r}")
    return tuple(outputs)


def _by_name(values: Any, what: str, known: Collection[str]) -> Mapping[str, Any]:
    """A mapping from names to values; a person is told what one looks like."""
    if type(values) is dict and (not values or type(next(iter(values))) is str):
        return values
    example = f"{{{next(iter(known), 'W')!r}: …}}"
    if not isinstance(values, Mapping):
        raise ArgumentError(f"{what} is a mapping from names to arrays, such as {example}, not {type(values).__name__}")
    odd = next((name for name in values if not isinstance(name, str)), None)
    if odd is not None:
        raise ArgumentError(f"{what} is a mapping from names to arrays, such as {example}; {odd!r} is no name")
    return values


def _inputs(cell: Cell, x: Any) -> dict[str, Any]:
    """The inputs by name; one input needs no name."""
    if x is None:
        return {}
    if not isinstance(x, (Tensor, np.ndarray)) and isinstance(x, Mapping):
        return dict(x)
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
        if key not in cell.states and key in cell.outputs:
            continue  # the last values of a run hold its outputs, too
        found[keys[0] if keys else key] = value
    return found
