"""Weight decay: λ/2 times the squares of the weights, which L has besides the losses of the steps.

The penalty is a node like any equation, and its gradients are its pull-backs. It belongs to no step and to no sample: beside a
sum over steps and samples it is counted once. On the page that is the term in which λ stands, for λ stands nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np
import sympy
from sympy import Basic
from sympy.matrices.expressions import MatAdd

from autorecur.derive.equation import Equation, Term
from autorecur.errors import CellError
from autorecur.graph.adjoint import adjoint_name, pull_backs
from autorecur.graph.node import Node, Variable, number
from autorecur.graph.program import Array, Kernels, Values, compile_node, real
from autorecur.language.cell import Cell
from autorecur.language.decay import Decayed
from autorecur.ops import TABLE
from autorecur.ops.functions import square
from autorecur.ops.reductions import COMPONENTS
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

if TYPE_CHECKING:
    from autorecur.notations.rewriting import Rewriting
    from autorecur.symbolic.numbers import Evaluator

PENALTY = "weight decay"
"""What a term of the penalty is said to come through; no quantity has such a name."""
RULE = "weight_decay"


@dataclass(frozen=True)
class Decay:
    """``text`` as it was asked for, the ``coefficient`` by name, the ``weights`` by their printed names, and the penalty."""

    text: str
    coefficient: str
    weights: tuple[str, ...]
    node: Node

    @cached_property
    def gradients(self) -> Mapping[str, Node]:
        """What the penalty sends back to each weight."""
        found = pull_backs(self.node, number(1), Variable((1, 1), name=PENALTY, offset=None))
        return {v.name: sent for v, (sent, _) in found.items() if v.name in self.weights}

    @property
    def symbol(self) -> Basic:
        return c.symbol(self.coefficient, (1, 1))

    @property
    def term(self) -> Term:
        """The penalty as a term of L."""
        return Term(express(self.node), PENALTY)

    def term_of(self, weight: str) -> tuple[Term, ...]:
        """The term of a weight's gradient; none for a parameter that does not decay."""
        sent = self.gradients.get(weight)
        return () if sent is None else (Term(express(sent), PENALTY, 0, (RULE,)),)

    def value(self, values: Values, kernels: Kernels = real) -> Array:
        """The penalty, by the op table."""
        return compile_node(self.node, values.sizes, kernels)(values, {})

    def gradient(self, weight: str, values: Values) -> Array | None:
        """Its gradient by the op table."""
        sent = self.gradients.get(weight)
        return None if sent is None else compile_node(sent, values.sizes)(values, {})


def decay_of(text: str | None, decayed: Decayed | None, extended: Cell, rewriting: Rewriting | None) -> Decay | None:
    """The penalty of a printed cell. Raises CellError if only a part of a printed weight is to decay."""
    if decayed is None or text is None:
        return None
    weights = decayed.weights
    if rewriting is not None:
        weights = _printed(decayed.weights, rewriting)
    coefficient = Variable((1, 1), name=decayed.coefficient, offset=None)
    matrices = [Variable(extended.shapes[name], name=name, offset=None) for name in weights]
    squares = [TABLE["sum"](square(matrix), axis=COMPONENTS) for matrix in matrices]
    total = reduce(lambda a, b: a + b, squares)
    return Decay(text, decayed.coefficient, weights, number(Fraction(1, 2)) * (coefficient * total))


def _printed(weights: tuple[str, ...], rewriting: Rewriting) -> tuple[str, ...]:
    """The printed weights that hold these; the squares of a weight's blocks are those of the weight."""
    found = tuple(dict.fromkeys(name for weight in weights for name in rewriting.printed_names(weight)))
    for name in found:
        left = [part for part in rewriting.written_names(name) if part not in weights]
        if left:
            raise CellError(
                f"{name} is printed as one weight, of which {left[0]} would not decay.",
                hint=f"Let {left[0]} decay, too, or choose a notation in which weights stand apart.",
            )
    return found


def with_decay(equation: Equation, decay: Decay | None) -> Equation:
    """The equation of L, or of a weight's gradient, with the term of the penalty behind the others."""
    if decay is None:
        return equation
    terms: tuple[Term, ...] = (decay.term,) if equation.label == "L" else ()
    if equation.section == "parameters":
        terms = decay.term_of(equation.label.removeprefix(adjoint_name("")))
    return replace(equation, terms=(*equation.terms, *terms)) if terms else equation


def apart(rhs: Basic, decay: Decay | None) -> tuple[Basic, Basic | None]:
    """A right-hand side as what is summed over samples and what is counted once, which is where the coefficient stands."""
    if decay is None or not rhs.has(decay.symbol):
        return rhs, None
    summands, pending = [], [rhs]
    while pending:
        part = pending.pop(0)
        if isinstance(part, MatAdd):
            pending = [*part.args, *pending]
        else:
            summands.append(part)
    once = [part for part in summands if part.has(decay.symbol)]
    rest = [part for part in summands if not part.has(decay.symbol)]
    return c.total(rest, _shape(rhs)), c.total(once, _shape(rhs))


def _shape(expression: Basic) -> tuple[int | str, int | str]:
    rows, columns = (c.size_text(sympy.sympify(size)) for size in expression.shape)
    return rows, columns


def over_samples(rhs: Basic, decay: Decay | None, values: Values, evaluator: Evaluator) -> Array:
    """A right-hand side summed over the batch, with the penalty in it once."""
    each, once = apart(rhs, decay)
    index = values.index(0)
    total = values.summed(evaluator.compile(each)(values, index))
    if once is None:
        return total
    found = evaluator.compile(once)(values, index)
    return total + (found if np.ndim(found) == 2 else values.summed(found))
