"""Verifies a derivation: every printed equation is evaluated at true values and compared with independent numbers.

Each right-hand side is computed from the SymPy object that is typeset, with the *true* values of what stands in it, so that a
wrong equation is named alone. Only if every equation holds by itself are they also run end to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Basic

from autorecur.derive.decay import apart
from autorecur.derive.equation import Equation
from autorecur.derive.results import calculate
from autorecur.graph.program import Array, Compute, Index, Values
from autorecur.graph.range import EVERY
from autorecur.ops.open import filled
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import Evaluator, MissingValueError
from autorecur.verify.ground import Ground
from autorecur.verify.long import given, long_run
from autorecur.verify.points import NEXT_SEED, filling
from autorecur.verify.references import COMPLEX_STEP
from autorecur.verify.report import Check, Note, Report
from autorecur.verify.truth import Target
from autorecur.verify.written import as_written

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

FORWARD_TOLERANCE = 1e-11
PASS_TOLERANCE = 1e-11
POINTS, POINTS_OF_OPEN_FUNCTIONS = 2, 3
"""How many points each equation is checked at; with other functions each, where some are left open."""
ROUNDING = 4e-15
"""What a true value can be off by, relative to its size with the cotangent."""


def verify(
    derivation: Derivation,
    seed: int = 0,
    *,
    steps: int | None = None,
    digits: int | None = None,
    bounds: bool = False,
) -> Report:
    """The report of all checks at two random points; ``steps`` adds an end-to-end check at that T, ``digits`` one by mpmath.

    ``bounds`` adds those of the bounds of the Jacobians."""
    with np.errstate(all="ignore"), filled(filling(derivation.cell.functions, seed)):
        return _report(derivation, seed, steps, digits, bounds)


def _report(derivation: Derivation, seed: int, steps: int | None, digits: int | None, bounds: bool) -> Report:
    ground = derivation.ground(seed)
    functions = derivation.cell.functions
    count = POINTS_OF_OPEN_FUNCTIONS if functions else 1 if ground.sampled else POINTS
    points = [ground, *(derivation.ground(seed + i * NEXT_SEED) for i in range(1, count))]
    verifications = [_Verification(derivation, point) for point in points]
    checks = _worst([v.checks(equation) for v in verifications] for equation in derivation.every_equation)
    notes = []
    if all(check.passed for check in checks):
        if ground.sampled:
            text = (
                f"A large cell: of {ground.lanes:,} components a random sample of {ground.sample:,} "
                f"was differentiated by itself (seed {seed})."
            )
            notes.append(Note(text, "sampled", lanes=ground.lanes, sample=ground.sample, seed=seed))
        else:
            checks += _worst([[v.end_to_end() for v in verifications]])
        if ground.sampled or (steps is not None and steps != ground.steps):
            steps = steps or ground.steps
            more, note = long_run(derivation, seed, steps)
            checks += more
            notes.append(note)
        checks += as_written(derivation, ground.point, seed)
    else:
        notes.append(Note("The equations were not run end to end, since some are wrong by themselves.", "wrong"))
    if bounds:
        from autorecur.vanishing.search import checks_of

        checks += checks_of(derivation.bounds, derivation.reached(seed))
    if digits is not None:
        from autorecur.verify.precise import precise_checks

        more, note = precise_checks(derivation, ground.point, digits, seed)
        checks += more
        notes.append(note)
    return Report(
        derivation.cell.name,
        seed,
        steps or ground.steps,
        ground.steps,
        ground.point.values.sizes,
        ground.point.batch,
        tuple(checks),
        len(derivation.every_equation),
        tuple(notes),
        {name: tuple(point.filling[name] for point in points) for name in functions},
    )


def _worst(groups: Iterable[Sequence[Sequence[Check]]]) -> list[Check]:
    """The checks of several points as one list: for each equation and reference the largest error counts."""
    found: list[Check] = []
    for points in groups:
        merged: dict[tuple[str, str, str], Check] = {}
        for check in (check for point in points for check in point):
            key = (check.label, check.quantity, check.reference)
            known = merged.get(key)
            if known is not None:
                larger = known if check.max_error <= known.max_error else check
                check = replace(larger, entries=known.entries + check.entries)
            merged[key] = check
        found += merged.values()
    return found


class _Verification:
    """The numbers of printed equations, on the ground of their true values."""

    def __init__(self, derivation: Derivation, ground: Ground) -> None:
        self.d = derivation
        self.ground = ground
        self.steps = ground.steps

    # ---------------------------------------------------------------- equation by equation

    def checks(self, equation: Equation) -> tuple[Check, ...]:
        """All checks of one equation by itself."""
        known = self.ground.checks
        if equation not in known:
            with filled(self.ground.filling):
                known[equation] = tuple(self._made(equation))
        return known[equation]

    def _made(self, equation: Equation) -> Iterator[Check]:
        if equation.section in ("cell", "names") or equation.holds_for in ("L", self.d.loss.name):
            yield self._forward_check(equation)
        elif equation.section == "truncation":
            yield self._error_check(equation)
        elif equation.section == "paths":
            for reference in self.ground.references:
                values, noise = self.ground.path_values(equation.horizon or self.steps, reference)
                pairs = self._path_pairs(equation, values)
                yield self._check(equation, reference.name, pairs, 10 * reference.tolerance, noise)
        else:
            yield from self._adjoint_checks(equation)

    def _forward_check(self, equation: Equation) -> Check:
        """A forward equation against the cell's own graph, run by the op table."""
        known = self.ground.true.quantities
        pairs = []
        for t in self._steps(equation):
            printed = self._printed(equation, t)
            if equation.holds_for == "L":
                steps = self.d.loss.steps.at(self.ground.true.last(self.d.loss.name))
                true = sum(known[self.d.loss.name, s] for s in steps)
                if self.d.decay is not None:
                    true = true + self.d.decay.value(self.ground.true)
            else:
                true = known[equation.lhs.name, t]
            pairs.append((printed, true))
        return self._check(equation, "forward run", pairs, FORWARD_TOLERANCE)

    def _error_check(self, equation: Equation) -> Check:
        """What truncation loses, against the difference of two true derivatives: without, and with states held at the cuts."""
        known, name = self.ground.errors, equation.lhs.name
        pairs = []
        for t in self._steps(equation):
            printed = self._printed(equation, t)
            if equation.steps is None:
                pairs.append((self.ground.true.summed(printed), known[name, None]))
            else:
                pairs.append((printed, known[name, t]))
        size = max(float(np.max(np.abs(array), initial=0.0)) for array in known.values())
        return self._check(equation, COMPLEX_STEP.name, pairs, COMPLEX_STEP.tolerance, ROUNDING * size)

    def _steps(self, equation: Equation) -> Iterable[int]:
        if equation.steps is None:
            return [0]
        last = self.ground.true.last(equation.lhs.name)
        return (self.d.loss.steps if equation.holds_for == self.d.loss.name else equation.steps).at(last)

    def _printed(self, equation: Equation, t: int, rhs: Basic | None = None) -> Array:
        """The right-hand side, from the object that is typeset; no number if it reads itself, or what does not exist at t."""
        known = self.ground.true
        if _reads_itself(equation):
            return np.array([[np.nan]])
        try:
            compute = self.ground.evaluator.compile(equation.rhs if rhs is None else rhs)
            if equation.of:
                return assembled(compute, known, known.index(t), equation, self.ground.evaluator)
            return compute(known, known.index(t))
        except MissingValueError:
            return np.array([[np.nan]])

    def printed(self, equation: Equation, t: int) -> Array:
        """The right-hand side at a step; of a parameter's gradient the sum over the batch."""
        if equation.section != "parameters":
            return self._printed(equation, t)
        each, once = apart(equation.rhs, self.d.decay)
        total = self.ground.true.summed(self._printed(equation, t, each))
        if once is None:
            return total
        value = self._printed(equation, t, once)
        return total + (value if value.ndim == 2 else self.ground.true.summed(value))

    def _adjoint_checks(self, equation: Equation) -> Iterator[Check]:
        """Right-hand side against the true adjoint, less the cotangent that the adjoint has besides."""
        steps = list(self._steps(equation))
        printed = {self._target(equation, t): self.printed(equation, t) for t in steps}
        for reference in self.ground.references:
            known = self.ground.derivatives[reference.name]
            noise = max((known.doubt.get(key, 0.0) for key in printed), default=0.0)
            yield from self._against(equation, reference.name, printed, known.loss, reference.tolerance, noise)
        yield from self._against(equation, "adjoint pass", printed, self.ground.adjoint_pass, PASS_TOLERANCE, 0.0)

    def _against(
        self,
        equation: Equation,
        reference: str,
        printed: Mapping[Target, Array],
        true: Mapping[Target, Array],
        tolerance: float,
        noise: float,
    ) -> Iterator[Check]:
        found = [key for key in printed if key in true]
        if found:
            pairs = [(printed[key], true[key] - self.ground.cotangents.get(key, 0)) for key in found]
            rounding = ROUNDING * max(float(np.abs(true[key]).max()) for key in found)
            yield from self._checks(equation, reference, pairs, tolerance, max(noise, rounding))

    def _target(self, equation: Equation, t: int) -> Target:
        name = equation.lhs.name.removeprefix("dL/d")
        return (name, None) if equation.section == "parameters" else (name, t)

    def _checks(
        self,
        equation: Equation,
        reference: str,
        pairs: Sequence[tuple[Array, Array]],
        tolerance: float,
        noise: float = 0.0,
    ) -> Iterator[Check]:
        """One check; where a notation joins weights, one for each as written, by its own name."""
        rewriting = self.d.rewriting
        name = equation.label.removeprefix("dL/d")
        parts = [part for part in rewriting.parts if part.printed.name == name] if rewriting else []
        if equation.section != "parameters" or not parts:
            yield self._check(equation, reference, pairs, tolerance, noise)
            return
        sizes = self.ground.point.values.sizes
        for part in parts:
            blocks = [(part.printed.of(own, sizes), part.printed.of(true, sizes)) for own, true in pairs]
            quantity = f"dL/d{part.written.name}"
            yield replace(self._check(equation, reference, blocks, tolerance, noise), quantity=quantity)

    def _check(
        self,
        equation: Equation,
        reference: str,
        pairs: Iterable[tuple[Array, Array]],
        tolerance: float,
        noise: float = 0.0,
    ) -> Check:
        """``noise`` is what the reference cannot resolve."""
        error, scale, entries = compare(pairs)
        scale = max(scale, noise / tolerance)
        return Check(
            equation.number,
            equation.label,
            equation.quantity,
            reference,
            error / scale,
            tolerance,
            equation.section,
            equation.shape,
            entries,
        )

    # ---------------------------------------------------------------- the path form

    def _path_pairs(self, equation: Equation, values: Values) -> Iterator[tuple[Array, Array]]:
        """Jacobians and their products: both sides are evaluated with true Jacobians of L alone."""
        left, right = self.ground.evaluator.compile(equation.lhs), self.ground.evaluator.compile(equation.rhs)
        symbols = _unbound(equation.lhs) | _unbound(equation.rhs)
        holds = equation.steps or EVERY
        times: Iterable[int] = holds.at(values.steps) if c.t in symbols else [values.steps]
        for t in times:
            last = t if c.t in symbols else values.steps
            visits = range(0 if "[k]" in equation.label else 1, last + 1) if c.k in symbols else [0]
            for k in visits:
                index = {"t": t, "T": values.steps, "k": k}
                true = left(values, index)
                try:
                    printed = np.array([[np.nan]]) if _reads_itself(equation) else right(values, index)
                except MissingValueError:
                    printed = np.array([[np.nan]])
                if equation.rule in ("paths", "expansion"):
                    printed = values.summed(printed)
                yield printed, true

    # ---------------------------------------------------------------- end to end

    def end_to_end(self) -> list[Check]:
        """The displayed equations run as a program, from the given values to the gradients of L."""
        values = given(self.d, self.ground.point.values)
        with filled(self.ground.filling):
            calculate(self.d, values)
        plain = self.ground.derivatives[COMPLEX_STEP.name].plain
        checks: list[Check] = []
        for equation in self.d.equations:
            if equation.section in ("parameters", "inputs", "initial"):
                pairs = []
                for t in self._steps(equation):
                    key = self._target(equation, t)
                    label = equation.lhs.name
                    own = values.parameters[label] if key[1] is None else values.quantities[label, t]
                    pairs.append((own, plain[key]))
                checks += self._checks(equation, "end to end", pairs, COMPLEX_STEP.tolerance)
        return checks


