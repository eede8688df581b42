"""The equations of a derivation, in the order of the page: the cell, names, the loss, one step backwards, gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Basic, Expr

from autorecur.derive.decay import Decay, with_decay
from autorecur.derive.equation import Equation, Term
from autorecur.derive.losses import Loss
from autorecur.graph.adjoint import Adjoint, Contribution, adjoint_name, initial_steps, summands
from autorecur.graph.clocks import Clocks, mark
from autorecur.graph.node import Fixed, Node
from autorecur.graph.range import EVERY, FIRST, Bound, Steps
from autorecur.graph.step import Step
from autorecur.graph.walk import variables
from autorecur.language.cell import Cell
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

Shape = tuple[int | str, int | str]


def bound(b: Bound, last: Expr = c.T) -> Expr:
    """A step such as T−1 in SymPy."""
    return last + b.offset if b.from_end else sympy.Integer(b.offset)


@dataclass
class Draft:
    """All that the equations are drawn from."""

    cell: Cell
    original: Cell
    step: Step
    loss: Loss
    adjoints: Mapping[str, Adjoint]
    nodes: Mapping[str, Node]
    """The right-hand sides that are differentiated."""
    order: Sequence[str]
    """The quantities in an order of evaluation."""
    clocks: Clocks | None = None
    """Whose steps each quantity counts, in a frame."""
    taken: frozenset[str] = frozenset()
    """Letters that a notation gives to other things."""
    decay: Decay | None = None

    def at(self, name: str, steps: Steps = EVERY) -> tuple[Expr, Steps]:
        """The step at which the equations of a quantity stand, and the steps for which they hold."""
        if self.clocks is not None and self.clocks.once(name):
            start = self.clocks.start(name)
            return sympy.Integer(1), Steps(FIRST, FIRST) if start is None else Steps(start[1], start[1])
        return (bound(steps.first) if steps.single else c.t), steps

    def counted(self, expression: Basic, name: str) -> Basic:
        """The expression with the number of steps of ``name`` for T."""
        if self.clocks is None or self.clocks.once(name):
            return expression
        return expression.xreplace({c.T: c.last(self.clocks.clock(name))})

    def lhs(self, name: str, step: Expr, shape: Shape) -> Basic:
        """A quantity or an adjoint on the left; ``s[0]`` stands at its own step."""
        start = self.clocks.start(name) if self.clocks is not None else None
        if start is not None:
            return self.counted(c.quantity(start[0], bound(start[1]), shape), start[0])
        return self.counted(c.quantity(name, step, shape), name)

    def key(self, name: str, steps: Steps = EVERY) -> str:
        """A quantity in the language of results."""
        if self.clocks is not None and self.clocks.once(name):
            return name
        return f"{name}[{steps.first if steps.single else 't'}]"


def equations(draft: Draft) -> tuple[Equation, ...]:
    """Every displayed equation but those of the path form, numbered from (1)."""
    found = [
        *_cell(draft),
        *_names(draft),
        *_loss(draft),
        *_backward(draft),
        *_parameters(draft),
        *_inputs(draft),
        *_initial(draft),
    ]
    found = [with_decay(e, draft.decay) for e in found]
    labels = {e.label for e in found}
    return tuple(replace(e, uses=_uses(e, labels)) for e in numbered(found))


def numbered(found: Iterable[Equation], start: int = 1) -> list[Equation]:
    return [replace(e, number=f"({i})") for i, e in enumerate(found, start)]


def _uses(equation: Equation, labels: set[str]) -> tuple[str, ...]:
    """The labels of the equations behind the quantities on the right-hand side."""
    names: dict[str, None] = {}
    for term in equation.terms:
        for atom in sympy.preorder_traversal(term.expression):
            if isinstance(atom, c.Quantity) and atom.name in labels:
                names[atom.name] = None
    return tuple(name for name in names if name != equation.label)


def _forward(draft: Draft, label: str, section: str, node: Node, rule: str) -> Equation:
    shape: Shape = (node.shape[0], node.shape[1])
    step, steps = draft.at(label)
    term = Term(express(node, step), steps=steps)
    return Equation("", label, draft.key(label), section, draft.lhs(label, step, shape), (term,), rule, shape, steps)


def _cell(draft: Draft) -> Iterator[Equation]:
    for assignment in draft.original.assignments:
        yield _forward(draft, assignment.name, "cell", draft.step.authored[assignment.name], "cell")


def _names(draft: Draft) -> Iterator[Equation]:
    for name, assignment in draft.step.assignments.items():
        if assignment.kind not in ("cell", "loss"):
            yield _forward(draft, name, "names", assignment.node, assignment.kind)


def _loss(draft: Draft) -> Iterator[Equation]:
    name = draft.loss.name
    node = draft.step.assignments[name].node
    yield _forward(draft, name, "loss", node, "loss")
    own = c.quantity(name, c.t, (1, 1))
    once = draft.clocks is not None and draft.clocks.once(name)
    at_last = own.xreplace({c.t: sympy.Integer(1) if once else c.T})
    every = c.TimeSum(own, c.t, bound(EVERY.first), bound(EVERY.last))
    body = draft.counted(every if draft.loss.at == "all" and not once else at_last, name)
    yield Equation("", "L", "L", "loss", c.symbol("L", (1, 1)), (Term(body, name),), "loss", (1, 1), None)
    for output in draft.order:
        adjoint = draft.adjoints.get(output)
        if adjoint is not None and _is_seed(adjoint, name):
            yield from adjoint_equations(adjoint, "loss", draft)


def _is_seed(adjoint: Adjoint, loss: str) -> bool:
    return adjoint.timed and bool(adjoint.contributions) and all(p.through == (loss,) for p in adjoint.contributions)


def _backward(draft: Draft) -> Iterator[Equation]:
    """Adjoints in reverse order of the forward equations."""
    for name in reversed(draft.order):
        adjoint = draft.adjoints.get(name)
        if name == draft.loss.name or (adjoint is not None and _is_seed(adjoint, draft.loss.name)):
            continue
        if adjoint is not None and adjoint.regions():
            yield from adjoint_equations(adjoint, "backward", draft)
        elif name in draft.cell.states or _reaches_nothing(draft, name):
            yield zero(name, draft.cell.shapes[name], draft)


def _reaches_nothing(draft: Draft, name: str) -> bool:
    """True for a quantity of the author's that no path joins to the loss."""
    return (
        name in draft.original.shapes
        and name != draft.loss.bypassed
        and name not in draft.adjoints
        and not any(name in c_.through for a in draft.adjoints.values() for c_ in a.contributions)
    )


