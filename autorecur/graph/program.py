"""Runs equations over the steps 1 … T: forward programs and adjoint programs alike.

A program is a list of loops (see :mod:`autorecur.language.order`) over named quantities; each quantity has terms, and a
term exists for some steps only: terms that do not exist are skipped, not multiplied by zero.
Values have the batch in front: (…, rows, columns).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autorecur.graph.clocks import Horizon
from autorecur.graph.node import Fixed, Node, Number, Variable
from autorecur.graph.range import Steps
from autorecur.graph.walk import postorder
from autorecur.kernels.choice import PLAIN
from autorecur.language.order import Loop
from autorecur.language.sizes import resolve
from autorecur.ops import Op

Array = Any
Index = Mapping[str, int]
Kernels = Callable[[Op], Callable[..., Array]]


@dataclass
class Values:
    """What is known so far: parameters by name, quantities by name and step; ``jacobian`` answers for ∂u/∂v."""

    sizes: Mapping[str, int]
    steps: int
    """T; of a frame the lengths of all its parts, a :class:`Horizon`."""
    parameters: dict[str, Array] = field(default_factory=dict)
    quantities: dict[tuple[str, int], Array] = field(default_factory=dict)
    jacobian: Callable[..., Array] | None = None
    dtype: Any = np.float64

    @cached_property
    def batch(self) -> tuple[int, ...]:
        """The axes in front of rows and columns, once the quantities are there."""
        return np.broadcast_shapes(*(np.shape(array)[:-2] for array in self.quantities.values()))

    def last(self, name: str) -> int:
        """The number of steps of a quantity."""
        return self.steps.last(name) if isinstance(self.steps, Horizon) else self.steps

    def index(self, t: int) -> dict[str, int]:
        """What an expression at step t needs to know of time."""
        if isinstance(self.steps, Horizon):
            return {"t": t, **self.steps.lengths}
        return {"t": t, "T": self.steps}

    def key(self, name: str, t: int) -> tuple[str, int]:
        """Under which name and step a value is kept."""
        return self.steps.key(name, t) if isinstance(self.steps, Horizon) else (name, t)

    def summed(self, array: Array) -> Array:
        """The sum over the batch; what is the same for every sample counts as often as there are samples."""
        full = np.broadcast_to(array, np.broadcast_shapes(np.shape(array)[:-2], self.batch) + np.shape(array)[-2:])
        return np.sum(full, axis=tuple(range(full.ndim - 2)))

    def copy(self) -> Values:
        return Values(self.sizes, self.steps, dict(self.parameters), dict(self.quantities), self.jacobian)


Compute = Callable[[Values, Index], Array]


@dataclass(frozen=True)
class Part:
    """One term of a quantity and the steps at which it exists."""

    compute: Compute
    steps: Steps


def real(op: Op) -> Callable[..., Array]:
    """The kernels of the table, for floats."""
    return op.kernel


def plain(op: Op) -> Callable[..., Array]:
    """The kernels for floats without compiled loops: for numbers that are looked at once, loading a compiler takes longer."""
    found: Callable[..., Array] = getattr(op.kernel, PLAIN, op.kernel)
    return found


def compile_node(root: Node, sizes: Mapping[str, int], kernels: Kernels = real, dtype: Any = np.float64) -> Compute:
    """A function of (values, index) that gives the value of a node at the step ``index["t"]``."""
    order = list(dict.fromkeys(postorder(root)))
    slots = {node: i for i, node in enumerate(order)}
    code: list[tuple[Any, ...]] = []
    for node in order:
        if isinstance(node, Fixed):
            code.append(("step", node, None))
        elif isinstance(node, Variable):
            code.append(("name", node.name, node.offset))
        elif isinstance(node, Number):
            code.append(("number", constant(node, sizes).astype(dtype, copy=False), None))
        elif node.op is not None:
            attributes = {key: _bound(value, sizes) for key, value in node.attributes}
            code.append((kernels(node.op), tuple(slots[part] for part in node.inputs), attributes))

    def compute(values: Values, index: Index) -> Array:
        results: list[Array] = []
        key = values.steps.key if isinstance(values.steps, Horizon) else None
        for what, first, second in code:
            if what == "name":
                if second is None:
                    results.append(values.parameters[first])
                else:
                    where = (first, index["t"] + second) if key is None else key(first, index["t"] + second)
                    results.append(values.quantities[where])
            elif what == "number":
                results.append(first)
            elif what == "step":
                results.append(values.quantities[values.key(first.base, first.bound.at(values.last(first.base)))])
            else:
                results.append(what(*(results[i] for i in first), **second))
        return results[-1]

    return compute


def constant(node: Number, sizes: Mapping[str, int]) -> Array:
    value = node.approximate * float(node.value)
    for size, exponent in node.sizes:
        value *= float(resolve(size, sizes)) ** exponent
    return np.full([resolve(size, sizes) for size in node.shape], value)


def _bound(value: Any, sizes: Mapping[str, int]) -> Any:
    if isinstance(value, str):
        return resolve(value, sizes)
    if isinstance(value, tuple):
        return tuple(_bound(part, sizes) for part in value)
    return value


def run(
    loops: Sequence[Loop],
    parts: Mapping[str, Sequence[Part]],
    values: Values,
    changed: Callable[[str, int, Array], Array] | None = None,
    absent: Callable[[str], Array] | None = None,
) -> Values:
    """Computes every quantity of the loops at every step, in place; ``changed`` may alter a value right after assignment.

    A quantity without any term at a step has no value there, or the value that ``absent`` gives."""
    for loop in loops:
        names = [name for name in loop.names if name in parts]
        if not names:
            continue
        last = values.last(names[0])
        steps = range(last, 0, -1) if loop.direction < 0 else range(1, last + 1)
        existing = {name: [(part, part.steps.at(last)) for part in parts[name]] for name in names}
        for t in steps:
            index = values.index(t)
            for name in names:
                terms = [part.compute(values, index) for part, at in existing[name] if t in at]
                if not terms and absent is not None:
                    terms = [absent(name)]
                if terms:
                    value = terms[0] if len(terms) == 1 else sum(terms[1:], terms[0])
                    values.quantities[values.key(name, t)] = changed(name, t, value) if changed else value
    return values