def assembled(compute: Compute, values: Values, index: Index, equation: Equation, evaluator: Evaluator) -> Array:
    """All components of an equation in index notation, each computed by itself, as the matrix that they make."""
    places = (equation.lhs.row, equation.lhs.column) if isinstance(equation.lhs, c.Entry) else (1, 1)
    counts = [evaluator.size(size) for size in _matrix(equation).shape]
    rows = []
    for i in range(1, counts[0] + 1):
        free = [{str(place): n for place, n in zip(places, (i, j), strict=True)} for j in range(1, counts[1] + 1)]
        rows.append([np.asarray(compute(values, {**index, **each})) for each in free])
    shape = np.broadcast_shapes(*(entry.shape for entries in rows for entry in entries))
    wide = [np.concatenate([np.broadcast_to(entry, shape) for entry in entries], axis=-1) for entries in rows]
    return np.concatenate(wide, axis=-2)


def _matrix(equation: Equation) -> Any:
    return equation.lhs.matrix if isinstance(equation.lhs, c.Entry) else equation.lhs


def _reads_itself(equation: Equation) -> bool:
    """True for ``h[t] = … h[t] …``, which holds whatever h is."""
    return bool(equation.rhs.has(_matrix(equation)))


def _unbound(expression: object) -> set[object]:
    """The symbols that no sum or product in the expression binds."""
    if isinstance(expression, c.TimeSum | c.OrderedProduct):
        inner = _unbound(expression.args[0]) - {expression.index}
        return inner | set(expression.first.free_symbols) | set(expression.last.free_symbols)
    args = getattr(expression, "args", ())
    if not args:
        return set(getattr(expression, "free_symbols", ()))
    return set().union(*(_unbound(arg) for arg in args))


def compare(pairs: Iterable[tuple[Array, Array]]) -> tuple[float, float, int]:
    """The largest difference, the scale of the true values, and how many numbers were compared."""
    error, scale, entries = 0.0, 0.0, 0
    for printed, true in pairs:
        wide = printed
        if np.shape(printed) != np.shape(true):
            wide = np.broadcast_to(printed, np.broadcast_shapes(np.shape(printed), np.shape(true)))
        # Masked arrays take long to load; whoever made one has loaded them.
        if hasattr(true, "mask"):
            kept = ~np.ma.getmaskarray(true)
            wide, true = wide[kept], true[kept].data
        difference = np.abs(wide - true)
        worst = float(np.max(difference, initial=0.0))
        error = np.inf if not np.isfinite(worst) else max(error, worst)
        scale = max(scale, float(np.max(np.abs(true), initial=0.0)))
        entries += difference.size
    return error, scale if scale > 0 else 1.0, entries
