"""A data set of sequences: inputs of different lengths, what is to be predicted from them, and how long the gaps are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from autorecur.data.arguments import check_finite, numbers, whole
from autorecur.data.targets import (
    best_constant,
    check_baseline,
    constant_elsewhere,
    count_classes,
    kind_of,
    read_targets,
    same_width,
)
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.tape.numbers import Array

if TYPE_CHECKING:
    from autorecur.data.vocabulary import Vocabulary

LOSSES = {"regression": "mse", "classes": "cross_entropy", "tokens": "cross_entropy"}
"""The loss that :func:`autorecur.train.fit` takes for each kind of target."""


class Sample(NamedTuple):
    """One sequence of a data set."""

    x: Array
    """(T, n), or (T,) of tokens."""
    y: Array | None
    dt: Array | None


class Sequences:
    """A data set of N sequences.

    ``x`` is a list of arrays (T_i, n), or (T_i,) of integers for tokens; an array (N, T, n) or (N, T) is N of them.
    Floats of shape (T_i,) are one column. ``y`` has one target for each: a number, a vector or a class
    (``readout == "last"``), one for each step (``"every"``), or a sequence of its own length, as in translation
    (``"own"``). Where lengths leave it open, ``readout=`` says which. Integers are classes, floats are numbers to be
    predicted; single numbers become vectors of one component. ``dt`` holds the time since the step before, (T_i,) for
    each sequence (see :func:`intervals`).

    Keywords: ``names`` of the columns of x, ``ids`` of the sequences, ``lengths`` if x is an array with padding,
    ``kind`` of target (``"regression"``, ``"classes"``, ``"tokens"``), ``classes`` how many there are, ``labels``
    their names, ``vocabulary`` of x and ``target_vocabulary`` of y, ``baseline`` the loss of a guesser (see
    :attr:`baseline`), ``spans`` (N, 2) from which steps of a longer series each sequence was cut.

    Raises ShapeError (empty, ragged or unequal), DtypeError (text, classes that are floats), ArgumentError (NaN, with sequence,
    step and column; a label that is no class).

    >>> import autorecur as ar
    >>> data = ar.data.Sequences([[[0.0], [1.0]], [[2.0]]], y=[1, 0])
    >>> data
    <2 sequences of 1 to 2 steps of 1 number; 2 classes, one a sequence>
    >>> data[0].x.shape, data.readout, data.loss
    ((2, 1), 'last', 'cross_entropy')
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        dt: Any = None,
        names: Sequence[str] | None = None,
        *,
        ids: Sequence[Any] | None = None,
        lengths: Any = None,
        readout: str | None = None,
        kind: str | None = None,
        classes: int | None = None,
        labels: Sequence[str] | None = None,
        vocabulary: Vocabulary | None = None,
        target_vocabulary: Vocabulary | None = None,
        baseline: float | None = None,
        spans: Any = None,
    ) -> None:
        self.names = None if names is None else tuple(str(name) for name in names)
        self.x: list[Array] = _inputs(x, lengths, self.names)
        self.steps: Array = np.array([len(part) for part in self.x])
        """How long each sequence is, (N,)."""
        self.vocabulary, self.target_vocabulary = vocabulary, target_vocabulary
        self.dt: list[Array] | None = None if dt is None else _gaps(dt, self.steps)
        self.ids = None if ids is None else list(ids)
        self.spans: Array | None = None if spans is None else np.asarray(spans, dtype=np.int64).reshape(-1, 2)
        for role, many in (("ids", self.ids), ("spans", self.spans)):
            if many is not None and len(many) != len(self.x):
                raise ShapeError(f"there are {len(self.x)} sequences and {len(many)} {role}")
        self.input_size = self._input_size()
        """How many columns x has, or how many tokens there are."""
        self.y: Any = None
        self.readout: str | None = None
        self.kind: str | None = None
        self.classes: int | None = None
        self.output_size: int | None = None
        """How many numbers a model gives at a step: the components of a target, or the number of classes."""
        self.labels = None if labels is None else tuple(str(label) for label in labels)
        self._stated = check_baseline(baseline)
        if y is not None:
            self._take_targets(y, readout, kind, classes)

    def _take_targets(self, y: Any, readout: str | None, kind: str | None, classes: int | None) -> None:
        self.y, self.readout = read_targets(y, [int(n) for n in self.steps], readout)
        self.kind = kind_of(self.y, self.readout, kind)
        if self.kind == "regression":
            self.output_size = same_width(self.y, self.readout)
            return
        known = self.labels if self.labels is not None else self.target_vocabulary
        if classes is None and known is not None:
            classes = len(known)
        self.classes = self.output_size = count_classes(self.y, self.readout, classes)
        if self.labels is not None and len(self.labels) != self.classes:
            raise ArgumentError(f"there are {self.classes} classes and {len(self.labels)} labels")

    def _input_size(self) -> int:
        if not self.tokens:
            return int(self.x[0].shape[1])
        most = max(int(part.max()) for part in self.x)
        if self.vocabulary is None:
            return most + 1
        if most >= len(self.vocabulary):
            where = next(i for i, part in enumerate(self.x) if part.max() == most)
            raise ArgumentError(
                f"sequence {where} holds the token {most}, and the vocabulary has {len(self.vocabulary)}: "
                f"0 to {len(self.vocabulary) - 1}"
            )
        return len(self.vocabulary)

    @property
    def tokens(self) -> bool:
        """Whether x holds tokens instead of numbers."""
        return bool(self.x[0].ndim == 1)

    @property
    def loss(self) -> str | None:
        """The loss that belongs to the targets: ``"mse"`` or ``"cross_entropy"``."""
        return None if self.kind is None else LOSSES[self.kind]

    @property
    def baseline(self) -> float:
        """The loss of a trivial guesser: the one that was given, else that of the best constant answer to these targets.

        That is their variance for numbers, and the entropy of their frequencies (in nats) for classes. Raises
        ArgumentError where there are no targets.
        """
        return best_constant(self.y, self.readout) if self._stated is None else self._stated

    def baseline_on(self, other: Sequences) -> float:
        """The loss on ``other`` of a guesser who knows these targets, such as those of the training part.

        That is the baseline that was given, or the loss of the best constant answer to these targets.

        >>> train, valid = Sequences([[0.0]] * 4, [0.0, 2.0, 0.0, 2.0]), Sequences([[0.0]], [4.0])
        >>> train.baseline, train.baseline_on(valid)
        (1.0, 9.0)
        """
        if self._stated is not None:
            return self._stated
        return constant_elsewhere(self.y, other.y, self.readout, self.classes)

    def __len__(self) -> int:
        return len(self.x)

    def __iter__(self) -> Iterator[Sample]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, at: int) -> Sample: ...
    @overload
    def __getitem__(self, at: Any) -> Sequences: ...
    def __getitem__(self, at: Any) -> Any:
        """One sequence for a number; a data set for a slice, a list of numbers, or booleans."""
        if hasattr(at, "__index__") and not isinstance(at, np.ndarray):
            i = at.__index__()
            if not -len(self) <= i < len(self):
                raise IndexError(f"there is no sequence {i}; there are {len(self)}")
            return Sample(self.x[i], None if self.y is None else self.y[i], None if self.dt is None else self.dt[i])
        try:
            chosen = np.arange(len(self))[at]
        except IndexError as error:
            raise IndexError(f"sequences are chosen by numbers, a slice or {len(self)} booleans: {error}") from None
        return self.take(chosen)

    def take(self, index: Any) -> Sequences:
        """The sequences with these numbers, in this order, as a data set that shares its arrays."""
        index = np.asarray(index, dtype=np.int64)
        if not len(index):
            raise ShapeError("no sequences are left")
        part = copy(self)
        part.x, part.steps = [self.x[i] for i in index], self.steps[index]
        part.dt = None if self.dt is None else [self.dt[i] for i in index]
        part.ids = None if self.ids is None else [self.ids[i] for i in index]
        part.spans = None if self.spans is None else self.spans[index]
        if self.y is not None:
            part.y = self.y[index] if self.readout == "last" else [self.y[i] for i in index]
        return part

    def with_inputs(self, x: Sequence[Array]) -> Sequences:
        """The same data set with other numbers in x, as a standardiser makes them; lengths stay."""
        same = copy(self)
        same.x = list(x)
        return same

    def split(self, *parts: float, by: str = "random", seed: int = 0) -> tuple[Sequences, ...]:
        """Data sets for training, validation, …; see :func:`autorecur.data.splits.split`."""
        from autorecur.data.splits import split

        return split(self, *parts, by=by, seed=seed)

    def __repr__(self) -> str:
        low, high = int(self.steps.min()), int(self.steps.max())
        steps = f"{low} to {high} steps" if low < high else f"{high} step{'s' * (high > 1)}"
        many = f"{len(self)} sequence{'s' * (len(self) > 1)}"
        width = f"tokens of {self.input_size}" if self.tokens else _counted(self.input_size, "number")
        if self.kind is None:
            return f"<{many} of {steps} of {width}>"
        what = _counted(self.output_size or 0, "number") if self.kind == "regression" else f"{self.classes} {self.kind}"
        where = {"last": "one a sequence", "every": "one a step", "own": "a sequence of its own"}[self.readout or ""]
        return f"<{many} of {steps} of {width}; {what}, {where}>"


