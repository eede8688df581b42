"""One step after the other, one op after the other, on the tape: slow, and plain enough to be the oracle of what is fast."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from autorecur.graph.program import Array, Values, compile_node
from autorecur.graph.step import Step
from autorecur.language.cell import Cell
from autorecur.language.order import schedule
from autorecur.ops import Op
from autorecur.ops.linear import matmul, matrix_transpose
from autorecur.ops.op import shape_of
from autorecur.ops.shape import reshape
from autorecur.recurrence.lengths import Lengths
from autorecur.tape.tensor import Tensor

Key = tuple[str, int]
Watch = Callable[[str, int, Array], None]


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


def run_eagerly(
    cell: Cell,
    step: Step,
    needed: Collection[str],
    values: Values,
    lengths: Lengths | None,
    truncate: int | None,
    watch: Watch,
) -> None:
    """Computes the ``needed`` names at every step, in place. ``watch`` sees each value that the cell's author named."""
    reads = step.reads()
    states = frozenset(name for name in cell.states if name in reads)
    reading = _Reading(values.quantities, states, values.steps, truncate)
    seen: Any = Values(values.sizes, values.steps, values.parameters, reading)  # type: ignore[arg-type]
    computes = {
        name: compile_node(a.node, values.sizes, _kernel, values.dtype)
        for name, a in step.assignments.items()
        if name in needed
    }
    first = {name: values.quantities[name, values.steps + 1] for name in needed if _looks_ahead(cell, name)}
    for loop in schedule({name: reads[name] for name in reads if name in needed}):
        for t in range(values.steps, 0, -1) if loop.direction < 0 else range(1, values.steps + 1):
            reading.now = t
            for name in loop.names:
                value = computes[name](seen, {"t": t, "T": values.steps})
                if name in cell.shapes:
                    watch(name, t, value)
                if lengths is not None:
                    value = lengths.masked(value, t, first.get(name, 0.0))
                values.quantities[name, t] = value


def _looks_ahead(cell: Cell, name: str) -> bool:
    return any(offset > 0 for offset in cell.offsets.get(name, ()))


def needed_for(wanted: Iterable[str], reads: Mapping[str, list[Key]]) -> set[str]:
    """The wanted names and all that they are computed from."""
    found: set[str] = set()
    pending = [name for name in wanted if name in reads]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(other for other, _ in reads[name] if other in reads)
    return found


def _kernel(op: Op) -> Callable[..., Array]:
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
