"""How large a component can be: the extreme values of elementwise expressions over everything that a step may meet.

An expression in one pre-activation (``z ⊙ (1 − z)``, where z = σ(a)) is scanned over that argument; one in several is
bounded term by term. A state that its own equation keeps between −1 and 1 counts as such; what nothing bounds has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import sympy
from sympy import Basic
from sympy.matrices.expressions import HadamardProduct, MatAdd, MatMul, MatrixSymbol

from autorecur.graph.node import Node, Variable
from autorecur.graph.program import Array, Values, compile_node, plain
from autorecur.graph.step import Step
from autorecur.graph.walk import postorder, variables
from autorecur.language.cell import Cell
from autorecur.ops.open import OpenOp, is_open
from autorecur.symbolic import carriers as c
from autorecur.symbolic.numbers import Evaluator

GRID = np.unique(np.concatenate([np.linspace(-8, 8, 4001), *(s * np.logspace(0.9, 3, 60) for s in (-1, 1)), [0.0]]))
TOO_LARGE = 50.0
"""What is larger than this on the grid grows without bound."""
MOST_VERTICES = 6

Key = tuple[str, int | None]
"""A quantity with its offset from t; a parameter where that is None."""


class Extremes:
    """Bounds of elementwise expressions of one cell's step."""

    def __init__(self, cell: Cell, step: Step) -> None:
        self.cell, self.step = cell, step
        self.sizes = dict.fromkeys(cell.sizes, 1)
        self.evaluator = Evaluator(self.sizes, plain)
        self.facts: dict[Basic, sympy.Expr] = {}
        """Every elementwise product that was bounded by a number, with the number."""

    @cached_property
    def kept(self) -> frozenset[str]:
        """The states that stay between −1 and 1 if they start there: the largest set that its equations map into itself."""
        found = set(self.cell.states)
        while True:
            outside = {state for state in found if not self._stays(state, frozenset(found))}
            if not outside:
                return frozenset(found)
            found -= outside

    def _stays(self, state: str, assumed: frozenset[str]) -> bool:
        extent = self._range_of(self.step.assignments[state].node, assumed)
        return extent is not None and extent[0] >= -1 - 1e-9 and extent[1] <= 1 + 1e-9

    def largest(self, vectors: list[Basic]) -> tuple[sympy.Expr, list[Basic]]:
        """A number that no component of the elementwise product exceeds in size, and the factors that nothing bounds."""
        groups: dict[frozenset[Key], list[Basic]] = {}
        for vector in (part for whole in vectors for part in _factors(whole)):
            groups.setdefault(self._bases(vector), []).append(vector)
        number: sympy.Expr = sympy.Integer(1)
        rest: list[Basic] = []
        for bases, parts in groups.items():
            whole = c.hadamard(*parts)
            found = self._largest_of(whole, bases)
            if found is None:
                rest.append(whole)
            else:
                number *= found
                if bases and not (isinstance(whole, c.Apply) and found == 1):
                    self.facts[whole] = found
        return number, rest

    def _largest_of(self, whole: Basic, bases: frozenset[Key]) -> sympy.Expr | None:
        if any(is_open(part.op) for part in whole.atoms(c.Apply)):
            return None  # whoever fills in the function knows
        if not bases:
            return _rational(float(np.max(np.abs(self._value(whole, {})))))
        if len(bases) == 1:
            extent = self._scanned(whole, next(iter(bases)), self.kept)
            return None if extent is None else _rational(max(abs(extent[0]), abs(extent[1])))
        if isinstance(whole, MatAdd):
            parts = [self._largest_of(term, self._bases(term)) for term in whole.args]
            return None if None in parts else sympy.Add(*parts)
        if isinstance(whole, HadamardProduct | MatMul):
            factors = [p for p in whole.args if getattr(p, "is_Matrix", False)]
            parts = [self._largest_of(factor, self._bases(factor)) for factor in factors]
            scale = sympy.Mul(*(abs(p) for p in whole.args if not getattr(p, "is_Matrix", False)))
            return None if None in parts else sympy.Mul(scale, *parts)
        return None

    # ------------------------------------------------------------------------------------------------ one variable

    def _bases(self, expression: Basic) -> frozenset[Key]:
        """What an expression depends on in the end, seen through quantities that are functions of one other."""
        found: set[Key] = set()
        for atom in sympy.preorder_traversal(expression):
            if isinstance(atom, c.Quantity):
                found.add(self._base((atom.name, int(atom.step - c.t))))
            elif isinstance(atom, MatrixSymbol):
                found.add((atom.name, None))
        return frozenset(found)

    def _base(self, key: Key) -> Key:
        name, offset = key
        assigned = self.step.assignments.get(name)
        if offset == 0 and assigned is not None and _is_function(assigned.node):
            (inner,) = variables(assigned.node)
            return self._base((inner.name, inner.offset))
        return key

    def _scanned(self, expression: Basic, base: Key, assumed: frozenset[str]) -> tuple[float, float] | None:
        """The smallest and largest value over all values of the one variable; None where there is no end."""
        if base[1] is None or (base[1] == 0 and self._is_given(base[0])):
            grid = GRID
        elif base[0] in assumed:
            grid = np.linspace(-1, 1, 2001)
        else:
            grid = GRID
        with np.errstate(all="ignore"):
            values = np.ravel(self._value(expression, {base: grid.reshape(-1, 1, 1)}))
        if not np.all(np.isfinite(values)) or np.max(np.abs(values)) > TOO_LARGE:
            return None
        return self._refined(expression, base, grid, values, -1), self._refined(expression, base, grid, values, 1)

    def _is_given(self, name: str) -> bool:
        return name not in self.step.assignments

    def _refined(self, expression: Basic, base: Key, grid: Array, values: Array, sign: int) -> float:
        """The extreme value between the grid's points, too."""
        at = int(np.argmax(sign * values))
        low, high = grid[max(0, at - 1)], grid[min(len(grid) - 1, at + 1)]
        fine = np.linspace(low, high, 2001).reshape(-1, 1, 1)
        with np.errstate(all="ignore"):
            finer = np.ravel(self._value(expression, {base: fine}))
        return float(sign * max(np.max(sign * finer), np.max(sign * values)))

    def _value(self, expression: Basic, given: Mapping[Key, Array]) -> Array:
        values = Values(self.sizes, 1)
        for (name, offset), array in given.items():
            if offset is None:
                values.parameters[name] = array
            else:
                values.quantities[name, offset] = array
        for atom in sympy.preorder_traversal(expression):
            if isinstance(atom, c.Quantity):
                self._fill(values, (atom.name, int(atom.step - c.t)))
        return self.evaluator.compile(expression)(values, {"t": 0, "T": 1})

    def _fill(self, values: Values, key: Key) -> None:
        """A quantity that is a function of one other, from that other."""
        name, offset = key
        if offset is None or (name, offset) in values.quantities:
            return
        node = self.step.assignments[name].node
        (inner,) = variables(node)
        self._fill(values, (inner.name, inner.offset))
        values.quantities[name, 0] = compile_node(node, self.sizes, plain)(values, {"t": 0, "T": 1})

    # --------------------------------------------------------------------------------------------- several variables

    def _range_of(self, node: Node, assumed: frozenset[str]) -> tuple[float, float] | None:
        """The range of an equation's right-hand side; exact where it is affine in each quantity that it reads."""
        read = list(dict.fromkeys(variables(node)))
        if len(read) > MOST_VERTICES or any(v.offset is None for v in read):
            return None
        if any(isinstance(part.op, OpenOp) for part in postorder(node)):
            return None
        extents = [self._range_of_variable(v, assumed) for v in read]
        if _is_function(node):
            name = read[0]
            grid = GRID if extents[0] is None else np.linspace(*extents[0], 2001)
            with np.errstate(all="ignore"):
                values = np.ravel(self._run(node, {(name.name, name.offset or 0): grid.reshape(-1, 1, 1)}))
            usable = np.all(np.isfinite(values)) and np.max(np.abs(values)) <= TOO_LARGE
            return (float(values.min()), float(values.max())) if usable else None
        if any(extent is None for extent in extents):
            return self._range_of_product(node, assumed)
        corners = np.array(list(product(*((e[0], (e[0] + e[1]) / 2, e[1]) for e in extents if e is not None))))
        keys = [(v.name, v.offset or 0) for v in read]
        values = np.ravel(self._run(node, {key: corners[:, i].reshape(-1, 1, 1) for i, key in enumerate(keys)}))
        cube = values.reshape((3,) * len(read))
        for axis in range(len(read)):
            low, middle, high = np.moveaxis(cube, axis, 0)
            if not np.allclose(low + high, 2 * middle):
                return None
        return float(values.min()), float(values.max())

    def _range_of_product(self, node: Node, assumed: frozenset[str]) -> tuple[float, float] | None:
        """Of ``o ⊙ tanh(c)``: the product of what bounds its factors."""
        if node.op is None or node.op.name != "multiply":
            return None
        sizes = [
            self._range_of(part, assumed) if part.op is not None else self._leaf(part, assumed) for part in node.inputs
        ]
        if any(extent is None for extent in sizes):
            return None
        ends = [a * b for a in sizes[0] or () for b in sizes[1] or ()]
        return min(ends), max(ends)

    def _leaf(self, node: Node, assumed: frozenset[str]) -> tuple[float, float] | None:
        return self._range_of_variable(node, assumed) if isinstance(node, Variable) else None

    def _range_of_variable(self, v: Variable, assumed: frozenset[str]) -> tuple[float, float] | None:
        if v.offset == 0 and v.name in self.step.assignments and v.name not in self.cell.states:
            return self._range_of(self.step.assignments[v.name].node, assumed)
        return (-1.0, 1.0) if v.name in assumed else None

    def _run(self, node: Node, given: Mapping[tuple[str, int], Array]) -> Array:
        return compile_node(node, self.sizes, plain)(Values(self.sizes, 1, {}, dict(given)), {"t": 0, "T": 1})


def _factors(expression: Basic) -> list[Basic]:
    """The factors of an elementwise product; a number in front stays with what it scales."""
    return list(expression.args) if isinstance(expression, HadamardProduct) else [expression]


def _is_function(node: Node) -> bool:
    """One function, or several in one variable, component by component."""
    read = set(variables(node))
    pending: list[Any] = [node]
    while pending:
        part = pending.pop()
        if part.op is not None and part.op.kind not in ("elementwise", "arithmetic"):
            return False
        pending.extend(part.inputs)
    return node.op is not None and len(read) == 1 and next(iter(read)).offset is not None


def _rational(value: float) -> sympy.Expr:
    """A simple fraction if it is one; else the number rounded up in the fourth decimal."""
    close = Fraction(value).limit_denominator(64)
    if abs(float(close) - value) < 1e-7:
        return sympy.Rational(close.numerator, close.denominator)
    return sympy.Float(str(np.ceil(value * 1e4) / 1e4))