def intervals(times: Any, start: float | None = None) -> Array:
    """Δt of each step from its time: the time since the step before, 0 at the first (or since ``start``), (T,).

    Raises ArgumentError, with the place, for times that do not grow.

    >>> import autorecur as ar
    >>> ar.data.intervals([1.0, 1.5, 4.0])
    array([0. , 0.5, 2.5])
    """
    found = numbers("times", times).astype(np.float64)
    if found.ndim != 1 or not len(found):
        raise ShapeError(f"times are one number a step, (T,), and these have shape {found.shape}")
    check_finite("times", found)
    gaps = np.diff(found, prepend=found[0] if start is None else start)
    if (gaps < 0).any():
        at = int(np.flatnonzero(gaps < 0)[0])
        before = f"{found[at - 1]} before it" if at else f"the start {start}"
        raise ArgumentError(f"time runs backwards at step {at}: {found[at]} after {before}; sort the steps by time")
    return gaps


def _counted(count: int, one: str) -> str:
    return f"{count} {one}{'s' * (count > 1)}"


def _inputs(x: Any, lengths: Any, names: Sequence[str] | None) -> list[Array]:
    """Arrays (T_i, n) of floats, or (T_i,) of integers, all alike."""
    try:
        parts = list(x)
    except TypeError:
        raise ShapeError(f"x is a list of sequences, not {x!r:.60}") from None
    if not parts:
        raise ShapeError("there are no sequences")
    if lengths is not None:
        parts = _unpadded(parts, lengths)
    found = [_one_input(i, part) for i, part in enumerate(parts)]
    first = found[0]
    for i, part in enumerate(found):
        if part.ndim != first.ndim:
            raise DtypeError("x holds tokens, which are integers (T,), in some sequences, and numbers (T, n) in others")
        if part.shape[1:] != first.shape[1:]:
            raise ShapeError(f"sequence 0 has {first.shape[1]} columns and sequence {i} {part.shape[1]}")
        check_finite(f"sequence {i}", part, names)
        if part.ndim == 1 and part.min() < 0:
            at = int(np.flatnonzero(part < 0)[0])
            raise ArgumentError(f"sequence {i} holds the token {part[at]} at step {at}, and tokens count from 0")
    if names is not None and first.ndim == 2 and len(names) != first.shape[1]:
        raise ShapeError(f"x has {first.shape[1]} columns and names has {len(names)}")
    if first.ndim == 2 and len({part.dtype for part in found}) > 1:
        found = [part.astype(np.float64) for part in found]
    return found


