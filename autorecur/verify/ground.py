"""The ground that equations are checked on: one random point, its true values, and what the graph's adjoint pass says there.

Nothing here depends on a printed right-hand side, so a derivation with an altered equation stands on the same ground, and
checks of the equations that it shares with the original are made once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from autorecur.derive.equation import Equation
from autorecur.errors import CellError
from autorecur.graph.adjoint import Contribution
from autorecur.graph.program import Array, Compute, Index, Part, Values, compile_node, run
from autorecur.graph.range import EVERY
from autorecur.graph.walk import variables
from autorecur.ops.open import filled
from autorecur.symbolic.numbers import Evaluator
from autorecur.verify.long import given
from autorecur.verify.points import Point, filling, random_point
from autorecur.verify.references import (
    COMPLEX_STEP,
    WIDEST,
    WIDEST_BESIDE_A_KINK,
    CentralDifferences,
    Reference,
)
from autorecur.verify.report import Check
from autorecur.verify.truth import Derivatives, Entries, Jacobians, Target, Truth, forward

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

WORK = 50_000_000
"""Components to differentiate, times numbers to compute for each: beyond, a sample of components has to do."""
LEAST = 64
"""The least number of components in a sample."""


class Ground:
    """One random point of a derivation, with the derivatives of the forward run there by each reference."""

    def __init__(self, derivation: Derivation, seed: int) -> None:
        self.d = derivation
        self.steps = derivation.checked_steps
        self.filling = filling(derivation.cell.functions, seed)
        """What the open functions of the cell are at this point."""
        self.checks: dict[Equation, tuple[Check, ...]] = {}
        """The checks of every equation that was checked on this ground."""
        self._along_paths: dict[tuple[int, str], tuple[Values, float]] = {}
        with filled(self.filling):
            self._survey(seed)

    def _survey(self, seed: int) -> None:
        derivation = self.d
        self.point: Point = random_point(derivation, seed, derivation.horizon())
        self.evaluator = Evaluator(self.point.values.sizes)
        self.cotangents: dict[Target, Array] = {}
        self.cotangents = self._cotangents(np.random.default_rng([seed, 1]), self._adjoint_pass())
        self.truth = Truth(derivation, self.point.values, self.cotangents)
        if derivation.truncate is not None and self.sampled:
            raise CellError(
                f"truncate={derivation.truncate} is too long for {derivation.cell.name}: its checks run over two cuts.",
                hint="A smaller number of steps has the same equations.",
            )
        entries = self._entries(np.random.default_rng([seed, 2]))
        differences = CentralDifferences(WIDEST if self.point.smooth else WIDEST_BESIDE_A_KINK)
        self.references: tuple[Reference, ...] = (COMPLEX_STEP, differences)
        self.derivatives = {r.name: r.differentiate(self.truth, entries) for r in self.references}
        exact = self.derivatives[COMPLEX_STEP.name]
        self.true = self._true_values(self.adjoint_pass if self.sampled else exact.loss)
        self.errors = self._errors(entries) if derivation.truncate is not None else {}

    @cached_property
    def lanes(self) -> int:
        """How many components have a derivative that equations speak of."""
        return sum(len(self.truth.components(target)) for target in self.truth.targets())

    @property
    def sampled(self) -> bool:
        """True for a cell so large that not every component is differentiated by itself."""
        return self.lanes * self.numbers > WORK

    @property
    def sample(self) -> int:
        """How many components are differentiated by themselves."""
        return min(self.lanes, max(LEAST, WORK // self.numbers))

    @cached_property
    def numbers(self) -> int:
        """How many numbers one forward run computes."""
        return int(sum(array.size for array in self.point.values.quantities.values()))

    def _entries(self, generator: np.random.Generator) -> Entries:
        """Every component, or for a large cell a random sample of them: work is bounded."""
        targets = self.truth.targets()
        if not self.sampled:
            return self.truth.all_components(targets)
        pairs = [(target, i) for target in targets for i in self.truth.components(target)]
        chosen = generator.choice(len(pairs), self.sample, replace=False)
        found: dict[Target, list[int]] = {}
        for target, i in (pairs[at] for at in sorted(chosen)):
            found.setdefault(target, []).append(i)
        return {target: np.array(which) for target, which in found.items()}

    def _cotangents(self, generator: np.random.Generator, adjoints: Mapping[Target, Array]) -> dict[Target, Array]:
        """A random cotangent on every quantity with a displayed adjoint that has terms, at the steps at which it has one.

        It is as large as the adjoint that it stands beside, so that neither hides the other. A quantity that reaches no loss
        has none: its adjoint is stated to be zero, and so is what would follow from it.
        """
        found: dict[Target, Array] = {}
        for equation in self.d.equations:
            if (
                equation.section in ("loss", "backward")
                and equation.steps is not None
                and equation.label.startswith("dL/d")
            ):
                name = equation.label.removeprefix("dL/d").split("@")[0]
                if name not in self.d.adjoints or not self.d.adjoints[name].regions():
                    continue
                values = self.point.values
                last = values.last(name)
                known = [np.abs(adjoints.get(values.key(name, s), 0)) for s in range(1, last + 1)]
                scale = max(float(np.max(array, initial=0.0)) for array in known)
                name = equation.lhs.name.removeprefix("dL/d")
                for t in equation.steps.at(values.last(name)):
                    drawn = generator.standard_normal(self.point.values.quantities[name, t].shape)
                    found[name, t] = (scale or 1.0) * drawn
        return found

    def _true_values(self, adjoints: Mapping[Target, Array]) -> Values:
        """The forward run, and the true adjoint of every quantity (of L', with the cotangents).

        Of a large cell the adjoints are those of the adjoint pass, which the sample of components confirms."""
        values = self.point.values.copy()
        for (name, step), array in adjoints.items():
            if step is not None:
                values.quantities[f"dL/d{name}", step] = array
        return values

    def _errors(self, entries: Entries) -> dict[Target, Array]:
        """What truncation loses of every adjoint and gradient, by its own name: the whole derivative less the truncated one."""
        exact = self.derivatives[COMPLEX_STEP.name].loss
        whole = COMPLEX_STEP.differentiate(Truth(self.d.untruncated, self.point.values, self.cotangents), entries).loss
        found: dict[Target, Array] = {}
        for equation in self.d.section("truncation"):
            own, name = equation.lhs.name, equation.label.removeprefix("error of dL/d").split("@")[0]
            for (other, step), array in whole.items():
                if other == name:
                    found[own, step] = array - exact[name, step]
                    if step is not None:
                        self.true.quantities[own, step] = found[own, step]
        return found

    @cached_property
    def adjoint_pass(self) -> dict[Target, Array]:
        """The graph's adjoints, run by the op table instead of through SymPy, with the same cotangents."""
        return self._adjoint_pass()

    def _adjoint_pass(self) -> dict[Target, Array]:
        values, sizes = self.point.values.copy(), self.point.values.sizes
        parts: dict[str, list[Part]] = {}
        for name, adjoint in self.d.adjoints.items():
            if adjoint.timed:
                parts[f"dL/d{name}"] = [Part(_compiled(k, sizes), k.steps) for k in adjoint.contributions]

        def with_cotangent(label: str, t: int, value: Array) -> Array:
            name, step = values.key(label.removeprefix("dL/d"), t)
            return value + self.cotangents.get((name, step), 0)

        def absent(label: str) -> Array:
            name = label.removeprefix("dL/d")
            return np.zeros(self.point.values.quantities[values.key(name, 1)].shape)

        run(self.d.adjoint_loops, parts, values, with_cotangent, absent)
        found = {
            (label.removeprefix("dL/d"), t): a for (label, t), a in values.quantities.items() if label[:4] == "dL/d"
        }
        for name, adjoint in self.d.adjoints.items():
            if not adjoint.timed:
                found[name, None] = self._summed(name, values)  # type: ignore[index]
        if self.d.decay is not None:
            for name in self.d.decay.weights:
                sent = self.d.decay.gradient(name, values)
                known = found.get((name, None), 0)  # type: ignore[arg-type]
                found[name, None] = known + sent  # type: ignore[index]
        return found  # type: ignore[return-value]

    def _summed(self, name: str, values: Values) -> Array:
        total = np.zeros(self.point.values.parameters[name].shape)
        for contribution in self.d.adjoints[name].contributions:
            compute = compile_node(contribution.node, values.sizes)
            last = values.last(contribution.through[0])
            for t in (contribution.steps.within(EVERY) or contribution.steps).at(last):
                value = compute(values, values.index(t))
                total = total + self.point.values.summed(value)
        return total

    def _cut(self, steps: int) -> Values:
        """The same point with fewer steps."""
        values = given(self.d, self.point.values)
        values.steps = steps
        return forward(self.d, values)

    def path_values(self, steps: int, reference: Reference) -> tuple[Values, float]:
        """The forward run of a number of steps with true adjoints of L alone, and how exact derivatives are there.

        It answers for every ∂u/∂v of the path form."""
        key = (steps, reference.name)
        if key not in self._along_paths:
            if steps == self.steps and not self.sampled and self.d.decay is None:
                self._along_paths[key] = self._path_values(self.truth, reference, self.derivatives[reference.name])
            else:
                truth = Truth(self.d, self._cut(steps), {}, self.truth.magnitude, penalised=False)
                self._along_paths[key] = self._path_values(truth, reference, Derivatives())
        return self._along_paths[key]

    def _path_values(self, truth: Truth, reference: Reference, known: Derivatives) -> tuple[Values, float]:
        """What is known of L need not be found again."""
        paths, loss = self.d.paths, self.d.loss
        totals = [e.lhs.top.name for e in paths.equations if e.rule == "total"]
        steps = range(1, truth.values.steps + 1)
        counted = loss.steps.at(truth.values.steps)
        stacks = [(paths.state, t) for t in (0, *steps)] if paths.stacked else []
        bottoms: list[Target] = [(name, t) for name in (paths.state, *totals) for t in (0, *steps)]
        tops: list[Target] = [*((name, t) for name, t in bottoms if t), *((loss.name, t) for t in counted)]
        read = [v.name for v in variables(self.d.nodes[loss.name]) if v.name in self.d.nodes]
        of_loss: list[Target] = [(name, t) for name in paths.states for t in (0, *steps)]
        of_loss += [(name, t) for name in read for t in counted]
        found = reference.differentiate(
            truth, truth.all_components([*bottoms, *(v for v in of_loss if v not in known.plain)]), tops
        )
        parameters: list[Target] = [(name, None) for name in paths.parameters if (name, None) not in known.plain]
        by_parameters = reference.differentiate(truth, truth.all_components(parameters))
        found.plain = {**known.plain, **found.plain, **by_parameters.plain}
        values = truth.values.copy()
        values.quantities.update({(name, t): truth.value((name, t)) for name, t in stacks})
        for (name, step), array in found.plain.items():
            if step is not None:
                values.quantities[f"dL/d{name}", step] = array
        values.jacobian = Jacobians(truth, reference, found)
        return values, max(known.rounding, found.rounding, by_parameters.rounding)


def _compiled(part: Contribution, sizes: Mapping[str, int]) -> Compute:
    """A contribution as a function; one that comes from every step of another part is their sum."""
    compute = compile_node(part.node, sizes)
    if not part.summed:
        return compute

    def total(values: Values, index: Index) -> Array:
        found = [compute(values, values.index(t)) for t in part.over.at(values.last(part.through[0]))]
        return sum(found[1:], found[0])

    return total
