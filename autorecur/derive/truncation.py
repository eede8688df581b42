"""Truncated backpropagation: adjoints without what comes from behind a cut, and what is lost by it.

Behind every step that is a multiple of k the gradient is cut: the state of such a step is read by the next one as a number. The
error of an adjoint is the whole one less the truncated one. Adjoints are linear in those of later steps, so errors obey the
same equations; at a cut the dropped contribution enters, and the loss, which both have, never does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sympy import Integer

from autorecur.derive.equation import Equation, Term
from autorecur.errors import CellError
from autorecur.graph.adjoint import Adjoint, Contribution, adjoint_name
from autorecur.graph.node import Node, Variable
from autorecur.graph.range import FIRST, Bound, Steps, regions
from autorecur.graph.walk import rebuild
from autorecur.language.cell import Cell
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express
from autorecur.symbolic.names import error_name

if TYPE_CHECKING:
    from autorecur.derive.equations import Draft

MOST = 100
"""Longer chunks are not derived: each check runs over two."""
BEFORE_LAST = Steps(FIRST, Bound(True, -1))


def truncated(cell: Cell, adjoints: Mapping[str, Adjoint], every: int, frame: bool) -> dict[str, Adjoint]:
    """The adjoints in which what crosses a cut does not exist. Raises CellError where that is not defined."""
    if isinstance(every, bool) or not hasattr(every, "__index__") or not 1 <= every <= MOST:
        raise CellError(f"truncate is a whole number of steps from 1 to {MOST}, not {every!r}.")
    if frame:
        raise CellError("a frame of several parts is not truncated: its parts have steps of their own.")
    if not cell.states:
        raise CellError(f"{cell.name} has no state, so there is nothing to cut between its steps.")
    for state in cell.states:
        if any(offset > 0 for offset in cell.offsets[state]):
            raise CellError(
                f"the state {state!r} reads later steps: a cut behind every {every} steps is defined for states that run "
                "forwards."
            )
        if any(offset < -1 for offset in cell.offsets[state]):
            raise CellError(
                f"the state {state!r} is read {-min(cell.offsets[state])} steps later: its gradient crosses a cut from more "
                "than one step, which truncation does not derive."
            )
    found = dict(adjoints)
    for name in cell.states:
        if name in found:
            parts = tuple(_cut(part, every) if part.offset else part for part in found[name].contributions)
            found[name] = replace(found[name], contributions=parts)
    return found


def _cut(part: Contribution, every: int) -> Contribution:
    return replace(part, steps=replace(part.steps, every=every, cut=False))


def error_equations(draft: Draft, every: int) -> Iterator[Equation]:
    """The error of every adjoint, in the order of the adjoints, then that of every gradient of a parameter."""
    errors = {
        name: Variable(draft.adjoints[name].shape, name=error_name(adjoint_name(name)), offset=0)
        for name in _affected(draft)
    }
    for name in reversed(draft.order):
        if name in errors:
            yield from _adjoint_error(draft, name, errors, every)
    for name in draft.original.parameters:
        adjoint = draft.adjoints.get(name)
        if adjoint is None:
            continue
        terms = []
        for part in adjoint.contributions:
            if part.through[-1] in errors:
                node = _replaced(part, errors[part.through[-1]], carried=False)
                body = c.TimeSum(express(node), c.t, Integer(1), c.T - 1)
                terms.append(Term(body, ">".join(part.through)))
        if terms:
            lhs = c.symbol(error_name(adjoint_name(name)), adjoint.shape)
            shape = (adjoint.shape[0], adjoint.shape[1])
            label = f"error of dL/d{name}"
            yield Equation("", label, label, "truncation", lhs, tuple(terms), "shared", shape, None)


def _affected(draft: Draft) -> list[str]:
    """The quantities whose adjoints lose something: states, and what passes the loss on within a step."""
    found = {name for name in draft.original.states if any(p.offset for p in _parts(draft, name))}
    while True:
        more = {
            name
            for name, adjoint in draft.adjoints.items()
            if adjoint.timed and name in draft.step.assignments and name not in found
            if any(part.through[-1] in found for part in adjoint.contributions)
        }
        if not more:
            return [name for name in draft.order if name in found]
        found |= more


def _parts(draft: Draft, name: str) -> tuple[Contribution, ...]:
    return draft.adjoints[name].contributions if name in draft.adjoints else ()


def _adjoint_error(draft: Draft, name: str, errors: Mapping[str, Variable], every: int) -> Iterator[Equation]:
    """One line for the steps between cuts and one for those at a cut; at the last step there is no error."""
    own, label = errors[name], f"error of dL/d{name}"
    pieces: list[tuple[Steps, Contribution, Node]] = []
    for part in _parts(draft, name):
        reader = part.through[-1]
        if part.offset:
            dropped = replace(BEFORE_LAST, every=every, cut=True)
            pieces.append((dropped, part, part.node))
        if reader in errors:
            pieces.append((BEFORE_LAST, part, _replaced(part, errors[reader], carried=True)))
    shape = (own.shape[0], own.shape[1])
    for i, (steps, which) in enumerate(regions([steps for steps, _, _ in pieces])):
        terms = tuple(
            Term(express(pieces[j][2]), ">".join(pieces[j][1].through), pieces[j][1].offset, pieces[j][1].ops, steps)
            for j in which
        )
        lhs = c.quantity(own.name, c.t, own.shape)
        key = label if i == 0 else f"{label}@{steps}"
        rule = "readers" if i == 0 else "end"
        yield Equation("", key, f"{label}[t]", "truncation", lhs, terms, rule, shape, steps)


def _replaced(part: Contribution, error: Variable, carried: bool) -> Node:
    """A contribution with the error of the adjoint that it is linear in."""
    offset = part.offset if carried else 0
    old = Variable(error.shape, name=adjoint_name(part.through[-1]), offset=offset)
    return rebuild(part.node, {old: replace(error, offset=offset)})