def zero(name: str, shape: tuple[int | str, ...], draft: Draft) -> Equation:
    label = adjoint_name(name)
    pair: Shape = (shape[0], shape[1])
    step, steps = draft.at(name)
    return Equation("", label, draft.key(label), "backward", draft.lhs(label, step, pair), (), "none", pair, steps)


def adjoint_equations(adjoint: Adjoint, section: str, draft: Draft) -> Iterator[Equation]:
    """One equation for each range of steps with the same terms; the longest range first, with the plain label."""
    label = adjoint_name(adjoint.name)
    shape: Shape = (adjoint.shape[0], adjoint.shape[1])
    pieces = sorted(adjoint.regions(), key=lambda piece: piece[0].first.from_end == piece[0].last.from_end)
    for i, (steps, contributions) in enumerate(pieces):
        step, steps = draft.at(adjoint.name, steps)
        # What comes from the same step is read first; no sum begins with a minus if that can be helped.
        nearest = sorted(contributions, key=lambda part: (abs(part.offset), summands(part.node)[0][0] < 0))
        terms = tuple(_term(part, step, steps, draft, adjoint.name) for part in nearest)
        yield Equation(
            number="",
            label=label if i == 0 else f"{label}@{steps}",
            quantity=draft.key(label, steps),
            section=section,
            lhs=draft.lhs(label, step, shape),
            terms=terms,
            rule="readers" if i == 0 else "end",
            shape=shape,
            steps=steps,
        )


def _term(part: Contribution, step: Expr, steps: Steps, draft: Draft, name: str) -> Term:
    if part.summed:
        return _over_time(part, draft)
    expression = draft.counted(express(part.node, step), name)
    return Term(expression, ">".join(part.through), part.offset, part.ops, steps)


def _parameters(draft: Draft) -> Iterator[Equation]:
    for name in draft.original.parameters:
        if name.endswith("]"):
            continue
        rows, columns = draft.cell.shapes[name]
        adjoint = draft.adjoints.get(name)
        terms = tuple(_over_time(part, draft) for part in adjoint.contributions) if adjoint else ()
        label = adjoint_name(name)
        lhs = c.symbol(label, (rows, columns))
        yield Equation("", label, label, "parameters", lhs, terms, "shared", (rows, columns), None)


def _over_time(part: Contribution, draft: Draft) -> Term:
    """What a parameter receives through one equation: a sum over the steps at which that equation reaches the loss."""
    reader = part.through[0]
    steps = part.over if part.summed else part.steps
    step, steps = draft.at(reader, steps.within(EVERY) or steps)
    expression = express(part.node, step)
    if not steps.single:
        expression = c.TimeSum(expression, c.t, bound(steps.first), bound(steps.last))
    expression = draft.counted(expression, reader)
    return Term(expression, ">".join(part.through), 0, part.ops, steps)


def _inputs(draft: Draft) -> Iterator[Equation]:
    for name in draft.original.inputs:
        adjoint = draft.adjoints.get(name)
        if adjoint is not None and adjoint.regions():
            yield from adjoint_equations(adjoint, "inputs", draft)
        else:
            yield replace(zero(name, draft.cell.shapes[name], draft), section="inputs")


def _initial(draft: Draft) -> Iterator[Equation]:
    """The adjoint equation of a state at the steps at which it is given: only contributions from steps 1 … T are left."""
    for name in draft.cell.states:
        rows, columns = draft.cell.shapes[name]
        for step in initial_steps(draft.cell.offsets, name):
            if mark(name, step) in draft.cell.starts:
                continue  # computed by an equation of its own
            here = Steps(step, step)
            adjoint = draft.adjoints.get(name)
            parts = [p for p in adjoint.contributions if here in p.steps] if adjoint else []
            label = f"{adjoint_name(name)}[{step}]"
            terms = tuple(_term(part, bound(step), here, draft, name) for part in parts)
            lhs = draft.lhs(adjoint_name(name), bound(step), (rows, columns))
            yield Equation("", label, label, "initial", lhs, terms, "initial", (rows, columns), here)


def reads_of(adjoints: Mapping[str, Adjoint]) -> dict[str, list[tuple[str, int]]]:
    """What each adjoint reads, for the scheduler: quantities of the adjoint program alone."""
    timed = {adjoint_name(name): adjoint for name, adjoint in adjoints.items() if adjoint.timed}
    return {
        label: [read for part in adjoint.contributions for read in _read_by(part) if read[0] in timed]
        for label, adjoint in timed.items()
    }


def _read_by(part: Contribution) -> Iterator[tuple[str, int]]:
    for v in variables(part.node):
        if isinstance(v, Fixed):
            yield v.base, 0
        elif v.offset is not None:
            yield v.name, 0 if part.summed else v.offset
