"""The likely slip behind a wrong gradient: which simple change of the computed one gives the measured one.

Each guess is a claim that is tested on all entries that were measured; only one that fits them all is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from autorecur.testing.inquiry import Inquiry
from autorecur.testing.point import Point
from autorecur.testing.report import shown_index

Array = Any
MAX_MASKS = 400
"""How many ways to leave out a part of the output are tried."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one input's gradient."""

    name: str
    failed: bool
    shape: tuple[int, ...]
    analytic: Array
    indices: tuple[Array, ...]
    """The entries that were measured, as an index into an array of the input's shape."""
    numeric: Array
    columns: Array
    """For each measured entry the derivative of every output; None for big ones."""
    slack: float
    """Differences up to here are none."""

    @classmethod
    def of(cls, inquiry: Inquiry, analytic: Array, name: str, failed: bool) -> Evidence:
        probes = [p for p in inquiry.probes if p.index is not None and p.compared]
        ndim = inquiry.array.ndim
        indices = tuple(np.array([p.index[axis] for p in probes if p.index], dtype=int) for axis in range(ndim))
        whole = all(p.found.best.column is not None for p in probes)
        return cls(
            name,
            failed,
            inquiry.array.shape,
            np.asarray(analytic, dtype=np.float64),
            indices,
            np.array([p.numeric for p in probes]),
            np.array([p.found.best.column for p in probes]) if whole and probes else None,
            4 * inquiry.tolerance * inquiry.scale,
        )

    def at(self, array: Array) -> Array:
        """The measured entries of an array of the input's shape."""
        return np.ravel(array[self.indices]) if self.shape else np.ravel(array)[: len(self.numeric)]

    def agrees(self, array: Array, factor: float = 1.0) -> bool:
        """Whether an array of the input's shape, had it been computed, would have passed."""
        if array.shape != self.shape or not len(self.numeric):
            return False
        return bool(np.all(np.abs(self.at(array) - factor * self.numeric) <= self.slack * max(1.0, abs(factor))))


def likely_slip(one: Evidence, every: Sequence[Evidence], point: Point) -> str:
    """A sentence on the most likely slip, or on what is known if no simple one fits."""
    if one.analytic.shape != one.shape:
        return f"{one.name}: {_wrong_shape(one)}"
    guesses: tuple[Callable[[Evidence], str], ...] = (
        _not_finite,
        _lost,
        lambda e: _factor(e, point),
        _moved,
        lambda e: _exchanged(e, every),
        lambda e: _left_out(e, point),
        _parts,
    )
    for guess in guesses:
        found = guess(one)
        if found:
            return f"{one.name}: {found}"
    return f"{one.name}: {_nothing_simple(one)}"


def _wrong_shape(one: Evidence) -> str:
    found = one.analytic
    if found.shape == one.shape[::-1] and one.agrees(found.T):
        return "off by a transpose: the transposed gradient is right"
    summed, axes = _summed(found, one.shape)
    if summed is not None and found.size == summed.size and one.agrees(summed):
        return f"the numbers are right, and in the shape {found.shape}: a reshape to {one.shape} is missing"
    if summed is not None and one.agrees(summed):
        return f"a sum over the broadcast {axes} is missing: summed over it, the gradient is right"
    if summed is not None:
        return f"a sum over the broadcast {axes} is missing"
    if found.size == int(np.prod(one.shape)) and one.agrees(found.reshape(one.shape)):
        return f"the numbers are right, and in the shape {found.shape}: a reshape to {one.shape} is missing"
    return f"the gradient has shape {found.shape}, and the input {one.shape}"


def _summed(array: Array, shape: tuple[int, ...]) -> tuple[Array, str]:
    """An array summed to a shape that broadcasts to its own, and the names of the axes."""
    extra = array.ndim - len(shape)
    if extra < 0 or any(have not in (1, want) for have, want in zip(shape, array.shape[extra:], strict=True)):
        return None, ""
    axes = [*range(extra), *(i + extra for i, n in enumerate(shape) if n != array.shape[i + extra])]
    named = ("axis " if len(axes) == 1 else "axes ") + ", ".join(map(str, axes))
    return np.sum(array, axis=tuple(axes), keepdims=True).reshape(shape), named


def _not_finite(one: Evidence) -> str:
    found = one.at(one.analytic)
    bad = int(np.sum(~np.isfinite(found)))
    kind = "nan" if np.isnan(found).any() else "infinite"
    return f"the gradient is {kind} at {bad} of {found.size} entries" if bad else ""


def _lost(one: Evidence) -> str:
    if np.any(one.analytic):
        return ""
    return (
        "no gradient arrives: a path is lost (a detach(), numpy() or constant on the way, or a rule that gives nothing)"
    )


