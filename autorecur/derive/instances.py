"""The equations of a derivation at one step of a run of so many: numbers for t and T, and only the terms that exist there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Expr, Integer

from autorecur.derive.equation import Term
from autorecur.derive.results import contributed
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.clocks import ONCE, Horizon, last_step
from autorecur.graph.range import EVERY
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.derive.equation import Equation


def terms_at(derivation: Derivation, name: str, step: int, steps: int) -> tuple[Term, ...]:
    """The terms of the adjoint of a quantity that exist at a step, written at that step.

    What a reader with steps of its own sends is one term, a sum over them."""
    values = lasts(steps, name)
    return tuple(
        Term(
            contributed(derivation, part).xreplace(lasts(steps, part.through[0]))
            if part.summed
            else express(part.node, Integer(step)).xreplace(values),
            ">".join(part.through),
            part.offset,
            part.ops,
        )
        for part in derivation.adjoints[name].contributions
        if step in part.steps.at(last_step(steps, name))
    )


def lasts(steps: int, name: str) -> dict[Expr, Expr]:
    """T as a number: what it is for a quantity, and in a frame that of each part."""
    if not isinstance(steps, Horizon):
        return {c.T: Integer(steps)}
    return {c.T: Integer(steps.last(name)), **numbers_of_steps(steps)}


def numbers_of_steps(steps: int) -> dict[Expr, Expr]:
    """T, or the last step of each part of a frame, as a number."""
    if not isinstance(steps, Horizon):
        return {c.T: Integer(steps)}
    return {c.last(clock): Integer(length) for clock, length in steps.lengths.items() if clock != ONCE}


def terms_over_time(derivation: Derivation, name: str, steps: int) -> tuple[Term, ...]:
    """What each step sends to a parameter: the sum over time, written out."""
    adjoint = derivation.adjoints.get(name)
    if adjoint is None:
        return ()
    return tuple(
        Term(
            express(part.node, Integer(step)).xreplace(lasts(steps, part.through[0])),
            ">".join(part.through),
            0,
            part.ops,
        )
        for part in adjoint.contributions
        for last in [last_step(steps, part.through[0])]
        for step in part.steps.at(last)
        if step in EVERY.at(last)
    )


def line_at(derivation: Derivation, name: str, step: int, steps: int) -> Equation | None:
    """The equation of the page that speaks of the adjoint of a quantity at a step; the general one if several do."""
    label = adjoint_name(name)
    timed = ("loss", "backward", "inputs", "initial")
    if name in derivation.extended.starts:
        return next((e for e in derivation.equations if e.label == label), None)
    lines = [e for e in derivation.equations if e.section in timed and e.lhs.name == label]
    lines = [e for e in lines if e.label.split("@")[0] not in map(adjoint_name, derivation.extended.starts)]
    last = last_step(steps, name)
    found = next((e for e in lines if e.steps is not None and step in e.steps.at(last)), None)
    return found or next(iter(lines), None)
