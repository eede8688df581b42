"""Mini-batches of a data set, in an order that a seed fixes and from a position that can be saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from autorecur.data.arguments import whole
from autorecur.data.batches import Batch, Collation
from autorecur.data.sequences import Sequences
from autorecur.errors import ArgumentError
from autorecur.tape.numbers import Array


class Loader:
    """Goes through a data set in mini-batches; each ``for`` is one pass.

    ``shuffle`` draws another order for each pass, which follows from ``seed`` and the number of the pass alone.
    ``bucket=k`` sorts k batches' worth of sequences by length before they are cut into batches, so that less is
    padding; with ``shuffle`` the batches then come in random order. ``drop_last`` leaves out a last batch that is
    not full. ``batch_first`` gives (B, T, …).

    ``steps=k`` gives long sequences, equally long, piece by piece: each batch is followed by the next k steps of the same
    sequences, and says by ``continues`` that the state is to be carried on (truncated backpropagation through time).
    :func:`streams` cuts a text or a series into such sequences.

    Raises ArgumentError for a size that is no whole number from 1, a ``drop_last`` that would leave nothing, and ``steps``
    for sequences of different lengths or with one target for the whole.

    >>> import autorecur as ar
    >>> data = ar.data.Sequences([[0.0] * n for n in (3, 1, 2)])
    >>> [(batch.x.shape, batch.lengths) for batch in ar.data.Loader(data, 2)]
    [((3, 2, 1), array([3, 1])), ((2, 1, 1), None)]
    """

    def __init__(
        self,
        data: Sequences,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        bucket: int | None = None,
        drop_last: bool = False,
        batch_first: bool = False,
        steps: int | None = None,
    ) -> None:
        if not isinstance(data, Sequences):
            raise ArgumentError(f"a Loader goes through ar.data.Sequences, not through {type(data).__name__}")
        self.data = data
        self.batch_size = whole("batch_size", batch_size)
        self.shuffle, self.seed = bool(shuffle), whole("seed", seed, 0)
        self.bucket = None if bucket is None else whole("bucket", bucket)
        self.drop_last, self.batch_first = bool(drop_last), bool(batch_first)
        self.epoch, self.batch = 0, 0
        """How many passes are complete, and how many batches of this one were given out."""
        self._resumes = False
        self._collate = Collation(data, self.batch_first)
        self.steps = None if steps is None else self._pieces(steps)
        if not len(self):
            raise ArgumentError(
                f"drop_last leaves nothing: there are {len(data)} sequences and batch_size is {self.batch_size}"
            )

    def __len__(self) -> int:
        pieces = 1 if self.steps is None else -(-int(self.data.steps[0]) // self.steps)
        return self._groups() * pieces

    def _groups(self) -> int:
        """How many batches of whole sequences a pass has."""
        full, rest = divmod(len(self.data), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Batch]:
        if self.batch and not self._resumes:  # the pass before was left in the middle
            self.epoch, self.batch = self.epoch + 1, 0
        self._resumes = False
        epoch = self.epoch
        for position, (index, piece) in enumerate(product(self.order(epoch), self._cuts())):
            if position >= self.batch:
                self.epoch, self.batch = epoch, position + 1
                yield self._collate(index, piece)
        self.epoch, self.batch = epoch + 1, 0

    def _cuts(self) -> list[slice | None]:
        """The pieces in which each batch is given out."""
        if self.steps is None:
            return [None]
        return [slice(t, t + self.steps) for t in range(0, int(self.data.steps[0]), self.steps)]

    def _pieces(self, steps: int) -> int:
        if (self.data.steps != self.data.steps[0]).any() or self.data.readout not in ("every", None):
            raise ArgumentError(
                "steps= takes sequences that are equally long and have a target at every step, as ar.data.streams makes them"
            )
        return whole("steps", steps)

    def order(self, epoch: int) -> list[Array]:
        """The numbers of the sequences of each batch of a pass, whole or in pieces."""
        count = len(self.data)
        draw = np.random.default_rng([self.seed, epoch])
        sequence = draw.permutation(count) if self.shuffle else np.arange(count)
        if self.bucket is not None:
            pool = self.bucket * self.batch_size
            steps = self.data.steps
            pools = [sequence[i : i + pool] for i in range(0, count, pool)]
            sequence = np.concatenate([part[np.argsort(steps[part], kind="stable")] for part in pools])
        batches = [sequence[i : i + self.batch_size] for i in range(0, count, self.batch_size)][: self._groups()]
        if self.bucket is not None and self.shuffle:
            batches = [batches[i] for i in draw.permutation(len(batches))]
        return batches

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands, in numbers that JSON can hold; orders follow from the seed and the pass."""
        return {**self._fixed(), "epoch": self.epoch, "batch": self.batch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes to where :meth:`state_dict` was called: the next pass gives the batches that would have come.

        Raises ArgumentError for the position in another data set, or with another seed or size of batches.
        """
        for key, here in {**self._fixed(), "epoch": None, "batch": None}.items():
            if key not in state:
                raise ArgumentError(f"this is no position of a loader: {key!r} is missing")
            if here is not None and state[key] != here:
                raise ArgumentError(f"the position is one with {key} {state[key]}, and this loader has {here}")
        self.epoch, self.batch = whole("epoch", state["epoch"], 0), whole("batch", state["batch"], 0)
        self._resumes = True

    def _fixed(self) -> dict[str, Any]:
        """What has to be the same for an order to be the same; 0 is none."""
        return {
            "sequences": len(self.data),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "bucket": self.bucket or 0,
            "drop_last": self.drop_last,
            "steps": self.steps or 0,
        }
