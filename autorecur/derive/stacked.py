"""The path form of a cell with several states: their stack is one state, its Jacobian a matrix of blocks.

A block is immediate: through the equations of step t, the other states of step t−1 held fixed. A state that another state of
the same step reads is on the way there: h_t reads c_t, so ∂⁺h_t/∂c_{t−1} runs through ∂⁺h_t/∂c_t. Paths are followed from
state to state, so that each such factor is found once and, where it is long, named once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from sympy import Basic, Expr
from sympy.matrices.expressions import Identity, MatMul, MatrixSymbol, Transpose, ZeroMatrix

from autorecur.derive.equation import Equation, Term
from autorecur.derive.jacobians import NoPathFormError
from autorecur.derive.paths import PathForm, Paths, flat
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.node import Variable
from autorecur.graph.range import EVERY, FIRST, Bound, Steps
from autorecur.symbolic import carriers as c

if TYPE_CHECKING:
    from autorecur.derive.equations import Draft

LETTERS = ("s", "S", "zeta", "xi", "sigma", "eta")
"""What the stack may be called, if the cell has no such name."""


class StackedPaths(Paths):
    """Blocks are found from direct paths, which touch no other state of the step."""

    def __init__(self, draft: Draft, states: tuple[str, ...]) -> None:
        super().__init__(draft, states)
        for state in states:
            vector = draft.cell.shapes[state][0] == 1
            if vector != self.row and draft.cell.shapes[state] != (1, 1):
                raise NoPathFormError("shape")
        self.state = _letter(draft)
        self.parts = [self.one(state, c.t) for state in states]
        whole = c.Concatenation(-1 if self.row else -2, *self.parts)
        self.shape = whole.shape
        self.whole_stack = whole
        self.readers = {u: [v for v in states if v != u and self.chains(u, self.leaf(v, 0))] for u in states}

    def form(self) -> PathForm:
        (parameter, *_) = self.chosen_parameters()
        found = [
            self.equation(self.state, self.at(c.t), [Term(self.whole_stack)], "stack", steps=EVERY),
            *self.within_a_step(),
            *self.long_blocks(),
            self.one_step(),
            self.several_steps(),
            self.whole(parameter),
            *self.loss_by_state(),
            *self.immediates(parameter),
            self.expanded(parameter),
            self.column(parameter),
            *self.totals(),
        ]
        return PathForm(tuple(found), "", self.state, (parameter,), self.states)

    def one(self, state: str, step: Expr) -> c.Quantity:
        """One of the states."""
        shape = self.draft.cell.shapes[state]
        return c.quantity(state, step, (shape[0], shape[1]))

    def immediately(self, state: str, bottom: Basic) -> c.Derivative:
        return self.derivative(self.one(state, c.t), bottom, 1)

    # ------------------------------------------------------------------------------------- from state to state

    def within(self, u: str, v: str) -> list[Term]:
        """The direct paths from a state to one that it reads in the same step."""
        lhs = self.immediately(u, self.one(v, c.t))
        return [
            Term(self.expression(chain, lhs.shape), ">".join(chain.through) or None)
            for chain in self.chains(u, self.leaf(v, 0))
        ]

    def is_whole(self, u: str, v: str) -> bool:
        """Whether the direct paths are all: none runs through a third state."""
        return not any(self.reaches(w, v) for w in self.readers[u] if w != v)

    def reaches(self, u: str, v: str) -> bool:
        return v in self.readers[u] or any(self.reaches(w, v) for w in self.readers[u])

    def factor(self, u: str, v: str) -> Basic:
        """What stands for the direct paths: their name, or the paths themselves where they are short or not all."""
        terms = self.within(u, v)
        if self.is_whole(u, v) and not _short(terms):
            return self.immediately(u, self.one(v, c.t))
        return c.total([term.expression for term in terms], (1, 1))

    def within_a_step(self) -> Iterator[Equation]:
        for u in self.states:
            for v in self.readers[u]:
                factor = self.factor(u, v)
                if isinstance(factor, c.Derivative):
                    yield self.equation(f"d+{u}/d{v}", factor, self.within(u, v), "within", steps=EVERY)

    @cache  # noqa: B019  the object lives as long as one derivation is drawn up
    def block(self, u: str, leaf: Variable) -> tuple[Term, ...]:
        """All paths of the step from a state to a leaf of the step before, or to a parameter."""
        bottom = self.one(leaf.name, c.t - 1) if leaf.offset else self.parameter(leaf.name)
        lhs = self.immediately(u, bottom)
        terms = [
            Term(self.expression(chain, lhs.shape), ">".join(chain.through) or None) for chain in self.chains(u, leaf)
        ]
        for v in self.readers[u]:
            inner = self.block(v, leaf)
            if inner:
                terms.append(Term(flat(self.ordered(self.factor(u, v), self.known(v, leaf))), v))
        return tuple(terms)

    def known(self, u: str, leaf: Variable) -> Basic:
        """A block where it is used: itself if it is short, else its name; 0 if there is no path."""
        bottom = self.one(leaf.name, c.t - 1) if leaf.offset else self.parameter(leaf.name)
        lhs = self.immediately(u, bottom)
        terms = self.block(u, leaf)
        if not terms:
            return ZeroMatrix(*lhs.shape)
        return terms[0].expression if _short(terms) else lhs

    def long_blocks(self) -> Iterator[Equation]:
        """Blocks that get a name, those first that others are made of."""
        for u in self.draft.order:
            if u not in self.states:
                continue
            for v in self.states:
                leaf = self.leaf(v, -1)
                terms = self.block(u, leaf)
                if terms and not _short(terms):
                    yield self.equation(f"d+{u}/d{v}[t-1]", self.known(u, leaf), [*terms], "block", steps=EVERY)

    def grid(self, parts: Sequence[Sequence[Basic]]) -> c.Blocks:
        """Blocks with one line for each state on top; in rows one column for each."""
        lines = zip(*parts, strict=True) if self.row else parts
        return c.blocks([list(line) for line in lines])

    # --------------------------------------------------------------------------------------------- the equations

    def one_step(self) -> Equation:
        lhs = self.derivative(self.at(c.t), self.at(c.t - 1))
        leaves = [self.leaf(v, -1) for v in self.states]
        if not any(self.block(u, leaf) for u in self.states for leaf in leaves):
            raise NoPathFormError("none")
        body = self.grid([[self.known(u, leaf) for leaf in leaves] for u in self.states])
        return self.equation(f"d{self.state}/d{self.state}[t-1]", lhs, [Term(body)], "jacobian", steps=EVERY)

    def totals(self) -> Iterator[Equation]:
        """Of a state that another state of its step reads: its block is not its whole derivative."""
        for v in self.states:
            by = [u for u in self.states if v in self.readers[u]]
            reached = [u for u in self.states if self.reaches(u, v)]
            if not by or by != reached or not all(self.is_whole(u, v) for u in by):
                continue
            previous = self.leaf(v, -1)
            terms = [Term(self.known(v, previous))] if self.block(v, previous) else []
            for u in by:
                if self.block(v, self.leaf(u, -1)):
                    factor = self.factor(u, v).xreplace({c.t: c.t - 1})
                    terms.append(Term(flat(self.ordered(self.known(v, self.leaf(u, -1)), factor)), u))
            if len(terms) > 1:
                lhs = self.derivative(self.one(v, c.t), self.one(v, c.t - 1))
                after_one = Steps(Bound(False, 2), EVERY.last)
                yield self.equation(f"d{v}/d{v}[t-1]", lhs, terms, "total", steps=after_one)
                return

    def loss_by_state(self) -> Iterator[Equation]:
        last = self.draft.loss.at == "last"
        step: Expr = c.T if last else c.t
        lhs = self.derivative(self.top(step), self.at(step))
        parts: list[Basic] = []
        for state in self.states:
            terms = self.entering(state, step)
            zero = ZeroMatrix(*self.derivative(self.top(step), self.one(state, step)).shape)
            parts.append(c.total([term.expression for term in terms], (1, 1)) if terms else zero)
        if all(isinstance(part, ZeroMatrix) for part in parts):
            raise NoPathFormError("none")
        terms = [Term(self.grid([parts]))]
        yield self.equation(self.seed_label(), lhs, terms, "seed", steps=None if last else EVERY)

    def immediates(self, name: str) -> Iterator[Equation]:
        """∂⁺ of each state by a parameter, and of the stack, at step k."""
        leaf, at_k = self.leaf(name), {c.t: c.k}
        for u in self.states:
            if self.chains(u, leaf) and isinstance(lhs := self.known(u, leaf), c.Derivative):
                terms = [Term(term.expression.xreplace(at_k), term.through) for term in self.block(u, leaf)]
                yield self.equation(f"d+{u}/d{name}", lhs.xreplace(at_k), terms, "immediate", steps=EVERY)
        parts = []
        for u in self.states:
            terms = list(self.block(u, leaf))
            direct = bool(self.chains(u, leaf)) or not terms
            parts.append([self.known(u, leaf) if direct else c.total([term.expression for term in terms], (1, 1))])
        lhs = self.derivative(self.at(c.k), self.parameter(name), 1)
        body = self.grid(parts).xreplace(at_k)
        yield self.equation(f"d+{self.state}/d{name}", lhs, [Term(body)], "immediate stack", steps=EVERY)

    def column(self, name: str) -> Equation:
        """All paths that reach step k: the adjoints of the states, less what they received from other states of their step."""
        if self.draft.loss.at == "all":
            reach: Basic = c.TimeSum(self.derivative(self.top(c.t), self.at(c.k)), c.t, c.k, c.T)
        else:
            reach = self.derivative(c.symbol("L", (1, 1)), self.at(c.k))
        parts: list[Basic] = []
        for v in self.states:
            own: list[Basic] = [Transpose(self.adjoint(v))]
            for u in self.states:
                if v in self.readers[u]:
                    factor = self.factor(u, v).xreplace({c.t: c.k})
                    own.append(c.negated(flat(self.ordered(Transpose(self.adjoint(u)), factor))))
            parts.append(c.total(own, (1, 1)))
        terms = [Term(self.grid([parts]))]
        return self.equation("adjoints as one row", reach, terms, "column", steps=Steps(FIRST, Bound(True, 0)))

    def adjoint(self, state: str) -> c.Quantity:
        shape = self.draft.cell.shapes[state]
        return c.quantity(adjoint_name(state), c.k, (shape[0], shape[1]))


def _letter(draft: Draft) -> str:
    """A letter for the stack that no name of the cell begins with."""
    taken = {name.split("_")[0] for name in (*draft.step.assignments, *draft.cell.shapes)} | draft.taken
    return next((letter for letter in LETTERS if letter not in taken), "stack")


def _short(terms: Sequence[Term]) -> bool:
    """One path of one or two plain factors: a weight, the diagonal of a quantity, a name."""
    if len(terms) != 1:
        return False
    whole = terms[0].expression
    parts = whole.args if isinstance(whole, MatMul) else (whole,)
    return len(parts) <= 2 and all(_plain(part) for part in parts)


def _plain(part: Basic) -> bool:
    if isinstance(part, c.Diagonal):
        return isinstance(part.vector, (c.Quantity, MatrixSymbol))
    return isinstance(part, (c.Derivative, MatrixSymbol, Identity))
