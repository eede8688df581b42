"""From sequences of different lengths to arrays with time first: padding, and what says where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autorecur.data.arguments import IGNORED
from autorecur.data.sequences import Sequences
from autorecur.tape.numbers import Array

LARGEST_STACK = 2**27
"""Bytes up to which sequences of one length are put together once, and not for each batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B sequences in arrays, padded to the longest; T and B change places with ``batch_first``."""

    x: Array
    """(T, B, n) floats or (T, B) integers; padding is 0."""
    y: Array | None
    """(B, …) one a sequence, (T, B, …) one a step, (U, B, …) sequences of their own.

    Integers are padded with −100, floats with 0.
    """
    lengths: Array | None
    """(B,) integers; None if all sequences are equally long."""
    mask: Array | None
    """(T, B) booleans, False at padding; None if there is none."""
    dt: Array | None
    """(T, B, 1): the time since the step before."""
    y_lengths: Array | None
    """(B,): how long each target is, where targets are sequences of their own."""
    index: Array
    """(B,): which sequences of the data set these are."""
    continues: bool = False
    """Whether these sequences go on where those of the batch before ended, so that their state is carried on."""

    def __len__(self) -> int:
        return len(self.index)


class Collation:
    """Makes batches of a data set."""

    def __init__(self, data: Sequences, batch_first: bool = False) -> None:
        self.data, self.batch_first = data, batch_first
        self._alike = bool((data.steps == data.steps[0]).all())
        self._x = self._stacked(data.x)
        self._dt = None if data.dt is None else self._stacked([part[:, None] for part in data.dt])
        self._y = self._stacked(data.y) if data.readout == "every" else None

    def __call__(self, index: Array, piece: slice | None = None) -> Batch:
        """The batch of the sequences with these numbers, or a piece of it in time."""
        if piece is not None:
            return self._cut(index, piece)
        data = self.data
        steps = data.steps[index]
        longest = int(steps.max())
        ragged = bool((steps != longest).any())
        mask = np.arange(longest)[:, None] < steps if ragged else None
        y, y_lengths = self._targets(index, longest)
        dt = None if data.dt is None else self._gather(self._dt, [data.dt[i][:, None] for i in index], index, longest)
        return Batch(
            x=self._turned(self._gather(self._x, [data.x[i] for i in index], index, longest)),
            y=y,
            lengths=steps if ragged else None,
            mask=None if mask is None else self._turned(mask),
            dt=None if dt is None else self._turned(dt),
            y_lengths=y_lengths,
            index=index,
        )

    def _cut(self, index: Array, piece: slice) -> Batch:
        """Some steps of sequences that are equally long."""
        data = self.data
        parts: list[Array | None] = []
        for stack, many in ((self._x, data.x), (self._y, data.y), (self._dt, data.dt)):
            if many is None:
                parts.append(None)
            elif stack is not None:
                parts.append(self._turned(stack[piece].take(index, axis=1)))
            else:
                found = np.stack([many[i][piece] for i in index], axis=1)
                parts.append(self._turned(found[..., None] if many is data.dt else found))
        x, y, dt = parts
        return Batch(x, y, None, None, dt, None, index, continues=bool(piece.start))

    def _targets(self, index: Array, longest: int) -> tuple[Array | None, Array | None]:
        data = self.data
        if data.y is None:
            return None, None
        if data.readout == "last":
            return data.y[index], None
        parts = [data.y[i] for i in index]
        if data.readout == "every":
            return self._turned(self._gather(self._y, parts, index, longest, IGNORED)), None
        ends = np.array([len(part) for part in parts])
        return self._turned(padded(parts, int(ends.max()), IGNORED)), ends

    def _gather(self, stack: Array | None, parts: Sequence[Array], index: Array, longest: int, label: int = 0) -> Array:
        if stack is not None:
            return stack.take(index, axis=1)
        return padded(parts, longest, label)

    def _stacked(self, parts: Sequence[Array]) -> Array | None:
        """(T, N, …) if all sequences are equally long and there is room."""
        if not self._alike or sum(part.nbytes for part in parts) > LARGEST_STACK:
            return None
        return np.stack(parts, axis=1)

    def _turned(self, array: Array) -> Array:
        return np.ascontiguousarray(array.swapaxes(0, 1)) if self.batch_first else array


def padded(parts: Sequence[Array], longest: int, label: int = 0) -> Array:
    """(longest, B, …) of arrays (T_i, …): integers are padded with ``label``, floats with 0.

    >>> import numpy as np
    >>> padded([np.array([1, 2, 3]), np.array([4])], 3, -100).T
    array([[   1,    2,    3],
           [   4, -100, -100]])
    """
    first = parts[0]
    fill: Any = label if first.dtype.kind != "f" else 0.0
    found = np.full((longest, len(parts), *first.shape[1:]), fill, dtype=first.dtype)
    for i, part in enumerate(parts):
        found[: len(part), i] = part
    return found
