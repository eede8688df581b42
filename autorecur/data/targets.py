"""Targets: one a sequence, one a step, or a sequence of their own length; numbers, classes or tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.data.arguments import IGNORED, check_finite, check_labels, numbers, whole, word
from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.tape.numbers import Array

KINDS = ("regression", "classes", "tokens")
READOUTS = ("last", "every", "own")


def read_targets(y: Any, steps: Sequence[int], readout: str | None) -> tuple[Any, str]:
    """The targets of sequences of so many ``steps``, and where they stand.

    ``"last"``: an array (N,) of classes or (N, m) of numbers; ``"every"``: arrays (T_i,) or (T_i, m); ``"own"``: the same
    with lengths of their own. Without ``readout`` it is read off the lengths.
    """
    if readout is not None:
        word("readout", readout, READOUTS)
    try:
        given = len(y)
    except TypeError:
        raise ShapeError(f"y has one target for each sequence, and is no list: {y!r:.60}") from None
    if given != len(steps):
        raise ShapeError(f"there are {len(steps)} sequences and {given} targets; y has one for each sequence")
    for i, part in enumerate(y):
        if isinstance(part, str):
            raise DtypeError(
                f"the target of sequence {i} holds text, {part!r:.60}; classes are numbers with labels: "
                "labels = sorted(set(y)), y=[labels.index(name) for name in y], labels=labels; "
                "a text to be written is made of tokens by ar.data.Vocabulary"
            )
    parts = [numbers(f"the target of sequence {i}", part) for i, part in enumerate(y)]
    readout = readout or _where(parts, steps)
    _check_kinds(parts)
    if readout == "last":
        return _one_each(parts), readout
    if readout == "every":
        for i, (part, long) in enumerate(zip(parts, steps, strict=True)):
            if not part.ndim or len(part) != long:
                has = f"{len(part)} steps" if part.ndim else "one number"
                raise ShapeError(f"the target of sequence {i} has {has}, and the sequence {long}")
    return [_by_steps(i, part) for i, part in enumerate(parts)], readout


def _where(parts: Sequence[Array], steps: Sequence[int]) -> str:
    if not all(part.ndim for part in parts):
        return "last"
    if all(len(part) == long for part, long in zip(parts, steps, strict=True)):
        return "every"
    alike = len({part.shape for part in parts}) == 1
    return "last" if alike and parts[0].ndim == 1 and parts[0].dtype.kind == "f" else "own"


def _check_kinds(parts: Sequence[Array]) -> None:
    """All targets hold integers, or all hold floats."""
    kinds = [part.dtype.kind for part in parts]
    if len(set(kinds)) > 1:
        other = next(i for i, kind in enumerate(kinds) if kind != kinds[0])
        raise DtypeError(
            f"the target of sequence 0 holds {parts[0].dtype} and that of sequence {other} {parts[other].dtype}; "
            "classes are integers everywhere, numbers are floats everywhere"
        )


def _one_each(parts: Sequence[Array]) -> Array:
    shapes = [part.shape for part in parts]
    other = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        raise ShapeError(f"the target of sequence 0 has shape {shapes[0]} and that of sequence {other} {shapes[other]}")
    if len(shapes[0]) > 1:
        raise ShapeError(f"one target a sequence is a number or a vector, and that of sequence 0 has shape {shapes[0]}")
    found = np.stack(parts)
    for i, part in enumerate(parts):
        check_finite(f"the target of sequence {i}", np.atleast_1d(part))
    return found[:, None] if found.dtype.kind == "f" and found.ndim == 1 else found


def _by_steps(i: int, part: Array) -> Array:
    if part.ndim not in (1, 2) or (part.ndim == 2 and part.dtype.kind != "f"):
        raise ShapeError(
            f"the target of sequence {i} has shape {part.shape}; it is (T,) of classes or (T, m) of numbers"
        )
    if not len(part):
        raise ShapeError(f"the target of sequence {i} is empty: it has one step at least")
    check_finite(f"the target of sequence {i}", part)
    return part[:, None] if part.dtype.kind == "f" and part.ndim == 1 else part


def kind_of(y: Any, readout: str, kind: str | None) -> str:
    """What the targets are: numbers, classes, or tokens of a text; raises DtypeError where ``kind`` says otherwise."""
    dtype = y.dtype if readout == "last" else y[0].dtype
    if kind is None:
        return "regression" if dtype.kind == "f" else "tokens" if readout == "own" else "classes"
    word("kind", kind, KINDS)
    if kind == "regression" and dtype.kind != "f":
        raise DtypeError(f"the target holds {dtype}, and numbers to be predicted are floats: astype(float) makes them")
    if kind != "regression" and dtype.kind == "f":
        raise DtypeError(f"the target holds {dtype}, and {kind} are integers: astype(int) makes them")
    return kind


def count_classes(y: Any, readout: str, classes: int | None) -> int:
    """How many classes there are; raises ArgumentError for a label that is none of them."""
    parts = y if readout != "last" else [y]
    if classes is None:
        classes = max(2, 1 + max(int(part.max()) for part in parts))
    count = whole("classes", classes, 2)
    for i, part in enumerate(parts):
        if readout == "last":
            outside = np.flatnonzero(((part < 0) | (part >= count)) & (part != IGNORED))
            if len(outside):
                at = int(outside[0])
                check_labels(f"the target of sequence {at}", part[at], count)
        else:
            check_labels(f"the target of sequence {i}", part, count)
    return count


def same_width(y: Any, readout: str) -> int:
    """How many numbers a target has at a step; raises ShapeError if that differs."""
    if readout == "last":
        return int(y.shape[1])
    widths = [part.shape[1] for part in y]
    other = next((i for i, width in enumerate(widths) if width != widths[0]), None)
    if other is not None:
        raise ShapeError(
            f"the target of sequence 0 has {widths[0]} numbers a step and that of sequence {other} {widths[other]}"
        )
    return int(widths[0])


def check_baseline(baseline: float | None) -> float | None:
    """Raises ArgumentError unless the loss of a guesser is a number."""
    if baseline is not None and not np.isfinite(baseline):
        raise ArgumentError(f"baseline is the loss of a trivial guesser, a number, not {baseline!r}")
    return None if baseline is None else float(baseline)


def best_constant(y: Any, readout: str | None) -> float:
    """The loss of the best answer that is always the same: the variance of numbers, the entropy of classes."""
    found = _put_together(y, readout)
    if found.dtype.kind == "f":
        return float(found.var(axis=0).mean())
    counts = np.unique(found[found != IGNORED], return_counts=True)[1]
    shares = counts / max(1, counts.sum())
    return float(-(shares * np.log(shares)).sum() + 0.0)


def constant_elsewhere(y: Any, others: Any, readout: str | None, classes: int | None) -> float:
    """The loss on ``others`` of the constant answer that ``y`` suggests; classes that y lacks count as seen once."""
    seen, met = _put_together(y, readout), _put_together(others, readout)
    if seen.dtype.kind == "f":
        return float(((met - seen.mean(axis=0)) ** 2).mean())
    counts = np.bincount(seen[seen != IGNORED], minlength=classes or 0) + 1.0
    return float(-np.log(counts / counts.sum())[met[met != IGNORED]].mean())


def _put_together(y: Any, readout: str | None) -> Array:
    if readout is None:
        raise ArgumentError("there are no targets, so there is nothing to guess")
    return y if readout == "last" else np.concatenate(y)
