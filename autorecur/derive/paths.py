"""The same gradient seen as paths: products of Jacobians, for cells with one state of delay one. Cells with several such
states have theirs in :mod:`autorecur.derive.stacked`.

In columns the factors stand in the order of the chain rule, the step falling from left to right. In a cell of row vectors
everything stands the other way round: ``du = dv · ∂u/∂v``, the step rising from left to right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Basic, Expr, Integer, Symbol
from sympy.matrices.expressions import Identity, MatMul, Transpose

from autorecur.derive.equation import Equation, Term
from autorecur.derive.jacobians import Chain, NoPathFormError, chains_of, is_selection
from autorecur.graph.adjoint import adjoint_name, factored, pull_backs
from autorecur.graph.node import Node, Variable, number
from autorecur.graph.range import EVERY, FIRST, Bound, Steps
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

if TYPE_CHECKING:
    from autorecur.derive.equations import Draft

MOST_TERMS = 8
j = Symbol("j", integer=True)
EXPANDED = 3
"""The number of steps of the expansion term by term."""


@dataclass(frozen=True)
class PathForm:
    """The equations of the path form; ``reason`` names why there is none: ``many``, ``delay``, ``backward``, ``matrix``,
    ``skip``, ``shape``, ``none`` (the cell has no state) or an empty string.

    ``state`` is what the Jacobians are taken of: the only state of the cell, or the name of the stack of all ``states``."""

    equations: tuple[Equation, ...] = ()
    reason: str = ""
    state: str = ""
    parameters: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    @property
    def stacked(self) -> bool:
        return len(self.states) > 1


class Paths:
    """Collects the immediate Jacobians of a step and multiplies them along paths."""

    def __init__(self, draft: Draft, states: tuple[str, ...]) -> None:
        self.draft = draft
        self.states = states
        self.state = states[0]
        shape = draft.cell.shapes[self.state]
        self.shape: tuple[Any, Any] = (c.size(shape[0]), c.size(shape[1]))
        self.row = draft.original.convention == "row" and shape[0] == 1
        self.loss = draft.loss.name
        self.edges: dict[str, dict[Variable, Node]] = {}
        for name, assignment in draft.step.assignments.items():
            if name != self.loss:
                own = Variable(assignment.node.shape, name=adjoint_name(name), offset=0)
                sent = pull_backs(assignment.node, own, assignment.variable)
                self.edges[name] = {leaf: factored(node, own) for leaf, (node, _) in sent.items()}

        back = pull_backs(draft.nodes[self.loss], number(1), number(1))
        self.seeds = {leaf: node for leaf, (node, _) in back.items()}
        if any(v.offset not in (0, None) and v.name in self.edges for v in self.reached_by_loss_without_state()):
            raise NoPathFormError("skip")

    def form(self) -> PathForm:
        parameters = self.chosen_parameters()
        found = [self.one_step(), self.several_steps(), *self.loss_by_state()]
        for name in parameters:
            found.append(self.immediate(name))
        for i, name in enumerate(parameters):
            found.append(self.whole(name))
            if i == 0 or self.draft.loss.at == "last":
                found.append(self.expanded(name))
        found.append(self.column(parameters[0]))
        return PathForm(tuple(found), "", self.state, tuple(parameters), self.states)

    def reached_by_loss_without_state(self) -> Iterator[Variable]:
        """The leaves that a step's loss reads by paths that do not run through a state of the same step."""
        yield from self.seeds
        read = {leaf.name for leaf in self.seeds if leaf.name in self.edges}
        pending = [name for name in read if name not in self.states]
        seen = set(pending)
        while pending:
            for leaf in self.edges[pending.pop()]:
                yield leaf
                if leaf.offset == 0 and leaf.name in self.edges and leaf.name not in seen | {*self.states}:
                    seen.add(leaf.name)
                    pending.append(leaf.name)

    def chains(self, name: str, target: Variable) -> list[Chain]:
        """Every path of the same step from a quantity to a leaf, past all states, as a product of immediate Jacobians."""
        if name == target.name and target.offset == 0:
            return [Chain()]
        found: list[Chain] = []
        for leaf, node in self.edges[name].items():
            g = Variable(self.draft.step.assignments[name].node.shape, name=adjoint_name(name), offset=0)
            if leaf == target:
                found.extend(chains_of(node, g, self.row))
            elif leaf.offset == 0 and leaf.name in self.edges and leaf.name not in self.states:
                inner = self.chains(leaf.name, target)
                if not inner:
                    continue
                outer = [replace(o, through=(leaf.name,)) for o in chains_of(node, g, self.row)]
                found.extend(o.then(i) for o in outer for i in inner)
            if len(found) > MOST_TERMS:
                raise NoPathFormError("shape")
        return found

    def expression(self, chain: Chain, shape: tuple[Expr, Expr]) -> Basic:
        """The product of a chain; neighbouring diagonals are one. In rows the factors stand the other way round."""
        merged: list[Basic] = []
        for part in chain.factors:
            if merged and isinstance(part, c.Diagonal) and isinstance(merged[-1], c.Diagonal):
                merged[-1] = c.Diagonal(c.hadamard(merged[-1].vector, part.vector))
            elif merged and is_selection(part):
                merged[-1] = c.Block(merged[-1], *part.args[1:])
            else:
                merged.append(part)
        if self.row:
            merged.reverse()
        parts = merged or [Identity(shape[0])]
        body = MatMul(*parts) if len(parts) > 1 else parts[0]
        if chain.scalars:
            body = c.Scaled(c.hadamard(*chain.scalars), body)
        if chain.scale == 1:
            return body
        return MatMul(chain.scale, *(body.args if isinstance(body, MatMul) else (body,)))

    def at(self, step: Any) -> c.Quantity:
        return c.Quantity(self.state, step, *self.shape)

    def derivative(self, top: Basic, bottom: Basic, immediate: int = 0) -> c.Derivative:
        return c.Derivative(top, bottom, immediate, int(self.row))

    def ordered(self, *parts: Basic) -> Basic:
        """A product, outer function on the left in columns, on the right in rows."""
        return MatMul(*(parts[::-1] if self.row else parts))

    def equation(self, label: str, lhs: Basic, terms: list[Term], rule: str, **facts: Any) -> Equation:
        shape = tuple(c.size_text(s) if not s.has(sympy.Mul) else str(s) for s in lhs.shape)
        return Equation("", label, label, "paths", lhs, tuple(terms), rule, (shape[0], shape[1]), **facts)

    def one_step(self) -> Equation:
        previous = self.leaf(self.state, -1)
        chains = self.chains(self.state, previous)
        if not chains:
            raise NoPathFormError("none")
        lhs = self.derivative(self.at(c.t), self.at(c.t - 1))
        terms = [Term(self.expression(chain, lhs.shape), ">".join(chain.through) or None) for chain in chains]
        return self.equation(f"d{self.state}/d{self.state}[t-1]", lhs, terms, "jacobian", steps=EVERY)

    def leaf(self, name: str, offset: int | None = None) -> Variable:
        """A quantity at a step beside t, or a parameter, as equations read it."""
        rows, columns = self.draft.cell.shapes[name]
        return Variable((rows, columns), name=name, offset=offset)

    def product(self, last: Expr, first: Expr) -> Basic:
        step = self.derivative(self.at(j), self.at(j - 1))
        return c.OrderedProduct(step, j, first + 1, last, *([1] if self.row else []))

    def several_steps(self) -> Equation:
        lhs = self.derivative(self.at(c.t), self.at(c.k))
        terms = [Term(self.product(c.t, c.k))]
        return self.equation(f"d{self.state}/d{self.state}[k]", lhs, terms, "chain", steps=EVERY)

    def top(self, step: Expr) -> Basic:
        """What is differentiated at a step: the loss of that step, or L itself where only the last step has one."""
        return c.quantity(self.loss, step, (1, 1)) if self.draft.loss.at == "all" else c.symbol("L", (1, 1))

    def loss_by_state(self) -> Iterator[Equation]:
        last = self.draft.loss.at == "last"
        step: Expr = c.T if last else c.t
        terms = self.entering(self.state, step)
        if not terms:
            raise NoPathFormError("none")
        lhs = self.derivative(self.top(step), self.at(step))
        yield self.equation(self.seed_label(), lhs, terms, "seed", steps=None if last else EVERY)

    def seed_label(self) -> str:
        return f"d{'L' if self.draft.loss.at == 'last' else self.loss}/d{self.state} as a row"

    def entering(self, state: str, step: Expr) -> list[Term]:
        """How the loss of a step reads a state of that step, past all other states."""
        terms = []
        for leaf, node in self.seeds.items():
            if leaf.offset != 0 or leaf.name not in self.edges:
                continue
            if leaf.name in self.states and leaf.name != state:
                continue
            for chain in self.chains(leaf.name, self.leaf(state, 0)):
                seed = Transpose(self.seed(leaf, node, step))
                factors = self.expression(chain, (seed.shape[1], seed.shape[1])).xreplace({c.t: step})
                parts = [seed] if chain == Chain(through=chain.through) else [seed, factors]
                product = self.ordered(*parts) if len(parts) > 1 else seed
                terms.append(Term(flat(product), leaf.name))
        return terms

    def seed(self, leaf: Variable, node: Node, step: Expr) -> Basic:
        """∂ℓ/∂v: the adjoint of v where the loss alone reads it, else written out."""
        adjoint = self.draft.adjoints.get(leaf.name)
        if adjoint is not None and all(p.through == (self.loss,) for p in adjoint.contributions):
            return c.quantity(adjoint_name(leaf.name), step, leaf.shape)
        return express(node, step)

    def chosen_parameters(self) -> list[str]:
        """The first weight of the state and the first of an input that reach the loss through the state alone."""
        direct = {leaf.name for leaf in self.reached_by_loss_without_state()}
        recurrent: list[tuple[int, int, str]] = []
        other: list[tuple[int, int, str]] = []
        for name in self.draft.original.parameters:
            shape = self.draft.cell.shapes.get(name, (1, 1))
            if name in direct or shape == (1, 1):
                continue
            try:
                chains = [found for state in self.states if (found := self.chains(state, self.leaf(name)))]
            except NoPathFormError:
                continue
            if [len(found) for found in chains] == [1]:
                ((chain,),) = chains
                used = {q.name for f in chain.factors[-1:] for q in f.atoms(c.Quantity) if q.step != c.t}
                rank = (len(chain.factors), len(recurrent) + len(other), name)
                (recurrent if used & {*self.states} else other if 1 not in shape else []).append(rank)
        chosen = [min(ranked)[-1] for ranked in (recurrent, other) if ranked]
        if not chosen:
            raise NoPathFormError("shape")
        return chosen

    def parameter(self, name: str) -> Basic:
        return c.symbol(name, self.draft.cell.shapes[name])

    def immediate(self, name: str) -> Equation:
        (chain,) = self.chains(self.state, self.leaf(name))
        lhs = self.derivative(self.at(c.k), self.parameter(name), 1)
        rhs = self.expression(chain, lhs.shape).xreplace({c.t: c.k})
        return self.equation(f"d+{self.state}/d{name}", lhs, [Term(rhs)], "immediate", steps=EVERY)

    def path(self, name: str, last: Expr, visit: Expr) -> tuple[Basic, Basic]:
        """The first and the last factor of a path that starts at the loss of ``last`` and leaves at ``visit``."""
        start = self.derivative(self.top(last), self.at(last))
        return start, self.derivative(self.at(visit), self.parameter(name), 1)

    def whole(self, name: str) -> Equation:
        last: Expr = c.t if self.draft.loss.at == "all" else c.T
        start, leave = self.path(name, last, c.k)
        body = c.TimeSum(self.ordered(start, self.product(last, c.k), leave), c.k, Integer(1), last)
        if self.draft.loss.at == "all":
            body = c.TimeSum(body, c.t, Integer(1), c.T)
        lhs = self.derivative(c.symbol("L", (1, 1)), self.parameter(name))
        return self.equation(f"dL/d{name} by paths", lhs, [Term(body)], "paths")

    def expanded(self, name: str) -> Equation:
        """The sum for three steps, term by term: one loss and one visit to the parameter each."""
        lasts = [EXPANDED] if self.draft.loss.at == "last" else range(1, EXPANDED + 1)
        terms = []
        for last in lasts:
            visits = range(1, last + 1) if self.draft.loss.at == "all" else range(last, 0, -1)
            for visit in visits:
                start, leave = self.path(name, Integer(last), Integer(visit))
                between = [self.derivative(self.at(s), self.at(s - 1)) for s in range(last, visit, -1)]
                here = Bound(False, visit)
                terms.append(Term(self.ordered(start, *between, leave), f"{last}>{visit}", steps=Steps(here, here)))
        lhs = self.derivative(c.symbol("L", (1, 1)), self.parameter(name))
        return self.equation(f"dL/d{name} in three steps", lhs, terms, "expansion", horizon=EXPANDED)

    def column(self, name: str) -> Equation:
        """All paths that leave at step k: the adjoint of the state, times the immediate derivative."""
        leave = self.derivative(self.at(c.k), self.parameter(name), 1)
        if self.draft.loss.at == "all":
            each = self.derivative(self.top(c.t), self.at(c.k))
            reach: Basic = c.TimeSum(each, c.t, c.k, c.T)
        else:
            reach = self.derivative(c.symbol("L", (1, 1)), self.at(c.k))
        adjoint = Transpose(c.Quantity(adjoint_name(self.state), c.k, *self.shape))
        lhs, rhs = self.ordered(reach, leave), self.ordered(adjoint, leave)
        return self.equation(f"visits of {name}", lhs, [Term(rhs)], "column", steps=Steps(FIRST, Bound(True, 0)))


def flat(product: Basic) -> Basic:
    """A product of products as one, numbers in front; the identity leaves it."""
    if not isinstance(product, MatMul):
        return product
    parts = [inner for part in product.args for inner in (part.args if isinstance(part, MatMul) else (part,))]
    numbers = [part for part in parts if not getattr(part, "is_Matrix", False)]
    matrices = [part for part in parts if getattr(part, "is_Matrix", False)]
    kept = [part for part in matrices if not isinstance(part, Identity)] or matrices[-1:]
    whole = [*numbers, *kept]
    return MatMul(*whole) if len(whole) > 1 else whole[0]
