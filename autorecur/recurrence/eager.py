"""One step after the other, one op after the other, on the tape: slow, and plain enough to be the oracle of what is fast."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from autorecur.arrays import broadcast_to, stack, where
from autorecur.graph.loading import user_shape
from autorecur.graph.program import Array, Values, compile_node
from autorecur.graph.step import Step
from autorecur.language.cell import Cell
from autorecur.language.order import schedule
from autorecur.language.sizes import resolve
from autorecur.ops import Op
from autorecur.ops.linear import matmul, matrix_transpose
from autorecur.ops.op import shape_of
from autorecur.ops.shape import reshape
from autorecur.recurrence.lengths import Lengths
from autorecur.recurrence.prepared import Prepared
from autorecur.tape.tensor import Tensor, as_tensor

Key = tuple[str, int]
Watch = Callable[[str, int, Array], Array]


class _Reading(Mapping[Key, Array]):
    """Quantities as step ``now`` reads them: cut off from the tape where they come from another chunk of ``truncate`` steps."""

    def __init__(self, quantities: dict[Key, Array], cut: frozenset[str], steps: int, truncate: int | None) -> None:
        self.quantities, self.cut, self.steps, self.truncate = quantities, cut, steps, truncate
        self.now = 1

    def __getitem__(self, key: Key) -> Array:
        name, step = key
        value = self.quantities[key]
        if self.truncate is None or name not in self.cut or not 1 <= step <= self.steps:
            return value
        same = (step - 1) // self.truncate == (self.now - 1) // self.truncate
        return value if same or not isinstance(value, Tensor) else value.detach()

    def __iter__(self) -> Any:
        return iter(self.quantities)

    def __len__(self) -> int:
        return len(self.quantities)


class Eager:
    """One run on the tape. ``adjoint`` holds what hooks brought, if the run is recorded."""

    def __init__(
        self,
        prepared: Prepared,
        names: tuple[str, ...],
        given: Mapping[str, Any],
        steps: int | None,
        lengths: Any,
        truncate: int,
        record: bool,
    ) -> None:
        self.cell = prepared.cell
        loader = prepared.loader(names, given, steps)
        self.values, self.batch = loader.load()
        self.values.dtype = loader.dtype
        self.lengths = None if lengths is None else Lengths(lengths, self.values.steps, self.batch)
        if self.lengths is not None and self.lengths.ragged:
            for name in loader.inputs:
                for t in range(1, self.values.steps + 1):
                    self.values.quantities[name, t] = self.lengths.masked(self.values.quantities[name, t], t, 0.0)
        self.arrived: dict[Key, Any] = {}
        read = [value for key, value in given.items() if key not in loader.unneeded]
        self.traced = any(isinstance(value, Tensor) and value.requires_grad for value in read)
        watch = self.record if record else _nothing
        needed, _ = prepared.needed(names)
        quiet = self.lengths is not None and self.lengths.ragged  # behind the end of a sequence anything may happen
        with np.errstate(all="ignore" if quiet else None):
            run_eagerly(self.cell, prepared.step, needed, self.values, self.lengths, truncate or None, watch)

    def whole(self, name: str) -> Tensor:
        """All steps of a quantity; zero behind the end of a sequence."""
        found = stack([self.step(name, t) for t in range(1, self.values.steps + 1)])
        if self.lengths is not None and self.lengths.ragged:
            exists = self.lengths.exists if self.lengths.batched else self.lengths.exists[:, 0]
            found = where(exists.reshape((*exists.shape, *[1] * (found.ndim - exists.ndim))), found, 0.0)
        return found

    def step(self, name: str, t: int) -> Tensor:
        """One step in the user's shape."""
        value = as_tensor(self.values.quantities[name, t])
        sizes = tuple(resolve(size, self.values.sizes) for size in user_shape(self.cell.shapes[name]))
        full = tuple(resolve(size, self.values.sizes) for size in self.cell.shapes[name])
        batch = () if self.batch is None else (self.batch,)
        if value.shape != (*batch, *full):
            value = broadcast_to(value, (*batch, *full))
        return value.reshape((*batch, *sizes))

    def record(self, name: str, t: int, value: Array) -> Array:
        """The value as it is read from now on, each sample's own and on the tape, so that its adjoint arrives."""
        if not self.traced:
            return value
        batch = () if self.batch is None else (self.batch,)
        shape = tuple(resolve(size, self.values.sizes) for size in self.cell.shapes[name])
        wide = broadcast_to(value, (*batch, *shape)) if shape_of(value) != (*batch, *shape) else as_tensor(value)
        whole = reshape(wide, shape=wide.shape)  # two names of one value have two adjoints
        if not whole.requires_grad:
            whole = whole.detach().requires_grad_()
        whole.register_hook(lambda gradient: self.arrived.__setitem__((name, t), gradient))
        return whole

    def adjoint(self, name: str, whole: Tensor) -> Tensor:
        found = np.zeros(whole.shape, whole.dtype)
        for t in range(1, self.values.steps + 1):
            if (name, t) in self.arrived:
                found[t - 1] = self.arrived[name, t].data.reshape(found[t - 1].shape)
        return Tensor(found)


