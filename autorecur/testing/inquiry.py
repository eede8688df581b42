"""One input under examination: each entry is measured, judged, and the true scale of the gradient is found on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autorecur.testing.differences import Derivative, Line, complex_step, confirmed, measure, steps, window
from autorecur.testing.point import Point
from autorecur.testing.report import Index

Array = Any
TOLERANCES = {"float64": 1e-7, "float32": 1e-4, "float16": 2e-2}
"""The largest relative error, by the coarsest dtype that takes part; differences are taken in float64 where f allows it."""
NARROW = 20.0
"""How much looser where f cannot be computed in float64, so that the differences have only a few digits themselves."""
MAX_COLUMNS = 200_000
"""Up to so many numbers, the whole measured Jacobian is kept for the diagnosis."""
SMOOTH, KINK, EDGE = "smooth", "kink", "edge"


@dataclass(frozen=True)
class Settings:
    """How close, how many entries, drawn how."""

    rtol: float | None = None
    max_entries: int | None = 200
    seed: int = 0

    def tolerance(self, point: Point, dtype: np.dtype[Any]) -> float:
        if self.rtol is not None:
            return self.rtol
        coarsest = max((dtype, point.coarsest), key=lambda d: float(np.finfo(d).eps))
        loose = 1.0 if point.wide and point.eps < 1e-12 else NARROW
        return TOLERANCES.get(str(coarsest), TOLERANCES["float64"]) * loose

    def entries(self, array: Array) -> list[tuple[int, ...]]:
        if self.max_entries is None or array.size <= self.max_entries:
            return list(np.ndindex(array.shape))
        drawn = np.random.default_rng(self.seed).choice(array.size, self.max_entries, replace=False)
        return [tuple(int(i) for i in np.unravel_index(k, array.shape)) for k in np.sort(drawn)]


@dataclass
class Probe:
    """One entry of an input, or one direction through all of them, on its way to a verdict."""

    index: Index
    x: float
    analytic: float
    line: Callable[[], Line]
    found: Derivative
    closely: bool = False
    """Whether all steps were tried."""
    share: float = 1.0
    """What the scale is multiplied by: a direction adds up many entries."""
    numeric: float = 0.0
    doubt: float = 0.0
    verdict: str = ""
    """"ok", "wrong", or why the entry is skipped: "kink", "edge", "unresolved"."""
    error: float = 0.0
    """Relative to the scale."""

    @property
    def compared(self) -> bool:
        return self.verdict in ("ok", "wrong")

    @property
    def differentiable(self) -> bool:
        return self.found.verdict not in (KINK, EDGE)


@dataclass
class Inquiry:
    """All probes of input number ``which``; ``analytic`` is the gradient that is to be judged."""

    point: Point
    which: int
    analytic: Array
    tolerance: float
    probes: list[Probe] = field(default_factory=list)
    scale: float = 0.0
    """The largest entry of the true gradient."""
    reference: str = "differences"

    def run(self, settings: Settings) -> None:
        self._look(settings)
        self._refine()
        self._judge_all()
        while self._look_closer():
            self._refine()
            self._judge_all()
        self._sharpen()

    @property
    def array(self) -> Array:
        return self.point.variables[self.which].array

    @property
    def largest(self) -> float:
        return float(np.max(np.abs(self.array), initial=0.0))

    @property
    def worst(self) -> Probe | None:
        compared = [probe for probe in self.probes if probe.compared]
        return max(compared, key=lambda p: (p.verdict == "wrong", p.error, p.index is not None), default=None)

    def line(self, direction: Any) -> Line:
        at = self.point.tolerant(self.point.along(self.which, direction))
        x = float(self.array[direction]) if isinstance(direction, tuple) else None
        return Line(at, self.point.weights, self.point.rounding, self.point.eps, x)

    def _look(self, settings: Settings) -> None:
        """A first look at each entry, which also tells how large the gradient is."""
        array, chosen = self.array, settings.entries(self.array)
        keep = len(chosen) * self.point.weights.size <= MAX_COLUMNS
        for index in chosen:
            self._add(index, float(array[index]), float(self.analytic[index]), index, 1.0, keep)
        if len(chosen) < array.size:
            signs = np.random.default_rng(settings.seed).choice([-1.0, 1.0], array.shape)
            along = float(np.sum(self.analytic.astype(np.float64) * signs))
            self._add(None, self.largest, along, signs, float(np.sqrt(array.size)), keep)
        self.scale = self._largest_known()

    def _add(self, index: Index, x: float, analytic: float, direction: Any, share: float, keep: bool) -> None:
        first = window(self.line(direction), next(steps(x, self.largest)))
        if not keep:
            first = replace(first, column=None)
        self.probes.append(Probe(index, x, analytic, lambda: self.line(direction), Derivative(first, ""), share=share))

    def _refine(self) -> None:
        """Other steps where the first was not certain enough; again, if this shows that the scale is another."""
        for _ in range(3):
            for probe in self.probes:
                best, goal = probe.found.best, self._goal(probe)
                if probe.closely or not probe.differentiable:
                    continue
                if best.settles(self.tolerance, goal):
                    probe.found = Derivative(best, SMOOTH)
                elif not self._silent(best):
                    probe.found = measure(probe.line(), probe.x, self.largest, self.tolerance, goal)
            before, self.scale = self.scale, self._largest_known()
            if before / 2 <= self.scale <= before * 2:
                break

    def _largest_known(self) -> float:
        """The largest entry of the gradient, among those of which at least a digit is certain."""
        entries = [p.found.best for p in self.probes if p.index is not None and p.found.verdict not in (KINK, EDGE)]
        known = [abs(best.value) for best in entries if best.finite and best.uncertainty <= 0.1 * abs(best.value)]
        return max(known, default=0.0)

    def _goal(self, probe: Probe) -> float:
        return self.tolerance * self.scale * probe.share / 4

    def _silent(self, best: Any) -> bool:
        """Whether this is a zero as far as differences can tell, so that other steps would not tell more."""
        seen = max(self.scale, best.uncertainty, abs(best.jump))
        return bool(best.finite and seen <= 64 * best.noise)

    def _judge_all(self) -> None:
        for probe in self.probes:
            self._judge(probe, probe.found.best.value, probe.found.best.uncertainty)

    def _judge(self, probe: Probe, numeric: float, doubt: float) -> None:
        probe.numeric, probe.doubt = numeric, doubt
        unit = self.scale * probe.share
        allowed = self.tolerance * unit
        apart = abs(probe.analytic - numeric)
        probe.error = apart / unit if unit else 0.0 if apart == 0 else np.inf
        if not probe.differentiable:
            probe.verdict = probe.found.verdict
        elif not np.isfinite(probe.analytic):
            probe.verdict = "wrong"
        elif allowed + 2 * doubt < apart <= 10 * probe.found.unrest:
            probe.verdict = "unresolved"
        elif doubt <= allowed / 2:
            probe.verdict = "ok" if apart <= allowed + 2 * doubt else "wrong"
        elif max(abs(probe.analytic), abs(numeric)) <= 10 * doubt <= 1000 * probe.found.best.noise < np.inf:
            probe.verdict, probe.error = "ok", 0.0  # both are zero, as far as rounding lets anyone see
        else:
            probe.verdict = "unresolved" if apart <= allowed + 10 * doubt else "wrong"

    def _look_closer(self) -> bool:
        """All steps for what seems to be wrong, unless narrower ones agree that it is; whether there was any."""
        changed = False
        for probe in self.probes:
            if probe.verdict != "wrong" or probe.closely or not np.isfinite(probe.analytic):
                continue
            if not confirmed(probe.line(), probe.found, probe.analytic, self.tolerance, self._goal(probe)):
                self._measure_closely(probe)
                changed = True
        return changed

    def _measure_closely(self, probe: Probe) -> None:
        probe.closely = True
        probe.found = measure(probe.line(), probe.x, self.largest, self.tolerance, self._goal(probe), thorough=True)

    def _sharpen(self) -> None:
        """The complex step in place of differences if f proves to be analytic: where both are certain, they must agree.

        Where differences know little, it may say that an entry is right, but not that it is wrong.
        """
        entries = [probe for probe in self.probes if probe.differentiable and probe.index is not None]
        if not self.point.wide or self.point.eps > 1e-12 or not any(self._known(probe) for probe in entries):
            return
        exact = []
        for probe in entries:
            value = self._by_complex_step(probe.index)
            if value is None:
                return
            if self._known(probe) and self._off(probe, value) and not probe.closely:
                self._measure_closely(probe)
                self.scale = self._largest_known()
                probe.numeric, probe.doubt = probe.found.best.value, probe.found.best.uncertainty
            if self._known(probe) and self._off(probe, value):
                self._judge_all()
                return
            exact.append(value)
        self.reference = "complex step"
        for probe, value in zip(entries, exact, strict=True):
            known = self._known(probe)
            self._judge(probe, value, 0.0)
            if probe.verdict == "wrong" and not known:
                probe.verdict = "unresolved"

    def _known(self, probe: Probe) -> bool:
        return probe.differentiable and self.scale > 0 and probe.doubt <= 1e-3 * self.scale

    def _off(self, probe: Probe, value: float) -> bool:
        return not abs(value - probe.numeric) <= 1e-9 * self.scale + 10 * probe.doubt

    def _by_complex_step(self, index: Index) -> float | None:
        """None where f cannot be computed with complex numbers, or loses their imaginary parts."""
        at = self.point.tolerant(self.point.along(self.which, index))
        try:
            value, real = complex_step(at, self.point.weights)
        except Exception:
            return None
        same = np.allclose(real, self.point.base, rtol=1e-9, atol=1e-300)
        return value if same and np.isfinite(value) else None
