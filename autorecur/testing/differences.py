"""Derivatives by numbers alone: central differences with extrapolation, one-sided differences, the complex step.

A function is looked at along a :class:`Line`: the vector of its outputs as one entry of one input moves by a step. All
quotients are taken output by output, so that outputs that do not move cancel exactly, and only then weighted with the
cotangent. Steps are powers of two, which most floats can be moved by without rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

Array = Any
FIRST = 2.0**-5
"""The widest of the three steps of the first window, for numbers of the size of 1."""
FACTOR = 16.0
"""How much narrower the next window is."""
WINDOWS = 6
"""How many windows are tried for each size of number."""
EPS = float(np.finfo(np.float64).eps)
UNDERFLOW = 1e-300
"""Numbers down here lose digits."""
IMAGINARY = 2.0**-100
"""The complex step: nothing is subtracted, so it may be as small as one likes."""


class Line:
    """The outputs of a function while one entry moves: ``at(step)`` gives a vector, NaN where the function is not defined.

    ``weights`` is the cotangent: derivatives are those of ⟨weights, outputs⟩. ``rounding`` is by how much each output may
    be off at x, ``eps`` the same relative to any output; ``x`` is the entry, or None for a line through many.
    """

    def __init__(
        self, at: Callable[[float], Array], weights: Array, rounding: Array, eps: float, x: float | None = None
    ) -> None:
        self._at = at
        self._known: dict[float, Array] = {}
        self.weights = weights
        self.rounding = rounding
        self.x = x
        self.eps = eps

    def __call__(self, step: float) -> Array:
        if step not in self._known:
            self._known[step] = self._at(step)
        return self._known[step]

    def slip(self, step: float) -> float:
        """By how much x + h and x − h are not where they should be, because floats cannot say it."""
        if self.x is None:
            return EPS * step
        return max(abs(_lost(self.x, step)), abs(_lost(self.x, -step)))

    def noise(self, step: float) -> float:
        """By how much rounding may alter the weighted sum of the outputs at this step, also of those that stand still."""
        largest = np.maximum(np.abs(self(step)), np.abs(self(-step)))
        off = np.maximum(np.maximum(self.rounding, self.eps * largest), UNDERFLOW)
        parts = np.abs(self.weights * off)
        top = float(np.max(parts, initial=UNDERFLOW))
        return top * float(np.linalg.norm(parts / top))

    def central(self, step: float) -> Array:
        """(f(x + h) − f(x − h)) / 2h, for each output."""
        return (self(step) - self(-step)) / (2 * step)

    def asymmetry(self, step: float) -> float:
        """The difference of the two one-sided quotients, weighted: it falls like h where f is smooth."""
        return float(self.weights @ ((self(step) - self(0.0)) - (self(0.0) - self(-step)))) / step


def _lost(x: float, h: float) -> float:
    """What x + h loses in rounding, exactly (Knuth's two-sum)."""
    total = x + h
    part = total - x
    return (x - (total - part)) + (h - part)


@dataclass(frozen=True)
class Window:
    """What the steps h, h/2, h/4 tell about a derivative."""

    step: float
    column: Array
    """The derivative of each output; the errors in h² and h⁴ are cancelled."""
    value: float
    """The weighted sum of the column."""
    uncertainty: float
    """How far the value may be off: the distance to a cruder extrapolation, and rounding."""
    jump: float
    """By how much the one-sided derivatives differ, extrapolated to a step of zero."""
    slope: float
    """The larger of the two one-sided quotients."""
    noise: float
    """The part of the uncertainty that comes from rounding the outputs."""

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.value))

    def bent(self, tolerance: float, goal: float) -> bool:
        """Whether the one-sided derivatives differ, by more than rounding and curvature explain."""
        return abs(self.jump) > 16 * self.noise + max(goal, tolerance * self.slope / 4)

    @property
    def tells(self) -> bool:
        """Whether the value is certainly not zero."""
        return abs(self.value) > 4 * self.uncertainty

    @property
    def silent(self) -> bool:
        """Whether the value is zero as far as rounding lets anyone see."""
        return max(self.uncertainty, abs(self.value)) <= 8 * self.noise

    def settles(self, tolerance: float, goal: float) -> bool:
        """Whether this is a derivative, known to within ``goal``."""
        return self.finite and self.uncertainty <= goal and not self.bent(tolerance, goal)