def _nothing(name: str, t: int, value: Array) -> Array:
    """What is done with a value that is not recorded."""
    return value


def run_eagerly(
    cell: Cell,
    step: Step,
    needed: Collection[str],
    values: Values,
    lengths: Lengths | None,
    truncate: int | None,
    watch: Watch,
) -> None:
    """Computes the ``needed`` names at every step, in place. ``watch`` sees each value that the cell's author named, and says
    what is read in its stead."""
    reads = step.reads()
    states = frozenset(name for name in cell.states if name in reads)
    reading = _Reading(values.quantities, states, values.steps, truncate)
    seen: Any = Values(values.sizes, values.steps, values.parameters, reading)  # type: ignore[arg-type]
    computes = {
        name: compile_node(a.node, values.sizes, kernel, values.dtype)
        for name, a in step.assignments.items()
        if name in needed
    }
    behind = {name: _behind(cell, name, values) for name in needed if _looks_ahead(cell, name)}
    if lengths is not None and lengths.ragged:
        for name, initial in behind.items():
            for distance in range(1, len(initial) + 1):
                t = values.steps + distance
                values.quantities[name, t] = lengths.beyond(t, initial)
    for loop in schedule({name: reads[name] for name in reads if name in needed}):
        for t in range(values.steps, 0, -1) if loop.direction < 0 else range(1, values.steps + 1):
            reading.now = t
            for name in loop.names:
                value = computes[name](seen, {"t": t, "T": values.steps})
                if name in cell.shapes:
                    value = watch(name, t, value)
                if lengths is not None:
                    value = lengths.masked(value, t, lengths.beyond(t, behind[name]) if name in behind else 0.0)
                values.quantities[name, t] = value


def _behind(cell: Cell, name: str, values: Values) -> list[Array]:
    """The given values of a state behind the last step."""
    return [values.quantities[name, values.steps + j] for j in range(1, max(cell.offsets[name]) + 1)]


def _looks_ahead(cell: Cell, name: str) -> bool:
    return any(offset > 0 for offset in cell.offsets.get(name, ()))


def kernel(op: Op) -> Callable[..., Array]:
    """An op as it is computed here."""
    return _product if op is matmul else op


def _product(a: Array, b: Array) -> Array:
    """A product of a matrix with a batch of vectors, as one product of two matrices."""
    one, other = shape_of(a), shape_of(b)
    if len(one) == 2 and len(other) == 3 and other[2] == 1:
        rows = matmul(reshape(b, shape=other[:2]), matrix_transpose(a))
        return reshape(rows, shape=(*shape_of(rows), 1))
    if len(one) == 3 and len(other) == 2 and one[1] == 1:
        rows = matmul(reshape(a, shape=(one[0], one[2])), b)
        return reshape(rows, shape=(one[0], 1, other[1]))
    return matmul(a, b)
