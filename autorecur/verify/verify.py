"""Verifies a derivation: every printed equation is evaluated at true values and compared with independent numbers.

Each right-hand side is computed from the SymPy object that is typeset, with the *true* values of what stands in it, so that a
wrong equation is named alone. Only if every equation holds by itself are they also run end to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from autorecur.derive.equation import Equation
from autorecur.derive.results import calculate
from autorecur.graph.program import Array, Part, Values, compile_node, run
from autorecur.graph.range import EVERY
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import Evaluator
from autorecur.verify.long import given, long_run
from autorecur.verify.points import BATCH, Point, random_point
from autorecur.verify.report import Check, Report
from autorecur.verify.truth import (
    COMPLEX_STEP,
    Derivatives,
    Jacobians,
    Scheme,
    Target,
    Truth,
    central_differences,
    forward,
)

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

FORWARD_TOLERANCE = 1e-12
PASS_TOLERANCE = 1e-11
SMOOTH_STEP, KINKED_STEP = 1e-2, 1e-4


def verify(derivation: Derivation, seed: int = 0, *, steps: int | None = None, digits: int | None = None) -> Report:
    """The report of all checks at a random point; ``steps`` adds an end-to-end check at that T, ``digits`` one by mpmath."""
    checked = _Verification(derivation, seed)
    checks = list(checked.equations())
    notes = []
    if all(check.passed for check in checks):
        checks += checked.end_to_end()
        if steps is not None and steps != checked.steps:
            more, note = long_run(derivation, seed, steps)
            checks += more
            notes.append(note)
    else:
        notes.append("The equations were not run end to end, since some are wrong by themselves.")
    if digits is not None:
        from autorecur.verify.precise import precise_checks

        more, note = precise_checks(derivation, checked.point, digits, seed)
        checks += more
        notes.append(note)
    return Report(
        derivation.cell.name,
        seed,
        steps or checked.steps,
        checked.point.values.sizes,
        BATCH,
        tuple(checks),
        len(derivation.equations),
        tuple(notes),
    )


class _Verification:
    """One random point, its true values by each scheme, and the numbers of the printed equations."""

    def __init__(self, derivation: Derivation, seed: int) -> None:
        self.d = derivation
        self.steps = derivation.smallest_generic + 1
        self.point: Point = random_point(derivation, seed, self.steps)
        self.evaluator = Evaluator(self.point.values.sizes)
        self.cotangents = self._cotangents(np.random.default_rng([seed, 1]))
        self.truth = Truth(derivation, self.point.values, self.cotangents)
        step = SMOOTH_STEP if self.point.smooth else KINKED_STEP
        self.schemes = (COMPLEX_STEP, central_differences(step))
        targets = self.truth.targets()
        self.derivatives = {scheme.name: self.truth.differentiate(scheme, targets) for scheme in self.schemes}
        self.true = self._true_values(self.derivatives[COMPLEX_STEP.name])

    def _cotangents(self, generator: np.random.Generator) -> dict[Target, Array]:
        """A random cotangent on every quantity with a displayed adjoint, at the steps at which it has one."""
        found: dict[Target, Array] = {}
        for equation in self.d.equations:
            if (
                equation.section in ("loss", "backward")
                and equation.steps is not None
                and equation.label.startswith("dL/d")
            ):
                name = equation.label.removeprefix("dL/d").split("@")[0]
                for t in equation.steps.at(self.steps):
                    found[name, t] = generator.standard_normal(self.point.values.quantities[name, t].shape)
        return found

    def _true_values(self, derivatives: Derivatives) -> Values:
        """The forward run, and the true adjoint of every quantity (of L', with the cotangents)."""
        values = self.point.values.copy()
        for (name, step), array in derivatives.loss.items():
            if step is not None:
                values.quantities[f"dL/d{name}", step] = array
        return values

    # ---------------------------------------------------------------- equation by equation

    def equations(self) -> Iterator[Check]:
        adjoint_pass = self._adjoint_pass()
        for equation in self.d.equations:
            if equation.section in ("cell", "names") or equation.label in ("L", self.d.loss.name):
                yield self._forward_check(equation)
            elif equation.section == "paths":
                continue
            else:
                yield from self._adjoint_checks(equation, adjoint_pass)
        yield from self._path_checks()

    def _forward_check(self, equation: Equation) -> Check:
        """A forward equation against the cell's own graph, run by the op table."""
        pairs = []
        for t in self._steps(equation):
            printed = self._printed(equation, t)
            if equation.label == "L":
                steps = self.d.loss.steps.at(self.steps)
                true = sum(self.true.quantities[self.d.loss.name, s] for s in steps)
            else:
                true = self.true.quantities[equation.label, t]
            pairs.append((printed, true))
        return self._check(equation, "forward run", pairs, FORWARD_TOLERANCE)

    def _steps(self, equation: Equation) -> Iterable[int]:
        if equation.label == self.d.loss.name:
            return self.d.loss.steps.at(self.steps)
        return [0] if equation.steps is None else equation.steps.at(self.steps)

    def _printed(self, equation: Equation, t: int, values: Values | None = None, **more: int) -> Array:
        """The right-hand side, from the object that is typeset."""
        known = values or self.true
        return self.evaluator.compile(equation.rhs)(known, {"t": t, "T": known.steps, **more})

    def printed(self, equation: Equation, t: int) -> Array:
        """The right-hand side at a step, with the cotangent that the true value has besides."""
        value = self._printed(equation, t)
        if equation.section == "parameters":
            return np.sum(value, axis=tuple(range(value.ndim - 2)))
        name = equation.label.removeprefix("dL/d").split("@")[0]
        return value + self.cotangents.get((name, t), 0)

    def _adjoint_checks(self, equation: Equation, adjoint_pass: Mapping[Target, Array]) -> Iterator[Check]:
        steps = list(self._steps(equation))
        printed = [self.printed(equation, t) for t in steps]
        keys = [self._target(equation, t) for t in steps]
        for scheme in self.schemes:
            pairs = [(p, self.derivatives[scheme.name].loss[key]) for p, key in zip(printed, keys, strict=True)]
            yield self._check(equation, scheme.name, pairs, scheme.tolerance)
        found = [(p, adjoint_pass[key]) for p, key in zip(printed, keys, strict=True) if key in adjoint_pass]
        if found:
            yield self._check(equation, "adjoint pass", found, PASS_TOLERANCE)

    def _target(self, equation: Equation, t: int) -> Target:
        name = equation.lhs.name.removeprefix("dL/d")
        return (name, None) if equation.section == "parameters" else (name, t)

    def _check(
        self, equation: Equation, reference: str, pairs: Iterable[tuple[Array, Array]], tolerance: float
    ) -> Check:
        error, scale, entries = compare(pairs)
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

    # ---------------------------------------------------------------- the adjoint pass in numbers

    def _adjoint_pass(self) -> dict[Target, Array]:
        """The graph's adjoints, run by the op table instead of through SymPy, with the same cotangents."""
        values, sizes = self.point.values.copy(), self.point.values.sizes
        parts: dict[str, list[Part]] = {}
        for name, adjoint in self.d.adjoints.items():
            if adjoint.timed:
                parts[f"dL/d{name}"] = [Part(compile_node(k.node, sizes), k.steps) for k in adjoint.contributions]

        def with_cotangent(label: str, t: int, value: Array) -> Array:
            return value + self.cotangents.get((label.removeprefix("dL/d"), t), 0)

        def absent(label: str) -> Array:
            name = label.removeprefix("dL/d")
            return np.zeros(self.point.values.quantities[name, 1].shape)

        run(self.d.adjoint_loops, parts, values, with_cotangent, absent)
        found = {
            (label.removeprefix("dL/d"), t): a for (label, t), a in values.quantities.items() if label[:4] == "dL/d"
        }
        for name, adjoint in self.d.adjoints.items():
            if not adjoint.timed:
                found[name, None] = self._summed(name, values)  # type: ignore[index]
        return found  # type: ignore[return-value]

    def _summed(self, name: str, values: Values) -> Array:
        total = np.zeros(self.point.values.parameters[name].shape)
        for contribution in self.d.adjoints[name].contributions:
            compute = compile_node(contribution.node, values.sizes)
            for t in (contribution.steps.within(EVERY) or contribution.steps).at(values.steps):
                value = compute(values, {"t": t, "T": values.steps})
                total = total + np.sum(value, axis=tuple(range(value.ndim - 2)))
        return total

    # ---------------------------------------------------------------- the path form

    def _path_checks(self) -> Iterator[Check]:
        """Jacobians and their products: both sides are evaluated with true Jacobians of L alone."""
        equations = self.d.section("paths")
        for horizon in dict.fromkeys(e.horizon for e in equations):
            steps = horizon or self.steps
            here = self if steps == self.steps else None
            truth = self.truth if here else Truth(self.d, self._cut(steps), {})
            for scheme in self.schemes:
                values = self._path_values(truth, scheme)
                for equation in (e for e in equations if e.horizon == horizon):
                    yield self._check(equation, scheme.name, self._path_pairs(equation, values), scheme.tolerance * 10)

    def _cut(self, steps: int) -> Values:
        """The same point with fewer steps."""
        values = given(self.d, self.point.values)
        values.steps = steps
        return forward(self.d, values)

    def _path_values(self, truth: Truth, scheme: Scheme) -> Values:
        state, loss = self.d.paths.state, self.d.loss.name
        steps = range(1, truth.values.steps + 1)
        states: list[Target] = [(state, t) for t in range(truth.values.steps + 1)]
        tops: list[Target] = [(state, t) for t in steps]
        tops += [(loss, t) for t in self.d.loss.steps.at(truth.values.steps)]
        seeds: list[Target] = [(o, t) for o in self.d.loss.outputs for t in self.d.loss.steps.at(truth.values.steps)]
        parameters: list[Target] = [(name, None) for name in self.d.paths.parameters]
        found = truth.differentiate(scheme, list(dict.fromkeys([*states, *seeds])), tops)
        found.plain.update(truth.differentiate(scheme, parameters).plain)
        values = truth.values.copy()
        for (name, step), array in found.plain.items():
            if step is not None:
                values.quantities[f"dL/d{name}", step] = array
        values.jacobian = Jacobians(truth, found)
        return values

    def _path_pairs(self, equation: Equation, values: Values) -> Iterator[tuple[Array, Array]]:
        left, right = self.evaluator.compile(equation.lhs), self.evaluator.compile(equation.rhs)
        symbols = equation.lhs.free_symbols | equation.rhs.free_symbols
        times = range(1, values.steps + 1) if c.t in symbols and _free(equation, c.t) else [values.steps]
        for t in times:
            last = t if c.t in symbols and _free(equation, c.t) else values.steps
            visits = range(0 if "[k]" in equation.label else 1, last + 1) if _free(equation, c.k) else [0]
            for k in visits:
                index = {"t": t, "T": values.steps, "k": k}
                true, printed = left(values, index), right(values, index)
                if equation.rule in ("paths", "expansion"):
                    printed = np.sum(printed, axis=tuple(range(printed.ndim - 2)))
                yield printed, true

    # ---------------------------------------------------------------- end to end

    def end_to_end(self) -> list[Check]:
        """The displayed equations run as a program, from the given values to the gradients of L."""
        values = given(self.d, self.point.values)
        calculate(self.d, values)
        plain = self.derivatives[COMPLEX_STEP.name].plain
        checks = []
        for equation in self.d.equations:
            if equation.section in ("parameters", "inputs", "initial"):
                pairs = []
                for t in self._steps(equation):
                    key = self._target(equation, t)
                    label = equation.lhs.name
                    own = values.parameters[label] if key[1] is None else values.quantities[label, t]
                    pairs.append((own, plain[key]))
                checks.append(self._check(equation, "end to end", pairs, COMPLEX_STEP.tolerance))
        return checks


def _free(equation: Equation, symbol: object) -> bool:
    """True if the symbol is not bound by a sum or a product in the equation."""
    return symbol in _unbound(equation.lhs) | _unbound(equation.rhs)


def _unbound(expression: object) -> set[object]:
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
        difference = np.abs(np.broadcast_to(printed, np.broadcast_shapes(np.shape(printed), np.shape(true))) - true)
        worst = float(np.max(difference, initial=0.0))
        error = np.inf if not np.isfinite(worst) else max(error, worst)
        scale = max(scale, float(np.max(np.abs(true), initial=0.0)))
        entries += difference.size
    return error, scale if scale > 1e-12 else 1.0, entries
