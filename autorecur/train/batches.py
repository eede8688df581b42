"""What is trained on, batch by batch, whatever it was given as, with a position that can be saved and found again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from autorecur.data import Loader, Sequences
from autorecur.data.batches import Batch
from autorecur.errors import ArgumentError, DtypeError
from autorecur.tape.numbers import Array, as_array

VALIDATION_SIZE = 64
"""Sequences in a batch of a validation set that was given without a loader."""


class Source:
    """Passes through the data: an :class:`autorecur.data.Loader`, a list of batches or pairs (x, y), or one pair."""

    def __init__(self, data: Any) -> None:
        self.loader: Any = data if hasattr(data, "state_dict") and hasattr(data, "load_state_dict") else None
        self.batches = data if self.loader is not None else _repeatable(data)
        self.length = len(self.batches) if hasattr(self.batches, "__len__") else None
        """Batches a pass, where that is known."""
        self.batch_first = bool(getattr(data, "batch_first", False))
        self.taken = 0
        """Batches of this pass that were given out."""
        self._start: Any = None

    def rest(self) -> Iterator[Batch]:
        """The batches of this pass that have not been given out yet."""
        skipped = 0 if self.loader is not None else self.taken  # a loader knows itself where it stands
        for given in islice(iter(self.batches), skipped, None):
            self.taken += 1
            yield as_batch(given)
        self.taken = 0

    @property
    def is_over(self) -> bool:
        """Whether the last batch of this pass was given out, as far as that is known."""
        return self.length is not None and self.taken >= self.length

    def state_dict(self) -> dict[str, Any]:
        """Behind the last batch that was given out."""
        return {"taken": self.taken, "loader": None if self.loader is None else dict(self.loader.state_dict())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.taken = state["taken"]
        if self.loader is not None and state["loader"] is not None:
            self.loader.load_state_dict(state["loader"])
        elif (self.loader is None) != (state["loader"] is None):
            raise ArgumentError("fit: the checkpoint was made with other data: one with an ar.data.Loader, one without")


def validation_source(data: Any) -> Source:
    """The same, where whole data sets are taken as well."""
    return Source(Loader(data, VALIDATION_SIZE) if isinstance(data, Sequences) else data)


def _repeatable(data: Any) -> Any:
    if isinstance(data, Sequences):
        raise DtypeError(
            "fit: a data set is cut into batches first: pass ar.data.Loader(data, batch_size=32, shuffle=True)"
        )
    if isinstance(data, Batch) or _is_pair(data):
        return [data]
    if isinstance(data, Iterator):
        raise DtypeError("fit: an iterator can be gone through only once; pass a list of batches, or an ar.data.Loader")
    if isinstance(data, Mapping) or not hasattr(data, "__iter__"):
        raise DtypeError(f"fit: data are an ar.data.Loader, or a list of pairs (x, y), not {type(data).__name__}")
    return data


def _is_pair(data: Any) -> bool:
    """Whether these are x and y of one batch, and not two batches."""
    return isinstance(data, tuple) and len(data) == 2 and not any(isinstance(part, (tuple, Batch)) for part in data)


def as_batch(given: Any) -> Batch:
    """A batch as it is, or one of a pair (x, y) with time first, all sequences equally long."""
    if hasattr(given, "x") and hasattr(given, "y"):
        return given  # type: ignore[no-any-return]
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise DtypeError(f"fit: a batch is one of an ar.data.Loader or a pair (x, y), not {type(given).__name__}")
    x, y = (as_array(part) for part in given)
    size = x.shape[1] if x.ndim > 1 else 1
    return Batch(x=x, y=y, lengths=None, mask=None, dt=None, y_lengths=None, index=np.arange(size))


def pieces(batch: Batch, steps: int) -> Iterator[Batch]:
    """The batch cut along time, ``steps`` at once, each with the targets of its steps; all but the first go on.

    There are no lengths in a piece: what runs over padding comes after the sequence, and the mask keeps it out of the loss.
    Raises ArgumentError where there is not a target for each step.
    """
    total = batch.x.shape[0]
    if batch.y is None or batch.y.shape[:2] != batch.x.shape[:2] or batch.y_lengths is not None:
        raise ArgumentError(
            f"truncate={steps} cuts the sequences into pieces with a loss each, and that takes a target for every step: "
            f"(T, batch, …) = {batch.x.shape[:2]}, not {None if batch.y is None else batch.y.shape}"
        )
    for start in range(0, total, steps):
        yield replace(
            batch,
            x=batch.x[start : start + steps],
            y=batch.y[start : start + steps],
            lengths=None,
            mask=_cut(batch.mask, start, steps),
            dt=_cut(batch.dt, start, steps),
            continues=batch.continues or start > 0,
        )


def _cut(array: Array | None, start: int, steps: int) -> Array | None:
    return None if array is None else array[start : start + steps]
