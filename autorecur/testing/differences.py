"""Derivatives by numbers alone: central differences with extrapolation, one-sided differences, the complex step.

A function is looked at along a :class:`Line`: the vector of its outputs as one entry of one input moves by a step. All
quotients are taken output by output, so that outputs that do not move cancel exactly, and only then weighted with the
cotangent. Steps are powers of two, which most floats can be moved by without rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

Array = Any
FIRST = 2.0**-5
"""The widest of the three steps of the first window, for numbers of the size of 1."""
FACTOR = 16.0
"""How much narrower the next window is."""
WINDOWS = 7
"""How many windows are tried for each size of number."""
ODD = float(np.sqrt(2 / 3))
"""Times a power of two: a step that is a multiple of no period that others are multiples of."""
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
    unrest: float = 0.0
    """By how much narrower windows may differ, for another reason than rounding: f may have waves too short to follow."""


def measure(line: Line, x: float, largest: float, tolerance: float, goal: float, thorough: bool = False) -> Derivative:
    """The derivative at x to within ``goal``, or the reason why there is none.

    The windows become narrower until one is certain enough and sees no kink: f may be curved, its domain may end close
    by, or a kink may lie close by. Where the one-sided derivatives go on to differ, x is at a kink; where one side is
    never defined, at the edge of the domain. ``thorough`` looks at all windows, and at odd steps as well.
    """
    finite: list[Window] = []
    straight: list[Window] = []
    for step in _odd_too(x, largest) if thorough else steps(x, largest):
        seen = window(line, step)
        if not seen.finite:
            continue
        finite.append(seen)
        if seen.bent(tolerance, goal):
            continue
        straight.append(seen)
        if not thorough:
            settled = _settled(seen, straight, finite, tolerance, goal, line.x is not None)
            if settled is not None:
                return Derivative(settled, "smooth")
    if not finite:
        return Derivative(window(line, FIRST), "edge")
    trusted = sorted(_trusted(straight), key=lambda seen: seen.uncertainty)
    bent = [seen for seen in finite if seen.bent(tolerance, goal)]
    kink = _kinked(bent, finite) or _leaps(finite)
    if not trusted:
        least = min(finite, key=lambda seen: seen.uncertainty)
        return Derivative(replace(least, uncertainty=np.inf), "kink" if kink else "unresolved")
    best, *others = trusted
    apart = abs(best.value - others[0].value) if others else np.inf
    best = replace(best, uncertainty=max(best.uncertainty, apart))
    if kink:
        return Derivative(best, "kink")
    if best.uncertainty > max(goal, abs(best.value) / 10, 64 * best.noise):
        best = replace(best, uncertainty=np.inf)  # no plateau: differences that only happen to be small
    own = tolerance * abs(best.value) / 4 if line.x is not None else 0.0
    moves = [(abs(w.value - best.value) + w.uncertainty, w.noise) for w in finite if w.step < best.step]
    waves = [off for off, noise in moves if off > 64 * noise]
    verdict = "smooth" if best.uncertainty <= max(goal, own) else "unresolved"
    return Derivative(best, verdict, max(waves, default=0.0))


def _odd_too(x: float, largest: float) -> Iterator[float]:
    """All steps, and beside each an odd one: sin(2πnx) stands still at every step that is a multiple of 1/n."""
    for step in steps(x, largest):
        yield step
        taken = 4 * ((x + ODD * step / 4) - x)
        if taken > 0:
            yield taken


def _settled(
    seen: Window, straight: list[Window], finite: list[Window], tolerance: float, goal: float, entry: bool
) -> Window | None:
    """The window that is certain enough now that ``seen`` has been looked at, if there is one.

    An entry's own derivative is a lower bound of the scale, so that one that two windows agree on to within the tolerance
    need not be known better than that.
    """
    trusted = _trusted(straight)
    certain = [w for w in (seen,) if w in trusted and w.uncertainty <= goal]
    if seen in trusted and seen.silent and not any(other.tells for other in finite):
        certain.append(seen)
    for one in sorted(trusted, key=lambda w: w.uncertainty) if entry else ():
        own = tolerance * abs(one.value) / 4
        if one.uncertainty <= own and any(
            other is not one and other.uncertainty <= 16 * own and abs(other.value - one.value) <= own
            for other in trusted
        ):
            certain.append(one)
    for one in certain:
        narrow = [w for w in finite if w.step < one.step]
        if not _kinked([w for w in narrow if w.bent(tolerance, goal)], narrow):
            return one
    return None


def _trusted(straight: list[Window]) -> list[Window]:
    """The windows that no plateau of narrower ones contradicts: a wide one may have looked across many waves."""
    narrowing = sorted(straight, key=lambda seen: -seen.step)
    pairs = []
    for i, one in enumerate(narrowing):
        other = next((w for w in narrowing[i + 1 :] if w.step <= one.step / 4), None)
        if other is not None:
            pairs.append((one, other))
    return [
        seen
        for seen in straight
        if not any(one.step < seen.step and _contradict(one, other, seen) for one, other in pairs)
    ]


def _contradict(one: Window, other: Window, seen: Window) -> bool:
    """Whether two windows agree with each other that the value of a third is not right."""
    off = min(abs(one.value - seen.value), abs(other.value - seen.value))
    doubt = seen.uncertainty + max(one.uncertainty, other.uncertainty)
    return off > 4 * doubt and abs(one.value - other.value) <= 0.1 * off


def _leaps(finite: list[Window]) -> bool:
    """Whether f itself jumps at x: then the quotient grows as the step falls."""
    narrowing: list[Window] = []
    for seen in sorted((seen for seen in finite if abs(seen.value) > 8 * seen.noise), key=lambda seen: seen.step):
        if not narrowing or seen.step >= 4 * narrowing[0].step:
            narrowing.insert(0, seen)
    growth = [abs(b.value * b.step / (a.value * a.step)) for a, b in pairwise(narrowing) if a.value]
    return len(growth) > 2 and all(0.8 < ratio < 1.25 for ratio in growth[-3:])


def _kinked(bent: list[Window], finite: Sequence[Window]) -> bool:
    """Whether a jump of the slope stays as the windows become narrower, and no narrower one sees that it is gone.

    A jump that comes from rounding changes its sign and its size; one that comes from a curve falls with the step. At
    three steps in a row it must be the same, or at all of them grow.
    """
    narrowing = sorted(bent, key=lambda seen: -seen.step)
    jumps = [seen.jump for seen in narrowing]
    if len(jumps) > 2 and all(a * b > 0 and abs(b) >= 0.9 * abs(a) for a, b in pairwise(jumps)):
        return not _gone(narrowing[-1], finite)
    for i, widest in enumerate(narrowing):
        chain = [widest]
        for seen in narrowing[i + 1 :]:
            if seen.step <= chain[-1].step / 2:
                if abs(seen.jump - chain[-1].jump) > 0.1 * abs(seen.jump):
                    break
                chain.append(seen)
        if len(chain) > 2 and not _gone(chain[-1], finite):
            return True
    return False


def _gone(last: Window, finite: Sequence[Window]) -> bool:
    """Whether a window narrower than the last one with a jump sees clearly that there is none."""
    return any(
        seen.step < last.step and abs(seen.jump) < abs(last.jump) / 2 and abs(seen.jump - last.jump) > 16 * seen.noise
        for seen in finite
    )


def confirmed(line: Line, found: Derivative, analytic: float, tolerance: float, goal: float) -> bool:
    """Whether narrower windows, with odd steps, find the same value and not the analytic one.

    Down to where rounding hides which of the two is right, and at least twice.
    """
    best, k = found.best, 0
    gap = abs(analytic - best.value)
    while k < WINDOWS:
        seen = window(line, best.step * ODD / FACTOR ** (k + 1))
        if 10 * seen.noise > gap:
            break
        apart = abs(seen.value - best.value) + seen.uncertainty
        if not seen.finite or seen.bent(tolerance, goal) or 5 * apart > gap:
            return False
        k += 1
    return k >= 2


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
