"""Bounds of the Jacobian from step to step, read off its own factors.

A path from a state of step t−1 to a state of step t is a product of matrices, so its norm is at most the product of their
norms: ‖W‖ for a weight, the largest component for a diagonal matrix. Paths add up, and so do their bounds. A cell with
several states has one such bound for each block; the norm of the matrix of these numbers bounds the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import sympy
from sympy import Basic, Integer
from sympy.matrices.expressions import MatMul, OneMatrix, Transpose

from autorecur.derive.equation import Equation, Term
from autorecur.derive.jacobians import Chain, NoPathFormError, chains_of, is_selection
from autorecur.graph.adjoint import adjoint_name, factored, pull_backs
from autorecur.graph.node import Node, Variable
from autorecur.graph.range import EVERY
from autorecur.symbolic import carriers as c
from autorecur.symbolic.spelling import letters_of
from autorecur.vanishing.extremes import Extremes

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

MOST_CHAINS = 12
j = sympy.Symbol("j", integer=True)


@dataclass(frozen=True)
class Block:
    """How the state ``top`` of step t depends on the state ``bottom`` of step t−1: the paths, and the bound of each."""

    top: str
    bottom: str
    chains: tuple[Chain, ...]
    equation: Equation


@dataclass(frozen=True)
class Bounds:
    """The bounds of a cell; ``reason`` says why there are none: ``none``, ``backward``, ``delay``, ``shape``."""

    states: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    whole: Equation | None = None
    """The bound over several steps."""
    letter: str = "B"
    """The name of the matrix of the blocks' bounds (of the only one's bound, for one state)."""
    joint: str = "s"
    """The name of all states together."""
    kept: frozenset[str] = frozenset()
    """The states that stay between −1 and 1."""
    reason: str = ""
    facts: tuple[tuple[Basic, sympy.Expr], ...] = ()
    """Elementwise products with the number that none of their components exceeds in size."""

    @property
    def equations(self) -> tuple[Equation, ...]:
        return (*(block.equation for block in self.blocks), *([self.whole] if self.whole else []))

    @property
    def constant(self) -> bool:
        """Whether the bound is the same at each step."""
        return not any(isinstance(part, c.Quantity) for b in self.blocks for part in _atoms(b.equation.rhs))

    def replaced(self, label: str, rhs: Basic) -> Bounds:
        """With one right-hand side changed, for planting errors and seeing them found."""
        blocks = tuple(
            replace(b, equation=b.equation.with_rhs(rhs)) if b.equation.label == label else b for b in self.blocks
        )
        whole = self.whole.with_rhs(rhs) if self.whole is not None and self.whole.label == label else self.whole
        return replace(self, blocks=blocks, whole=whole)


def bounds_of(derivation: Derivation) -> Bounds:
    """The bounds, each an inequality with its terms; or the reason why there are none."""
    try:
        with np.errstate(all="ignore"):
            return _Bounder(derivation).bounds()
    except NoPathFormError as reason:
        return Bounds(reason=str(reason))


class _Bounder:
    def __init__(self, derivation: Derivation) -> None:
        self.d = derivation
        cell = derivation.cell
        if not cell.states:
            raise NoPathFormError("none")
        offsets = {o for state in cell.states for o in cell.offsets[state]}
        if any(o > 0 for o in offsets):
            raise NoPathFormError("backward")
        if min(offsets, default=-1) < -1:
            raise NoPathFormError("delay")
        self.row = cell.convention == "row"
        self.extremes = Extremes(cell, derivation.step)
        naming, paths = derivation.naming, derivation.paths
        used = {*cell.shapes, *derivation.step.assignments, "L", "T", "t", "k", *letters_of(naming.symbols)}
        single = len(cell.states) == 1
        self.letter = next(name for name in (*(["beta"] if single else []), "B", "M", "Q", "B_s") if name not in used)
        stack = [paths.state] if paths.stacked else []
        self.joint = next(name for name in (*stack, "s", "q", "S", "s_all") if name not in used)
        self.edges: dict[str, dict[Variable, Node]] = {}
        for name, assignment in derivation.step.assignments.items():
            if name != derivation.loss.name:
                own = self.own(name)
                sent = pull_backs(assignment.node, own, assignment.variable)
                self.edges[name] = {leaf: factored(node, own) for leaf, (node, _) in sent.items()}

    def own(self, name: str) -> Variable:
        return Variable(self.d.step.assignments[name].node.shape, name=adjoint_name(name), offset=0)

    def bounds(self) -> Bounds:
        states = self.d.cell.states
        blocks: list[Block] = []
        for top in states:
            for bottom in states:
                chains = self.chains(top, bottom)
                if chains:
                    blocks.append(
                        Block(top, bottom, tuple(chains), self.inequality(top, bottom, chains, len(blocks) + 1))
                    )
        if not blocks:
            raise NoPathFormError("none")
        return Bounds(
            states,
            tuple(blocks),
            self.over_steps(blocks),
            self.letter,
            self.joint,
            self.extremes.kept,
            facts=tuple(self.extremes.facts.items()),
        )

    def chains(self, name: str, bottom: str) -> list[Chain]:
        """Every path of one step from a quantity back to a state of the step before."""
        found: list[Chain] = []
        for leaf, node in self.edges[name].items():
            if leaf.offset == -1 and leaf.name == bottom:
                found += chains_of(node, self.own(name), self.row)
            elif leaf.offset == 0 and leaf.name in self.edges:
                inner = self.chains(leaf.name, bottom)
                if inner:
                    outer = [
                        Chain(o.scale, o.factors, o.scalars, (leaf.name,))
                        for o in chains_of(node, self.own(name), self.row)
                    ]
                    found += [o.then(i) for o in outer for i in inner]
            if len(found) > MOST_CHAINS:
                raise NoPathFormError("shape")
        return found

    def at(self, state: str, step: sympy.Expr) -> c.Quantity:
        return c.quantity(state, step, self.d.cell.shapes[state])

    def inequality(self, top: str, bottom: str, chains: list[Chain], number: int) -> Equation:
        lhs = c.Norm(c.Derivative(self.at(top, c.t), self.at(bottom, c.t - 1), 0, int(self.row)))
        terms = [Term(self.norm_of(chain), ">".join(chain.through) or None) for chain in chains]
        return _bound(f"bound of d{top}/d{bottom}", f"(B{number})", lhs, terms)

    def norm_of(self, chain: Chain) -> Basic:
        """The product of the norms of a path's factors; neighbouring diagonals are one."""
        scale: sympy.Expr = abs(chain.scale)
        norms: list[Basic] = []
        number, rest = self.extremes.largest(list(chain.scalars))
        scale *= number
        norms += [c.Norm(part) for part in rest]
        for diagonal, group in groupby(_cut(chain.factors), key=lambda factor: isinstance(factor, c.Diagonal)):
            if diagonal:
                number, rest = self.extremes.largest([factor.vector for factor in group])
                scale *= number
                norms += [c.Norm(part, 1) for part in rest]
            else:
                norms += [c.Norm(_bare(factor)) for factor in group if not is_selection(factor)]
        if not norms:
            return OneMatrix(1, 1) if scale == 1 else MatMul(scale, OneMatrix(1, 1))
        body = c.hadamard(*norms)
        return body if scale == 1 else MatMul(scale, body)

    def over_steps(self, blocks: list[Block]) -> Equation:
        """‖∂s_T/∂s_k‖: a power where the bound of a step is a number, else the product over the steps."""
        states = self.d.cell.states
        number = f"(B{len(blocks) + 1})"
        moving = any(isinstance(part, c.Quantity) for block in blocks for part in _atoms(block.equation.rhs))
        if len(states) == 1:
            name, size = states[0], (1, 1)
            ends = [self.at(name, at) for at in (c.T, c.k)]
        else:
            whole = sum((sympy.Mul(*map(c.size, self.d.cell.shapes[s])) for s in states), Integer(0))
            ends = [c.Quantity(self.joint, at, whole, Integer(1)) for at in (c.T, c.k)]
            size = (len(states), len(states))
        lhs = c.Norm(c.Derivative(*ends, 0, int(self.row)))
        if moving:
            factor: Basic = c.quantity(self.letter, j, size)
            body: Basic = c.OrderedProduct(factor if size == (1, 1) else c.Norm(factor), j, c.k + 1, c.T)
        elif len(states) == 1:
            step = blocks[0].equation.rhs
            body = step if isinstance(step, OneMatrix) else c.Raised(step, c.T - c.k)
        else:
            body = c.Raised(c.Norm(c.symbol(self.letter, size)), c.T - c.k)
        return _bound("bound over steps", number, lhs, [Term(body)])


def _cut(factors: tuple[Basic, ...]) -> list[Basic]:
    """A weight and the selection behind it as one block of the weight."""
    found: list[Basic] = []
    for factor in factors:
        if is_selection(factor) and found and not isinstance(found[-1], c.Diagonal):
            found[-1] = c.Block(found[-1], *factor.args[1:])
        else:
            found.append(factor)
    return found


def _bound(label: str, number: str, lhs: Basic, terms: list[Term]) -> Equation:
    return Equation(number, label, label, "bounds", lhs, tuple(terms), "bound", (1, 1), EVERY)


def _bare(factor: Basic) -> Basic:
    """A matrix and its transpose have one norm."""
    return factor.arg if isinstance(factor, Transpose) else factor


def _atoms(expression: Basic) -> list[Basic]:
    return list(sympy.preorder_traversal(expression))
