"""A long series cut into pieces: windows with what follows them as target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.data.arguments import check_finite, numbers, whole, word
from autorecur.data.sequences import Sequences
from autorecur.errors import ArgumentError, ShapeError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array

TARGETS = ("last", "every")


def series_of(series: Any, names: Sequence[str] | None = None) -> Array:
    """A series as floats (T, n); raises ShapeError, DtypeError, and ArgumentError for NaN with step and column."""
    found = numbers("the series", list(series) if isinstance(series, range) else series)
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
) -> Sequences:
    """Windows of ``length`` steps over a series (T,) or (T, n), one every ``stride`` steps, each with the future as target.

    ``readout="last"``: the target is the value ``horizon`` steps behind the window's last step, (m,). ``"every"``: at each step
    the value ``horizon`` steps later, (length, m). ``target`` chooses what is predicted: a column or several, by number or by
    name; all by default. The windows know where they were cut (``.spans``), so that ``split(…, by="time")`` keeps the
    future out of training.

    Raises ShapeError, with the length that is needed, for a series that is too short; ArgumentError for NaN, with step
    and column.

    >>> import autorecur as ar
    >>> data = ar.data.windows([0.0, 1.0, 2.0, 3.0, 4.0], length=3)
    >>> [(s.x.ravel().tolist(), s.y.tolist()) for s in data]
    [([0.0, 1.0, 2.0], [3.0]), ([1.0, 2.0, 3.0], [4.0])]
    """
    found = series_of(series, names)
    length, horizon, stride = whole("length", length), whole("horizon", horizon), whole("stride", stride)
    word("readout", readout, TARGETS)
    if len(found) < length + horizon:
        raise ShapeError(
            f"the series has {len(found)} steps, and a window of {length} with its target {horizon} ahead takes "
            f"{length + horizon}"
        )
    wanted = found if target is None else found[:, _columns(target, found.shape[1], names)]
    starts = np.arange(0, len(found) - length - horizon + 1, stride)
    x = [found[s : s + length] for s in starts]
    if readout == "last":
        y: Any = wanted[starts + length + horizon - 1]
    else:
        y = [wanted[s + horizon : s + length + horizon] for s in starts]
    spans = np.stack([starts, starts + length + horizon], axis=1)
    return Sequences(x, y, names=names, readout=readout, kind="regression", spans=spans)


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
