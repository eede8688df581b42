"""Reads a right-hand side that somebody wrote in the language: ``f[t+1] * dL/dc[t+1]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Basic

from autorecur.derive.equation import Equation
from autorecur.derive.equations import bound
from autorecur.errors import CellError
from autorecur.graph.clocks import mark
from autorecur.graph.node import Fixed, Node, Variable
from autorecur.graph.range import EVERY, Bound
from autorecur.graph.step import express as to_node
from autorecur.language import syntax
from autorecur.language.nearest import did_you_mean
from autorecur.language.parser import parse_expression
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation


def read(derivation: Derivation, equation: Equation, text: str) -> Basic:
    """The SymPy expression of a text in the language.

    For the gradient of a parameter, which is a sum over time, the text is what stands under the sum.
    """
    tree = parse_expression(
        text, "the right-hand side", parts=derivation.part_names, functions=derivation.cell.functions
    )
    row = derivation.cell.convention == "row"
    node = to_node(tree, lambda name: _leaf(derivation, name), row)
    if equation.section == "parameters":
        return c.TimeSum(express(node), c.t, bound(EVERY.first), bound(EVERY.last))
    expression = express(node)
    steps = equation.steps
    return expression.xreplace({c.t: bound(steps.first)}) if steps is not None and steps.single else expression


def _leaf(derivation: Derivation, name: syntax.Name | syntax.Absolute) -> Node:
    if isinstance(name, syntax.Absolute):
        return fixed(derivation, name)
    try:
        shape = derivation.shape_of(name.name)
    except KeyError:
        known = [*derivation.extended.shapes, *derivation.step.assignments, *(e.label for e in derivation.equations)]
        raise CellError(f"this derivation has no {name.name!r}.{did_you_mean(name.name, known)}") from None
    if name.offset is None and derivation.is_once(name.name):
        return Variable(shape, name=name.name, offset=0)
    return Variable(shape, name=name.name, offset=name.offset)


def fixed(derivation: Derivation, name: syntax.Absolute) -> Node:
    """``dL/dh[T]`` or ``encoder.h[T]`` in a frame."""
    step = Bound(name.from_end, name.offset)
    clock = derivation.clocks.clock(name.name) if derivation.clocks is not None else "T"
    shape = _leaf(derivation, syntax.Name(name.name, 0)).shape
    return Fixed(shape, name=mark(name.name, step), base=name.name, bound=step, clock=clock)