def _one_input(i: int, part: Any) -> Array:
    found = numbers(f"sequence {i}", part)
    if not found.ndim:
        raise ShapeError("x is a list of sequences, and this is one: write [x]")
    if not found.size:
        raise ShapeError(f"sequence {i} is empty: a sequence has one step at least, and one column")
    if found.ndim > 2:
        raise ShapeError(f"sequence {i} has shape {found.shape}; a sequence is (T, n), or (T,) of tokens")
    if found.ndim == 1 and found.dtype.kind == "f":
        return found[:, None]
    return found.astype(np.float64) if found.ndim == 2 and found.dtype.kind != "f" else found


def _unpadded(parts: Sequence[Any], lengths: Any) -> list[Any]:
    """Each sequence without its padding."""
    ends = numbers("lengths", lengths)
    if ends.shape != (len(parts),):
        raise ShapeError(f"there are {len(parts)} sequences, and lengths has shape {ends.shape}")
    cut = []
    for i, (part, end) in enumerate(zip(parts, ends, strict=True)):
        if not 1 <= end <= len(part):
            raise ShapeError(f"sequence {i} has {len(part)} steps, and its length is {end}")
        cut.append(part[: whole("a length", end)])
    return cut


def _gaps(dt: Any, steps: Array) -> list[Array]:
    """Δt of each sequence, (T_i,)."""
    if len(dt) != len(steps):
        raise ShapeError(f"there are {len(steps)} sequences and {len(dt)} of dt")
    found = []
    for i, (part, long) in enumerate(zip(dt, steps, strict=True)):
        gaps = numbers(f"dt of sequence {i}", part).astype(np.float64)
        if gaps.shape not in ((long,), (long, 1)):
            raise ShapeError(f"dt of sequence {i} has shape {gaps.shape}, and has to have ({long},): one number a step")
        gaps = gaps.reshape(-1)
        check_finite(f"dt of sequence {i}", gaps)
        if (gaps < 0).any():
            at = int(np.flatnonzero(gaps < 0)[0])
            raise ArgumentError(f"dt of sequence {i} is {gaps[at]} at step {at}, and time does not run backwards")
        found.append(gaps)
    return found