def window(line: Line, step: float) -> Window:
    """Richardson's extrapolation from three central differences."""
    with np.errstate(all="ignore"):
        wide, middle, narrow = (line.central(step / k) for k in (1, 2, 4))
        column = (wide - 20 * middle + 64 * narrow) / 45
        crude = (4 * narrow - middle) / 3
        value = float(line.weights @ column)
        a, b, c = (line.asymmetry(step / k) for k in (1, 2, 4))
        slope = abs(value) + abs(c) / 2
        noise = (line.noise(step) + slope * line.slip(step / 4)) * 4 / step
        jump = (8 * (2 * c - b) - (2 * b - a)) / 7
        uncertainty = float(abs(line.weights @ (column - crude))) + noise
    return Window(step, column, value, uncertainty if np.isfinite(uncertainty) else np.inf, jump, slope, noise)


def steps(x: float, largest: float) -> Iterator[float]:
    """Widths of windows for an entry x of an array with entries up to ``largest``, those that mostly do first."""
    seen = set()
    for size in (1.0, largest, abs(x), 256.0):
        if not (np.isfinite(size) and size > 0):
            continue
        base = FIRST * 2.0 ** np.floor(np.log2(size))
        for k in range(WINDOWS):
            step = float(base / FACTOR**k)
            if step not in seen and x + step / 4 != x:
                seen.add(step)
                yield step


@dataclass(frozen=True)
class Derivative:
    """One entry's derivative as far as numbers tell it; ``verdict`` is "smooth", "kink", "edge" or "unresolved"."""

    best: Window
    verdict: str


def measure(line: Line, x: float, largest: float, tolerance: float, goal: float) -> Derivative:
    """The derivative at x to within ``goal``, or the reason why there is none.

    The windows become narrower until one is certain enough and sees no kink: f may be curved, its domain may end close
    by, or a kink may lie close by. Where the one-sided derivatives go on to differ, x is at a kink; where one side is
    never defined, at the edge of the domain.
    """
    finite: list[Window] = []
    bent: list[Window] = []
    for step in steps(x, largest):
        seen = window(line, step)
        if not seen.finite:
            continue
        finite.append(seen)
        if seen.bent(tolerance, goal):
            bent.append(seen)
            continue
        certain = seen.uncertainty <= goal or (seen.silent and not any(other.tells for other in finite))
        if certain and not _persists([narrow for narrow in bent if narrow.step < step]):
            return Derivative(seen, "smooth")
    if not finite:
        return Derivative(window(line, FIRST), "edge")
    best, *others = sorted(finite, key=lambda seen: seen.uncertainty)
    apart = abs(best.value - others[0].value) if others else np.inf
    best = replace(best, uncertainty=max(best.uncertainty, apart))
    return Derivative(best, "kink" if _persists(bent) or _leaps(finite) else "unresolved")


def _leaps(finite: list[Window]) -> bool:
    """Whether f itself jumps at x: then the quotient grows as the step falls."""
    narrowing = sorted((seen for seen in finite if abs(seen.value) > 8 * seen.noise), key=lambda seen: -seen.step)
    growth = [abs(b.value * b.step / (a.value * a.step)) for a, b in pairwise(narrowing) if a.value]
    return len(growth) > 2 and all(0.5 < ratio < 2 for ratio in growth[-3:])


def _persists(bent: list[Window]) -> bool:
    """Whether a jump stays as the windows become narrower; one that comes from rounding changes its sign and its size."""
    jumps = [seen.jump for seen in sorted(bent, key=lambda seen: -seen.step)]
    pairs = list(pairwise(jumps))
    alike = any(abs(one - other) <= 0.1 * abs(one) for one, other in pairs)
    return alike or (len(jumps) > 2 and all(one * other > 0 for one, other in pairs))


def looked_closer(line: Line, found: Derivative, tolerance: float, goal: float) -> Derivative:
    """The derivative from narrower windows, if they are as certain: a wide one may have looked across a bump."""
    for k in (1, 2, 3):
        seen = window(line, found.best.step / FACTOR**k)
        if seen.settles(tolerance, goal):
            found = Derivative(seen, "smooth")
    return found


def complex_step(at: Callable[[Any], Array], weights: Array) -> tuple[float, Array]:
    """The derivative from the imaginary part of f(x + ih), exact to rounding where f is analytic and real; and f(x).

    Raises TypeError if real numbers come back.
    """
    values = at(1j * IMAGINARY)
    if values.dtype.kind != "c":
        raise TypeError("real numbers came back")
    return float(weights @ values.imag) / IMAGINARY, values.real


def curve(line: Line, analytic: float, x: float) -> list[tuple[float, float]]:
    """The distance of the plain central difference from ``analytic``, relative to it, for steps from 0.1 down to 1e-10."""
    size = max(abs(x), 1.0)
    rows = []
    with np.errstate(all="ignore"):
        for k in range(1, 11):
            numeric = float(line.weights @ line.central(size * 10.0**-k))
            scale = max(abs(numeric), abs(analytic))
            rows.append((size * 10.0**-k, abs(numeric - analytic) / scale if scale else abs(numeric - analytic)))
    return rows
