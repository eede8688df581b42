"""States held where a truncated gradient is cut: what is read across a cut is a number, whatever was perturbed before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from autorecur.graph.program import Array, Compute, Index, Values

Key = tuple[str, int]


class _Chunk(Mapping[Key, Array]):
    """Quantities as step ``now`` reads them: states of another chunk as they are in the run that is perturbed."""

    def __init__(self, quantities: Mapping[Key, Array], base: Values | None, cut: tuple[int, frozenset[str]]) -> None:
        self.quantities, self.base, (self.every, self.states) = quantities, base, cut
        self.now, self.last = 1, 0

    def __getitem__(self, key: Key) -> Array:
        name, step = key
        value = self.quantities[key]
        same = (step - 1) // self.every == (self.now - 1) // self.every
        if same or name not in self.states or not 1 <= step <= self.last:
            return value
        if np.iscomplexobj(value):
            return np.real(value)
        return value if self.base is None else self.base.quantities.get(key, value)

    def __iter__(self) -> Iterator[Key]:
        return iter(self.quantities)

    def __len__(self) -> int:
        return len(self.quantities)


def held(compute: Compute, every: int, states: frozenset[str], base: Values | None) -> Compute:
    """The same equation, which reads states across a cut as numbers."""

    def reading(values: Values, index: Index) -> Array:
        chunk = _Chunk(values.quantities, base, (every, states))
        chunk.now, chunk.last = index["t"], values.steps
        return compute(Values(values.sizes, values.steps, values.parameters, chunk), index)  # type: ignore[arg-type]

    return reading
