"""Data for training, validation and test: at random, as they stand, or so that what is predicted lies later in time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from autorecur.data.arguments import whole, word
from autorecur.data.sequences import Sequences
from autorecur.errors import ArgumentError, ShapeError
from autorecur.tape.numbers import Array

WAYS = ("random", "order", "time")


def split(data: Sequences, *parts: float, by: str = "random", seed: int = 0) -> tuple[Sequences, ...]:
    """Splits a data set into fractions: ``split(data, 0.8)`` gives 80 % and the rest, ``split(data, 0.7, 0.15, 0.15)`` three.

    * ``by="random"``: each sequence goes to one part, drawn with ``seed``.
    * ``by="order"``: as they stand, the first ones first.
    * ``by="time"``: every part lies later than the one before. Windows of a series (:func:`windows`) are parted at a
      moment, and those that reach across it are left out, so that nothing of a later part was seen in an earlier one.
      Other sequences, with a target at every step or none, are each cut at such a moment.

    Raises ArgumentError for fractions that are none or leave a part empty.

    >>> import autorecur as ar
    >>> data = ar.data.windows(range(20), length=3)
    >>> train, valid = data.split(0.5, by="time")
    >>> int(train.x[-1].max()), int(valid.x[0].min())
    (8, 10)
    """
    word("by", by, WAYS)
    fractions = _fractions(parts)
    if by == "time":
        return _windows_in_time(data, fractions) if data.spans is not None else _steps_in_time(data, fractions)
    count = len(data)
    order = np.random.default_rng(whole("seed", seed, 0)).permutation(count) if by == "random" else np.arange(count)
    ends = np.rint(np.cumsum([0.0, *fractions]) * count).astype(int)
    return tuple(_part(data, order[a:b], i) for i, (a, b) in enumerate(pairwise(ends)))


def _fractions(parts: tuple[float, ...]) -> list[float]:
    """Fractions that make up the whole; the rest is one of them."""
    given = [float(part) for part in parts]
    total = sum(given)
    if not given or not all(0 < part < 1 for part in given) or total > 1 + 1e-9:
        raise ArgumentError(
            f"split takes fractions between 0 and 1 that sum up to 1 at most, such as split(0.8), not {list(parts)}"
        )
    return given if total > 1 - 1e-9 else [*given, 1 - total]


def _part(data: Sequences, index: Array, i: int) -> Sequences:
    if not len(index):
        raise ArgumentError(f"there are {len(data)} sequences, too few for this split: part {i} would be empty")
    return data.take(index)


def _windows_in_time(data: Sequences, fractions: list[float]) -> tuple[Sequences, ...]:
    spans = data.spans
    assert spans is not None
    first, last = int(spans[:, 0].min()), int(spans[:, 1].max())
    ends = first + np.rint(np.cumsum([0.0, *fractions]) * (last - first)).astype(int)
    order = np.argsort(spans[:, 0], kind="stable")
    inside = [order[(spans[order, 0] >= a) & (spans[order, 1] <= b)] for a, b in pairwise(ends)]
    return tuple(_part(data, index, i) for i, index in enumerate(inside))


def _steps_in_time(data: Sequences, fractions: list[float]) -> tuple[Sequences, ...]:
    if data.readout in ("last", "own"):
        raise ArgumentError(
            "by='time' cuts each sequence, and these have one target a sequence: cut them with windows(…) first, "
            "or split them by='order'"
        )
    made = []
    shares = np.cumsum([0.0, *fractions])
    for low, high in pairwise(shares):
        cuts = [slice(round(low * n), round(high * n)) for n in data.steps.tolist()]
        short = next((i for i, cut in enumerate(cuts) if cut.stop <= cut.start), None)
        if short is not None:
            raise ShapeError(f"sequence {short} has {data.steps[short]} steps, too few for this split")
        made.append(_cut(data, cuts))
    return tuple(made)


def _cut(data: Sequences, cuts: list[slice]) -> Sequences:
    part = data.with_inputs([x[cut] for x, cut in zip(data.x, cuts, strict=True)])
    part.steps = np.array([len(x) for x in part.x])
    if data.dt is not None:
        part.dt = [dt[cut] for dt, cut in zip(data.dt, cuts, strict=True)]
    if data.y is not None:
        part.y = [y[cut] for y, cut in zip(data.y, cuts, strict=True)]
    return part
