"""The two references that every derivative is compared with: the complex step, and central differences.

One step does not fit all. Beside a strong curvature a wide one misses, and a narrow one drowns small derivatives in rounding.
So every quantity has a step of its own: the window h, h/2, h/4 is extrapolated twice (Richardson 1911), and where the result
is not certain enough the window moves on by a half, which needs one more step.

The error of the result is taken to be the larger of its distances from its two neighbours in the table, as Ridders (1982)
does: that from the one which knows the two wider steps alone. The other is a sixteenth of it, and was too small where errors
of order h⁴ and h⁶ half cancelled; for the larger to be too small by as much they would have to cancel sixteen times better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from autorecur.graph.program import Array
from autorecur.verify.truth import IMAGINARY_QUOTIENT, Derivatives, Entries, Target, Truth, central_quotient

Key = TypeVar("Key")
Sample = Callable[[float, Sequence[Key]], Mapping[Key, Sequence[Array]]]
"""Difference quotients with a step, for some keys: of each one array or several."""
WIDEST, WIDEST_BESIDE_A_KINK = 1e-2, 1e-3
WINDOWS = 10
"""How many windows are tried, each half as wide as the one before."""
WELL_BELOW = 0.1
"""Which part of the tolerance the reference's own error may have."""
ROUNDING = 2e-15
"""The rounding error of what a difference is taken of, relative to its size."""


class Reference(Protocol):
    """A way to find derivatives, how they are called in a report, and what they have to agree to."""

    @property
    def name(self) -> str: ...

    @property
    def tolerance(self) -> float: ...

    def differentiate(self, truth: Truth, entries: Entries, tops: Sequence[Target] = ()) -> Derivatives:
        """Of L', of L, and of every quantity in ``tops``, by the components in ``entries``."""

    def immediate(self, truth: Truth, bottom: Target, t: int) -> Sequence[Array]:
        """∂⁺ of each state of step t, as :meth:`Truth.immediate`."""


@dataclass(frozen=True)
class ComplexStep:
    """Exact to rounding (Squire and Trapp 1998)."""

    name: str = "complex step"
    tolerance: float = 1e-10

    def differentiate(self, truth: Truth, entries: Entries, tops: Sequence[Target] = ()) -> Derivatives:
        return truth.differentiate(IMAGINARY_QUOTIENT, entries, tops)

    def immediate(self, truth: Truth, bottom: Target, t: int) -> Sequence[Array]:
        return truth.immediate(IMAGINARY_QUOTIENT, bottom, t)


COMPLEX_STEP = ComplexStep()


@dataclass(frozen=True)
class CentralDifferences:
    """Differences of real numbers, with a step for each quantity; they know how exact they are."""

    widest: float = WIDEST
    name: str = "central differences"
    tolerance: float = 1e-7

    def differentiate(self, truth: Truth, entries: Entries, tops: Sequence[Target] = ()) -> Derivatives:
        def sample(step: float, targets: Sequence[Target]) -> Mapping[Target, Sequence[Array]]:
            wanted = {target: entries[target] for target in targets}
            found = truth.differentiate(central_quotient(step), wanted, tops)
            return {v: [found.loss[v], found.plain[v], *(found.others[u, v] for u in tops)] for v in targets}

        result = Derivatives()
        for target, window in self._windows(sample, entries, truth.magnitude).items():
            result.loss[target], result.plain[target], *others = window.values
            result.others.update({(top, target): array for top, array in zip(tops, others, strict=True)})
            result.doubt[target] = max(window.errors[0], window.rounding)
            result.rounding = max(result.rounding, window.rounding)
        return result

    def immediate(self, truth: Truth, bottom: Target, t: int) -> Sequence[Array]:
        def sample(step: float, keys: Sequence[Target]) -> Mapping[Target, Sequence[Array]]:
            return {key: truth.immediate(central_quotient(step), key, t) for key in keys}

        (window,) = self._windows(sample, [bottom], truth.magnitude).values()
        return window.values

    def _windows(self, sample: Sample[Key], keys: Iterable[Key], magnitude: float) -> dict[Key, Window]:
        """The most certain window of each key among those that were needed, widest first."""
        pending, step = list(keys), self.widest
        rows: list[Mapping[Key, Sequence[Array]]] = [sample(h, pending) for h in (step, step / 2)]
        best: dict[Key, Window] = {}
        for _ in range(WINDOWS):
            rows, rounding = [*rows[-2:], sample(step / 4, pending)], ROUNDING / step * magnitude
            windows = {key: extrapolated(*(row[key] for row in rows), rounding=rounding) for key in pending}
            for key, window in windows.items():
                if key not in best or window.uncertainty < best[key].uncertainty:
                    best[key] = window
            pending = [
                key
                for key, window in windows.items()
                if not window.settles(self.tolerance) and best[key].uncertainty > 2 * rounding
            ]
            if not pending:
                break
            step /= 2
        return best


@dataclass(frozen=True)
class Window:
    """What the steps h, h/2, h/4 tell about one array or several."""

    values: Sequence[Array]
    """Extrapolated: the errors of order h² and h⁴ cancel."""
    errors: Sequence[float]
    """How far each array is from the extrapolation that does not know h/4; infinite if that is no number."""
    rounding: float

    @property
    def uncertainty(self) -> float:
        return max(self.errors) + self.rounding

    def settles(self, tolerance: float) -> bool:
        """Whether every error is well below the tolerance, or so small that rounding outweighs it."""
        return all(
            np.isfinite(error) and error <= max(WELL_BELOW * tolerance * _largest(value), self.rounding)
            for value, error in zip(self.values, self.errors, strict=True)
        )


def extrapolated(wide: Sequence[Array], middle: Sequence[Array], narrow: Sequence[Array], *, rounding: float) -> Window:
    """Richardson's extrapolation of arrays of difference quotients with the steps h, h/2 and h/4."""
    values, errors = [], []
    for a, b, c in zip(wide, middle, narrow, strict=True):
        crude, better = (4 * b - a) / 3, (4 * c - b) / 3
        values.append((16 * better - crude) / 15)
        error = _largest(values[-1] - crude)
        errors.append(error if np.isfinite(error) else np.inf)
    return Window(values, errors, rounding)


def _largest(array: Array) -> float:
    return float(np.abs(array).max())
