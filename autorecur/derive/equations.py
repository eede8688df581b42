"""The equations of a derivation, in the order of the page: the cell, names, the loss, one step backwards, gradients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy
from sympy import Basic, Expr

from autorecur.derive.equation import Equation, Term
from autorecur.derive.losses import Loss
from autorecur.graph.adjoint import Adjoint, Contribution, adjoint_name, initial_steps, summands
from autorecur.graph.node import Node
from autorecur.graph.range import EVERY, Bound, Steps
from autorecur.graph.step import Step
from autorecur.graph.walk import variables
from autorecur.language.cell import Cell
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

Shape = tuple[int | str, int | str]


def bound(b: Bound) -> Expr:
    """A step such as T−1 in SymPy."""
    return c.T + b.offset if b.from_end else sympy.Integer(b.offset)


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


def _forward(label: str, section: str, node: Node, rule: str) -> Equation:
    shape: Shape = (node.shape[0], node.shape[1])
    lhs = c.quantity(label, c.t, shape)
    term = Term(express(node), steps=EVERY)
    return Equation("", label, f"{label}[t]", section, lhs, (term,), rule, shape, EVERY)


def _cell(draft: Draft) -> Iterator[Equation]:
    for assignment in draft.original.assignments:
        yield _forward(assignment.name, "cell", draft.step.authored[assignment.name], "cell")


def _names(draft: Draft) -> Iterator[Equation]:
    for name, assignment in draft.step.assignments.items():
        if assignment.kind not in ("cell", "loss"):
            yield _forward(name, "names", assignment.node, assignment.kind)


def _loss(draft: Draft) -> Iterator[Equation]:
    name = draft.loss.name
    node = draft.step.assignments[name].node
    yield _forward(name, "loss", node, "loss")
    own = c.quantity(name, c.t, (1, 1))
    at_last = own.xreplace({c.t: c.T})
    every = c.TimeSum(own, c.t, bound(EVERY.first), bound(EVERY.last))
    body = every if draft.loss.at == "all" else at_last
    yield Equation("", "L", "L", "loss", c.symbol("L", (1, 1)), (Term(body, name),), "loss", (1, 1), None)
    for output in draft.order:
        adjoint = draft.adjoints.get(output)
        if adjoint is not None and _is_seed(adjoint, name):
            yield from adjoint_equations(adjoint, "loss")


def _is_seed(adjoint: Adjoint, loss: str) -> bool:
    return adjoint.timed and bool(adjoint.contributions) and all(p.through == (loss,) for p in adjoint.contributions)


def _backward(draft: Draft) -> Iterator[Equation]:
    """Adjoints in reverse order of the forward equations."""
    for name in reversed(draft.order):
        adjoint = draft.adjoints.get(name)
        if name == draft.loss.name or (adjoint is not None and _is_seed(adjoint, draft.loss.name)):
            continue
        if adjoint is not None and adjoint.regions():
            yield from adjoint_equations(adjoint, "backward")
        elif name in draft.cell.states or _reaches_nothing(draft, name):
            yield zero(name, draft.cell.shapes[name])


def _reaches_nothing(draft: Draft, name: str) -> bool:
    """True for a quantity of the author's that no path joins to the loss."""
    return (
        name in draft.original.shapes
        and name != draft.loss.bypassed
        and name not in draft.adjoints
        and not any(name in c_.through for a in draft.adjoints.values() for c_ in a.contributions)
    )


def zero(name: str, shape: tuple[int | str, ...]) -> Equation:
    label = adjoint_name(name)
    pair: Shape = (shape[0], shape[1])
    return Equation("", label, f"{label}[t]", "backward", c.quantity(label, c.t, pair), (), "none", pair, EVERY)


def adjoint_equations(adjoint: Adjoint, section: str) -> Iterator[Equation]:
    """One equation for each range of steps with the same terms; the longest range first, with the plain label."""
    label = adjoint_name(adjoint.name)
    shape: Shape = (adjoint.shape[0], adjoint.shape[1])
    pieces = sorted(adjoint.regions(), key=lambda piece: piece[0].first.from_end == piece[0].last.from_end)
    for i, (steps, contributions) in enumerate(pieces):
        step = bound(steps.first) if steps.single else c.t
        # What comes from the same step is read first; no sum begins with a minus if that can be helped.
        nearest = sorted(contributions, key=lambda part: (abs(part.offset), summands(part.node)[0][0] < 0))
        terms = tuple(_term(part, step, steps) for part in nearest)
        yield Equation(
            number="",
            label=label if i == 0 else f"{label}@{steps}",
            quantity=f"{label}[{steps.first if steps.single else 't'}]",
            section=section,
            lhs=c.quantity(label, step, shape),
            terms=terms,
            rule="readers" if i == 0 else "end",
            shape=shape,
            steps=steps,
        )


def _term(part: Contribution, step: Expr, steps: Steps) -> Term:
    return Term(express(part.node, step), ">".join(part.through), part.offset, part.ops, steps)


def _parameters(draft: Draft) -> Iterator[Equation]:
    for name in draft.original.parameters:
        if name.endswith("]"):
            continue
        rows, columns = draft.cell.shapes[name]
        adjoint = draft.adjoints.get(name)
        terms = tuple(_over_time(part) for part in adjoint.contributions) if adjoint else ()
        label = adjoint_name(name)
        lhs = c.symbol(label, (rows, columns))
        yield Equation("", label, label, "parameters", lhs, terms, "shared", (rows, columns), None)


def _over_time(part: Contribution) -> Term:
    """What a parameter receives through one equation: a sum over the steps at which that equation reaches the loss."""
    steps = part.steps.within(EVERY) or part.steps
    expression: Basic
    if steps.single:
        expression = express(part.node, bound(steps.first))
    else:
        expression = c.TimeSum(express(part.node), c.t, bound(steps.first), bound(steps.last))
    return Term(expression, ">".join(part.through), 0, part.ops, steps)


def _inputs(draft: Draft) -> Iterator[Equation]:
    for name in draft.original.inputs:
        adjoint = draft.adjoints.get(name)
        if adjoint is not None and adjoint.regions():
            yield from adjoint_equations(adjoint, "inputs")
        else:
            yield replace(zero(name, draft.cell.shapes[name]), section="inputs")


def _initial(draft: Draft) -> Iterator[Equation]:
    """The adjoint equation of a state at the steps at which it is given: only contributions from steps 1 … T are left."""
    for name in draft.cell.states:
        rows, columns = draft.cell.shapes[name]
        for step in initial_steps(draft.cell.offsets, name):
            here = Steps(step, step)
            adjoint = draft.adjoints.get(name)
            parts = [p for p in adjoint.contributions if here in p.steps] if adjoint else []
            label = f"{adjoint_name(name)}[{step}]"
            terms = tuple(_term(part, bound(step), here) for part in parts)
            lhs = c.quantity(adjoint_name(name), bound(step), (rows, columns))
            yield Equation("", label, label, "initial", lhs, terms, "initial", (rows, columns), here)


def reads_of(adjoints: Mapping[str, Adjoint]) -> dict[str, list[tuple[str, int]]]:
    """What each adjoint reads, for the scheduler: quantities of the adjoint program alone."""
    timed = {adjoint_name(name): adjoint for name, adjoint in adjoints.items() if adjoint.timed}
    return {
        label: [
            (v.name, v.offset)
            for part in adjoint.contributions
            for v in variables(part.node)
            if v.offset is not None and v.name in timed
        ]
        for label, adjoint in timed.items()
    }
