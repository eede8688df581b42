"""The map between the parameters of a cell as written and as printed: blocks side by side, turned or not.

It is linear and one to one, so gradients go back as values do. Arrays are (…, rows, columns).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autorecur.language.sizes import Size, resolve

Array = Any
Sizes = Mapping[str, int]


@dataclass(frozen=True)
class Place:
    """Where a block stands in a parameter: rows (axis −2) or columns (axis −1) behind those of the sizes ``before``.

    ``length`` None is the whole parameter.
    """

    name: str
    axis: int = -1
    before: tuple[Size, ...] = ()
    length: Size | None = None

    @property
    def whole(self) -> bool:
        return self.length is None

    def of(self, array: Array, sizes: Sizes) -> Array:
        """The block, as a view."""
        if self.length is None:
            return array
        start = sum(resolve(size, sizes) for size in self.before)
        part = slice(start, start + resolve(self.length, sizes))
        return array[..., part, :] if self.axis == -2 else array[..., part]


@dataclass(frozen=True)
class Part:
    """A block that a printed parameter and a written one share; ``turned``: one is the other's transpose."""

    printed: Place
    written: Place
    turned: bool = False


Shapes = Mapping[str, tuple[Size, ...]]


def to_printed(parts: Iterable[Part], arrays: Mapping[str, Array], shapes: Shapes, sizes: Sizes) -> dict[str, Array]:
    """The printed parameters from the written ones; ``shapes`` are those of the printed."""
    return _mapped([(part.written, part.printed, part.turned) for part in parts], arrays, shapes, sizes)


def to_written(parts: Iterable[Part], arrays: Mapping[str, Array], shapes: Shapes, sizes: Sizes) -> dict[str, Array]:
    """The written parameters, or their gradients, from the printed ones; ``shapes`` are those of the written."""
    return _mapped([(part.printed, part.written, part.turned) for part in parts], arrays, shapes, sizes)


def _mapped(
    moves: Iterable[tuple[Place, Place, bool]], arrays: Mapping[str, Array], shapes: Shapes, sizes: Sizes
) -> dict[str, Array]:
    import numpy as np

    found: dict[str, Array] = {}
    for source, goal, turned in moves:
        if source.name not in arrays:
            continue
        block = source.of(arrays[source.name], sizes)
        block = np.swapaxes(block, -2, -1) if turned else block
        if goal.whole:
            found[goal.name] = block
            continue
        if goal.name not in found:
            shape = [resolve(size, sizes) for size in shapes[goal.name]]
            found[goal.name] = np.zeros((*block.shape[:-2], *shape), block.dtype)
        goal.of(found[goal.name], sizes)[...] = block
    return found