def _factor(one: Evidence, point: Point) -> str:
    """One number by which all entries are off."""
    found, true = one.at(one.analytic), one.numeric
    size = float(np.max(np.abs(true), initial=0.0))
    if not size:
        return ""
    unit = true / size
    ratio = float((found / size) @ unit / (unit @ unit))
    if not np.isfinite(ratio) or not one.agrees(one.analytic, ratio):
        return ""
    if abs(ratio + 1) < 1e-6:
        return "the sign is wrong"
    simple = Fraction(ratio).limit_denominator(64)
    telling = abs(float(simple) - ratio) <= 1e-6 * abs(ratio) and min(abs(simple.numerator), simple.denominator) == 1
    alone = "" if np.sum(np.abs(true) > one.slack) > 1 else " (only one entry tells)"
    if telling and simple != 1:
        return f"off by a factor of {simple}{_a_mean(one, point, simple)}{alone}"
    if f"{ratio:.10g}" == "1":
        return ""
    if abs(ratio - 1) < 0.1:
        return f"off by a factor of {ratio:.10g}: a constant is slightly wrong{alone}"
    return f"off by a factor of {ratio:.6g}{alone}"


def _a_mean(one: Evidence, point: Point, ratio: Fraction) -> str:
    """Whether the factor is one over a size, as it is if a mean stands where a sum belongs."""
    count = ratio.denominator
    shapes = [one.shape, *(point.parts[i].shape for i in point.floats)]
    sizes = {size for shape in shapes for size in (*shape, int(np.prod(shape)))}
    if ratio.numerator == 1 and count > 1 and count in sizes:
        return f", and {count} is one of the sizes: perhaps a mean in place of a sum"
    return ""


def _moved(one: Evidence) -> str:
    """The right numbers in wrong places."""
    a = one.analytic
    if a.ndim >= 2:
        swapped = (*a.shape[:-2], a.shape[-1], a.shape[-2])
        if one.agrees(np.swapaxes(a.reshape(swapped), -1, -2)) or one.agrees(np.swapaxes(a, -1, -2)):
            return "off by a transpose: the transposed gradient is right"
    for axis in range(a.ndim):
        if one.agrees(np.flip(a, axis)):
            return f"reversed along axis {axis}"
        for shift in (1, -1):
            if one.agrees(np.roll(a, shift, axis)):
                return f"shifted by one along axis {axis}"
    return ""


def _exchanged(one: Evidence, every: Sequence[Evidence]) -> str:
    for other in every:
        if other is not one and one.agrees(other.analytic):
            if other.agrees(one.analytic):
                return f"exchanged with the gradient of {other.name}"
            return f"what was computed for {other.name} would be right here"
    return ""


def _left_out(one: Evidence, point: Point) -> str:
    """A part of the output whose cotangent is lost, or the only one that is used."""
    if one.columns is None:
        return ""
    terms = one.columns * point.weights
    for mask, part, only, axis in _masks(point):
        fits = np.abs(one.at(one.analytic) - terms @ mask) <= one.slack
        if len(fits) and np.all(fits) and not np.all(np.abs(terms @ mask - one.numeric) <= one.slack):
            if only:
                hint = f": is a sum over the broadcast axis {axis} missing?" if axis is not None else ""
                return f"only the cotangent of {part} arrives{hint}"
            return f"a path is lost: the cotangent of {part} does not arrive"
    return ""


def _masks(point: Point) -> Iterator[tuple[Array, str, bool, int | None]]:
    """Selections from the vector of outputs: each output and each of its slices, alone and left out."""
    shapes = [point.parts[i].shape for i in point.floats]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    tried = 0
    for number, (shape, end) in enumerate(zip(shapes, ends, strict=True)):
        name = "the output" if len(shapes) == 1 else f"output {number}"
        places = np.arange(end - int(np.prod(shape)), end).reshape(shape)
        chosen: list[tuple[Array, str, int | None]] = [(places, name, None)] if len(shapes) > 1 else []
        for axis, size in enumerate(shape):
            slices = range(size) if size > 1 else ()
            chosen += [
                (np.take(places, k, axis), f"{name}[{', '.join([':'] * axis + [str(k)])}]", axis) for k in slices
            ]
        for selected, part, along in chosen:
            tried += 1
            if tried > MAX_MASKS:
                return
            mask = np.zeros(point.weights.size)
            mask[np.ravel(selected)] = 1
            yield mask, part, True, along
            yield 1 - mask, part, False, along


def _parts(one: Evidence) -> str:
    """Some entries right, others zero or with the other sign."""
    found, true = one.at(one.analytic), one.numeric
    right = np.abs(found - true) <= one.slack
    wrong = int(np.sum(~right))
    if not wrong:
        return ""
    if np.all(found[~right] == 0):
        return f"a path is lost: the gradient is zero at {wrong} of {found.size} entries, where the true one is not"
    if np.all(np.abs(found + true)[~right] <= one.slack):
        return f"the sign is wrong at {wrong} of {found.size} entries"
    if right.any():
        first = tuple(int(axis[np.argmin(right)]) for axis in one.indices)
        return f"{wrong} of {found.size} entries are wrong, the first at {shown_index(first)}; the others are right"
    return ""


def _nothing_simple(one: Evidence) -> str:
    return (
        "no simple slip (sign, factor, transpose, broadcast sum, part of the output) explains it; "
        "perhaps one of several paths is lost, or the rule reads a wrong value"
    )
