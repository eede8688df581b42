"""What is asked of data, and how it is said that they do not fit: which sequence, which step, which column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.language.nearest import did_you_mean
from autorecur.tape.numbers import Array

IGNORED = -100
"""A label that the losses leave out, as ``ignore_index`` does in PyTorch."""


def whole(argument: str, value: Any, least: int = 1) -> int:
    """Raises ArgumentError unless ``value`` is a whole number from ``least``."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__") or value.__index__() < least:
        raise ArgumentError(f"{argument} is a whole number from {least}, not {value!r:.60}")
    return int(value.__index__())


def word(argument: str, value: Any, known: Sequence[str]) -> str:
    """Raises ArgumentError, with the nearest word, unless ``value`` is one of those known."""
    if value not in known:
        listed = ", ".join(repr(each) for each in known[:-1]) + f" or {known[-1]!r}"
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        raise ArgumentError(f"{argument} is {listed}, not {value!r:.60}.{hint}")
    return str(value)


def numbers(role: str, data: Any) -> Array:
    """An array of real numbers: floats keep their dtype, integers are int64; raises ShapeError, DtypeError."""
    try:
        found = np.asarray(data)
    except ValueError:
        raise ShapeError(f"{role} is ragged: its rows have different lengths") from None
    if found.dtype.kind in "US":
        raise DtypeError(f"{role} holds text, and has to hold numbers: ar.data.Vocabulary makes tokens of text")
    if found.dtype.kind == "O":
        raise ShapeError(f"{role} is ragged, or holds objects that are no numbers")
    if found.dtype.kind not in "biuf":
        raise DtypeError(f"{role} holds {found.dtype}, and has to hold real numbers")
    if found.dtype.kind == "f":
        return found if found.dtype in (np.float64, np.float32) else found.astype(np.float64)
    return found.astype(np.int64, copy=False)


def check_finite(role: str, found: Array, columns: Sequence[str] | None = None) -> None:
    """Raises ArgumentError, with step and column, for NaN and infinity; the first axis is time."""
    if found.dtype.kind != "f" or np.isfinite(found).all():
        return
    bad = ~np.isfinite(found)
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    column = ""
    if len(place) > 1:
        name = f" ({columns[place[1]]!r})" if columns else ""
        column = f", column {place[1]}{name}"
    steps = bad.reshape(len(bad), -1).all(axis=1)
    tail = steps[place[0] :].all() and not bad[: place[0]].any() and place[0] > 0
    hint = "; if this is padding, give lengths=" if tail else "; fill it or leave it out before"
    raise ArgumentError(f"{role} holds {found[place]} at step {place[0]}{column}{hint}")


def check_labels(role: str, found: Array, classes: int) -> None:
    """Raises ArgumentError, with the place, unless every label is 0 … classes − 1 or :data:`IGNORED`."""
    outside = ((found < 0) | (found >= classes)) & (found != IGNORED)
    if outside.any():
        place = tuple(int(i) for i in np.argwhere(outside)[0])
        step = f" at step {place[0]}" if place else ""
        raise ArgumentError(f"{role} holds the label {found[place]}{step}, and there are {classes}: 0 to {classes - 1}")
