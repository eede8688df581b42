"""Sequences of different lengths in one batch: what stands behind a sequence's end is kept out of everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.errors import ShapeError
from autorecur.graph.program import Array
from autorecur.ops.functions import where


class Lengths:
    """Which steps of which sequence exist."""

    def __init__(self, lengths: Any, steps: int, batch: int | None) -> None:
        array = np.array(lengths)  # a copy: what is worked out from it is remembered
        count = batch or 1
        wanted = "a whole number" if batch is None else f"{batch} whole numbers, one for each sequence"
        if array.dtype.kind not in "iu" or array.shape not in ((count,), *([()] if batch is None else [])):
            raise ShapeError(f"lengths are {wanted}, not {array.dtype} of shape {array.shape}")
        if array.size and not (array.min() >= 1 and array.max() <= steps):
            raise ShapeError(f"lengths lie between 1 and the number of steps, {steps}; these are {array.tolist()}")
        self.ends = array.reshape(count)
        self.batched = batch is not None
        self.exists = np.arange(1, steps + 1)[:, None] <= self.ends
        """(T, B)"""
        self.ragged = not bool(self.exists.all())

    def masked(self, value: Array, t: int, instead: Array) -> Array:
        """The value at step t; ``instead`` for the sequences that have ended. No gradient flows there."""
        here = self.exists[t - 1]
        return value if here.all() else where(self.by_sample(here), value, instead)

    def beyond(self, t: int, initial: Sequence[Array]) -> Array:
        """What stands at step t for sequences that have ended: 1, 2, … steps behind the end the given values, then the last."""
        found = initial[-1]
        for distance, value in reversed(list(enumerate(initial[:-1], 1))):
            found = where(self.by_sample(t - self.ends == distance), value, found)
        return found

    def by_sample(self, condition: Any) -> Any:
        """A truth value for each sample, as quantities are read: (batch, rows, columns), or (rows, columns) without a batch."""
        return condition[:, None, None] if self.batched else condition[:, None]
