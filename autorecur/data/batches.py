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
        self._x = _Column(data.x, self._alike)
        self._dt = None if data.dt is None else _Column([gaps[:, None] for gaps in data.dt], self._alike)
        self._y = _Column(data.y, self._alike, IGNORED) if data.readout == "every" else None

    def __call__(self, index: Array, piece: slice | None = None) -> Batch:
        """The batch of the sequences with these numbers, or, if they are equally long, a piece of it in time."""
        lengths, mask, longest = self._ends(index)
        y, y_lengths = self._targets(index, longest, piece)
        return Batch(
            x=self._turned(self._x.take(index, longest, piece)),
            y=y,
            lengths=lengths,
            mask=None if mask is None else self._turned(mask),
            dt=None if self._dt is None else self._turned(self._dt.take(index, longest, piece)),
            y_lengths=y_lengths,
            index=index,
            continues=piece is not None and piece.start > 0,
        )

    def _ends(self, index: Array) -> tuple[Array | None, Array | None, int]:
        """Lengths and mask, if there is padding, and the longest of these sequences."""
        if self._alike:
            return None, None, int(self.data.steps[0])
        steps = self.data.steps[index]
        longest = int(steps.max())
        if (steps == longest).all():
            return None, None, longest
        return steps, np.arange(longest)[:, None] < steps, longest

    def _targets(self, index: Array, longest: int, piece: slice | None) -> tuple[Array | None, Array | None]:
        if self._y is not None:
            return self._turned(self._y.take(index, longest, piece)), None
        if self.data.y is None or self.data.readout == "last":
            return None if self.data.y is None else self.data.y[index], None
        parts = [self.data.y[i] for i in index]
        ends = np.array([len(part) for part in parts])
        return self._turned(padded(parts, int(ends.max()), IGNORED)), ends

    def _turned(self, array: Array) -> Array:
        return np.ascontiguousarray(array.swapaxes(0, 1)) if self.batch_first else array


class _Column:
    """One array for each sequence; (T, N, …) beside them if all are equally long and there is room."""

    def __init__(self, parts: Sequence[Array], alike: bool, label: int = 0) -> None:
        self._parts, self._label = parts, label
        fits = alike and sum(part.nbytes for part in parts) <= LARGEST_STACK
        self._stack = np.stack(parts, axis=1) if fits else None

    def take(self, index: Array, longest: int, piece: slice | None) -> Array:
        if self._stack is not None:
            return (self._stack if piece is None else self._stack[piece]).take(index, axis=1)
        if piece is not None:
            return np.stack([self._parts[i][piece] for i in index], axis=1)
        return padded([self._parts[i] for i in index], longest, self._label)


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
