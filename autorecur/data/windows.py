"""A long series or text cut into pieces, with what follows as target: windows, and streams that run side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.data.arguments import check_finite, numbers, whole, word
from autorecur.data.sequences import Sequences
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array

if TYPE_CHECKING:
    from autorecur.data.vocabulary import Vocabulary

TARGETS = ("last", "every")


def series_of(series: Any, names: Sequence[str] | None = None, vocabulary: Vocabulary | None = None) -> Array:
    """A series as floats (T, n), with a vocabulary as tokens (T,).

    Raises ShapeError, DtypeError, and ArgumentError for NaN with step and column.
    """
    if isinstance(series, str):
        if vocabulary is None:
            raise DtypeError("a text is cut up with its vocabulary: vocabulary=ar.data.Vocabulary.characters(text)")
        series = vocabulary.encode(series)
    found = numbers("the series", list(series) if isinstance(series, range) else series)
    if vocabulary is not None:
        if found.ndim != 1 or found.dtype.kind != "i" or not found.size:
            raise ShapeError(
                f"tokens are integers (T,), one at least, and these are {found.dtype} of shape {found.shape}"
            )
        return found
    if found.ndim not in (1, 2) or not found.size:
        raise ShapeError(f"a series is (T,) or (T, n) with one step at least, and this has shape {found.shape}")
    found = found if found.dtype.kind == "f" else found.astype(np.float64)
    found = found[:, None] if found.ndim == 1 else found
    if names is not None and len(names) != found.shape[1]:
        raise ShapeError(f"the series has {found.shape[1]} columns and names has {len(names)}")
    check_finite("the series", found, names)
    return found


def windows(
    series: Any,
    length: int,
    horizon: int = 1,
    stride: int = 1,
    *,
    target: Any = None,
    readout: str = "last",
    names: Sequence[str] | None = None,
    vocabulary: Vocabulary | None = None,
) -> Sequences:
    """Windows of ``length`` steps over a series (T,) or (T, n), one every ``stride`` steps, each with the future as target.

    ``readout="last"``: the target is the value ``horizon`` steps behind the window's last step, (m,). ``"every"``: at each step
    the value ``horizon`` steps later, (length, m). ``target`` chooses what is predicted: a column or several, by number or by
    name; all by default. The windows know where they were cut (``.spans``), so that ``split(…, by="time")`` keeps the
    future out of training. A data set is cut sequence by sequence; with a ``vocabulary`` the series is a text or tokens.

    Raises ShapeError, with the length that is needed, for a series that is too short; ArgumentError for NaN, with step
    and column.

    >>> import autorecur as ar
    >>> data = ar.data.windows([0.0, 1.0, 2.0, 3.0, 4.0], length=3)
    >>> [(s.x.ravel().tolist(), s.y.tolist()) for s in data]
    [([0.0, 1.0, 2.0], [3.0]), ([1.0, 2.0, 3.0], [4.0])]
    """
    length, horizon, stride = whole("length", length), whole("horizon", horizon), whole("stride", stride)
    word("readout", readout, TARGETS)
    if isinstance(series, Sequences):
        return _of_each(series, length, horizon, stride, target, readout)
    found = series_of(series, names, vocabulary)
    if len(found) < length + horizon:
        raise ShapeError(
            f"the series has {len(found)} steps, and a window of {length} with its target {horizon} ahead takes "
            f"{length + horizon}"
        )
    wanted = _wanted(found, target, names)
    starts = np.arange(0, len(found) - length - horizon + 1, stride)
    x = [found[s : s + length] for s in starts]
    if readout == "last":
        y: Any = wanted[starts + length + horizon - 1]
    else:
        y = [wanted[s + horizon : s + length + horizon] for s in starts]
    spans = np.stack([starts, starts + length + horizon], axis=1)
    kind = "regression" if vocabulary is None else "tokens"
    return Sequences(
        x,
        y,
        names=names,
        readout=readout,
        kind=kind,
        vocabulary=vocabulary,
        target_vocabulary=vocabulary,
        spans=spans,
    )


def streams(
    series: Any,
    count: int,
    horizon: int = 1,
    *,
    target: Any = None,
    names: Sequence[str] | None = None,
    vocabulary: Vocabulary | None = None,
) -> Sequences:
    """A long series or text as ``count`` sequences that run side by side, the target of each step ``horizon`` steps later.

    With ``Loader(…, batch_size=count, steps=k)`` a model reads all of them k steps at a time and carries its state on. What is
    left at the end, less than one step a stream, is not used. Raises ShapeError for a series that is too short.

    >>> import autorecur as ar
    >>> letters = ar.data.Vocabulary.characters("abcdefg")
    >>> data = ar.data.streams("abcdefg", 2, vocabulary=letters)
    >>> [(letters.text(x), letters.text(y)) for x, y, _ in data]
    [('abc', 'bcd'), ('def', 'efg')]
    """
    found = series_of(series, names, vocabulary)
    count, horizon = whole("count", count), whole("horizon", horizon)
    long = (len(found) - horizon) // count
    if long < 1:
        raise ShapeError(
            f"the series has {len(found)} steps, and {count} streams with a target {horizon} ahead take "
            f"{count + horizon}"
        )
    wanted = _wanted(found, target, names)
    starts = range(0, count * long, long)
    return Sequences(
        [found[s : s + long] for s in starts],
        [wanted[s + horizon : s + long + horizon] for s in starts],
        names=names,
        readout="every",
        kind="regression" if vocabulary is None else "tokens",
        vocabulary=vocabulary,
        target_vocabulary=vocabulary,
    )


def chunks(data: Sequences, length: int) -> Sequences:
    """Every sequence of a data set cut into consecutive pieces of ``length`` steps, the last of each perhaps shorter.

    Targets, which stand at every step or are missing, and dt are cut along. Raises ArgumentError for one target a sequence.

    >>> import autorecur as ar
    >>> [x.ravel().tolist() for x in ar.data.chunks(ar.data.Sequences([[1.0, 2.0, 3.0]]), 2).x]
    [[1.0, 2.0], [3.0]]
    """
    length = whole("length", length)
    if data.readout not in ("every", None):
        raise ArgumentError("sequences with one target for the whole are not cut into chunks")
    cuts = [(i, slice(t, t + length)) for i, steps in enumerate(data.steps.tolist()) for t in range(0, steps, length)]
    made = data.take([i for i, _ in cuts])
    made.x = [data.x[i][cut] for i, cut in cuts]
    made.steps = np.array([len(x) for x in made.x])
    made.y = None if data.y is None else [data.y[i][cut] for i, cut in cuts]
    made.dt = None if data.dt is None else [data.dt[i][cut] for i, cut in cuts]
    made.spans = np.array([(cut.start, cut.start + n) for (_, cut), n in zip(cuts, made.steps.tolist(), strict=True)])
    return made


def _of_each(data: Sequences, length: int, horizon: int, stride: int, target: Any, readout: str) -> Sequences:
    """Windows of every sequence of a data set that is long enough."""
    if data.tokens and data.vocabulary is None:
        raise ArgumentError("windows over tokens take a data set with a vocabulary")
    long = [i for i, steps in enumerate(data.steps.tolist()) if steps >= length + horizon]
    if not long:
        raise ShapeError(
            f"the longest sequence has {data.steps.max()} steps, and a window of {length} with its target {horizon} ahead "
            f"takes {length + horizon}"
        )
    how: dict[str, Any] = {"target": target, "readout": readout, "names": data.names, "vocabulary": data.vocabulary}
    parts = [windows(data.x[i], length, horizon, stride, **how) for i in long]
    if data.dt is not None:
        for i, part in zip(long, parts, strict=True):
            gaps, starts = data.dt[i], range(0, len(part) * stride, stride)
            part.dt = [gaps[start : start + length] for start in starts]
    whole_set = parts[0]
    if len(data) > 1 or data.ids is not None:
        ids = list(range(len(data))) if data.ids is None else data.ids
        whole_set = Sequences(
            [x for part in parts for x in part.x],
            [y for part in parts for y in part.y],
            None if data.dt is None else [dt for part in parts for dt in part.dt or ()],
            names=data.names,
            ids=[ids[i] for i, part in zip(long, parts, strict=True) for _ in range(len(part))],
            readout=readout,
            kind=parts[0].kind,
            vocabulary=data.vocabulary,
            target_vocabulary=data.vocabulary,
            spans=np.concatenate([part.spans for part in parts]),
        )
    return whole_set


def _wanted(found: Array, target: Any, names: Sequence[str] | None) -> Array:
    """The columns that are to be predicted."""
    return found if target is None or found.ndim == 1 else found[:, _columns(target, found.shape[1], names)]


def _columns(target: Any, count: int, names: Sequence[str] | None) -> list[int]:
    """The numbers of the columns that are to be predicted."""
    chosen = [target] if isinstance(target, str) or hasattr(target, "__index__") else list(target)
    found = []
    for each in chosen:
        if isinstance(each, str):
            known = list(names or ())
            if each not in known:
                raise ArgumentError(f"there is no column {each!r}.{did_you_mean(each, known)}")
            found.append(known.index(each))
        elif hasattr(each, "__index__") and 0 <= each.__index__() < count:
            found.append(each.__index__())
        else:
            raise ArgumentError(f"target is a column, 0 to {count - 1}, or its name, not {each!r:.60}")
    return found
