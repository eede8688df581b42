"""Slips planted in printed equations: every applicable one, at every place of a right-hand side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from sympy import Basic
from sympy.matrices.exceptions import ShapeError as SympyShapeError
from sympy.matrices.expressions import MatAdd, MatMul, MatrixExpr, MatrixSymbol, Transpose

from autorecur.derive.derivation import Derivation
from autorecur.derive.equation import Equation
from autorecur.errors import ShapeError
from autorecur.graph.program import Values
from autorecur.graph.range import EVERY
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import Evaluator, MissingValueError

Path = tuple[int, ...]
FACTOR = sympy.Float("1.001")


@dataclass(frozen=True)
class Mutant:
    """One altered right-hand side and what was done to it."""

    equation: Equation
    slip: str
    rhs: Basic

    def __str__(self) -> str:
        return f"{self.equation.number} {self.equation.label}: {self.slip}: {self.rhs}"

    def blamed(self, derivation: Derivation, seed: int = 0) -> set[str]:
        """The numbers of the equations that verification finds wrong after the slip."""
        report = derivation.replace(self.equation.label, self.rhs).verify(seed)
        return {check.equation for check in report.failures}

    def changes_nothing(self, derivation: Derivation) -> bool:
        """True if the altered expression has the same value as the original for any values of what stands in it.

        Jacobians that are all diagonal may stand in any order, and where c[t-1] is a summand of c[t], nothing more,
        a derivative by one is a derivative by the other: there the values are the true ones at other points.
        """
        if self.slip == "order" and not any(self.blamed(derivation, seed) for seed in (1, 2, 3)):
            return True
        if self.slip == "step" and self.equation.section == "paths":
            return all(_same_where_true(derivation, self.equation, self.rhs, seed) for seed in (1, 2, 3))
        return all(_same(derivation, self.equation.rhs, self.rhs, seed) for seed in range(4))


def _same(derivation: Derivation, one: Basic, other: Basic, seed: int) -> bool:
    """Equal at numbers without any relation to each other (positive ones for odd seeds)."""
    generator = np.random.default_rng(seed)
    known = derivation.ground(0).true

    def noise(array: Any) -> Any:
        drawn = generator.standard_normal(np.shape(array))
        return np.abs(drawn) + 0.1 if seed % 2 else drawn

    evaluator = Evaluator(known.sizes)
    jacobians: dict[Any, Any] = {}

    def jacobian(x: c.Derivative, index: Any) -> Any:
        key = (x, tuple(sorted(index.items())))
        if key not in jacobians:
            jacobians[key] = noise(np.empty([evaluator.size(size) for size in x.shape]))
        return jacobians[key]

    values = Values(known.sizes, known.steps)
    values.parameters = {name: noise(array) for name, array in known.parameters.items()}
    values.quantities = {key: noise(array) for key, array in known.quantities.items()}
    values.jacobian = jacobian
    index = {"t": 2, "T": known.steps, "k": 1}
    try:
        with np.errstate(all="ignore"):
            before, after = (evaluator.compile(expression)(values, index) for expression in (one, other))
    except MissingValueError:
        return False
    return bool(np.allclose(before, after, rtol=1e-12, atol=1e-14, equal_nan=True))


def _same_where_true(derivation: Derivation, equation: Equation, other: Basic, seed: int) -> bool:
    """Equal, step by step, at the true values of everything on the right."""
    ground = derivation.ground(seed)
    values, _ = ground.path_values(ground.steps, ground.references[0])
    before, after = (ground.evaluator.compile(expression) for expression in (equation.rhs, other))
    steps = (equation.steps or EVERY).at(values.steps)
    try:
        pairs = [(before(values, at), after(values, at)) for at in ({"t": t, "T": values.steps, "k": 1} for t in steps)]
    except MissingValueError:
        return False
    return all(np.allclose(one, two, rtol=1e-10, atol=1e-14) for one, two in pairs)


def places(root: Basic) -> Iterator[tuple[Path, Basic]]:
    """Every matrix expression inside ``root``, with the way that leads there; what is differentiated stays as it is."""
    pending: list[tuple[Path, Basic]] = [((), root)]
    while pending:
        path, node = pending.pop()
        yield path, node
        if not isinstance(node, c.Derivative):
            parts = [(i, part) for i, part in enumerate(node.args) if isinstance(part, MatrixExpr)]
            pending += [((*path, i), part) for i, part in reversed(parts)]


def put(root: Basic, path: Path, new: Basic) -> Basic:
    """``root`` with the expression at the end of a path replaced."""
    if not path:
        return new
    args = list(root.args)
    args[path[0]] = put(args[path[0]], path[1:], new)
    return root.func(*args)


def _signs(node: Basic) -> Iterator[Basic]:
    if isinstance(node, MatAdd):
        for i, term in enumerate(node.args):
            yield MatAdd(*node.args[:i], c.negated(term), *node.args[i + 1 :])


def _lost_terms(node: Basic) -> Iterator[Basic]:
    if isinstance(node, MatAdd):
        for i in range(len(node.args)):
            yield c.total([*node.args[:i], *node.args[i + 1 :]], (1, 1))


def _lost_transposes(node: Basic) -> Iterator[Basic]:
    if isinstance(node, Transpose) and node.shape != (1, 1):
        yield node.arg


def _times(node: Basic) -> Iterator[Basic]:
    if isinstance(node, c.Quantity):
        for offset in (-1, 1):
            yield c.Quantity(node.args[0], node.step + offset, *node.shape)
    if isinstance(node, c.Derivative):
        for i in (0, 1):
            if isinstance(node.args[i], c.Quantity):
                yield from (c.Derivative(*node.args[:i], new, *node.args[i + 1 :]) for new in _times(node.args[i]))


def _powers(node: Basic) -> Iterator[Basic]:
    if isinstance(node, c.Quantity | MatrixSymbol):
        yield c.Power(node, 2)


def _ranges(node: Basic) -> Iterator[Basic]:
    """A lost step at either end of a sum or a product."""
    if isinstance(node, c.TimeSum | c.OrderedProduct):
        yield node.func(node.args[0], node.index, node.first + 1, node.last, *node.args[4:])
        yield node.func(node.args[0], node.index, node.first, node.last - 1, *node.args[4:])


def _orders(node: Basic) -> Iterator[Basic]:
    if isinstance(node, c.OrderedProduct):
        yield node.func(*node.args[:4], 0 if node.rising else 1)


SLIPS: dict[str, Callable[[Basic], Iterator[Basic]]] = {
    "sign of a term": _signs,
    "lost term": _lost_terms,
    "lost transpose": _lost_transposes,
    "step": _times,
    "power": _powers,
    "range": _ranges,
    "order": _orders,
}
"""Each gives what may stand wrongly in place of an expression."""


def mutants(equation: Equation) -> Iterator[Mutant]:
    """Every slip at every place at which it keeps the shape."""
    rhs = equation.rhs
    if equation.terms:
        yield Mutant(equation, "sign", c.negated(rhs))
        yield Mutant(equation, "factor", MatMul(FACTOR, rhs))
    for path, node in places(rhs):
        for slip, rule in SLIPS.items():
            for new in rule(node):
                try:
                    altered = put(rhs, path, new)
                    c.require_fit(altered)
                except (SympyShapeError, ShapeError):
                    continue
                if altered.shape == rhs.shape:
                    yield Mutant(equation, slip, altered)
