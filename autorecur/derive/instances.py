"""The equations of a derivation at one step of a run of so many: numbers for t and T, and only the terms that exist there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Integer

from autorecur.derive.equation import Term
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.range import EVERY
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.derive.equation import Equation


def terms_at(derivation: Derivation, name: str, step: int, steps: int) -> tuple[Term, ...]:
    """The terms of the adjoint of a quantity that exist at a step, written at that step."""
    values = {c.T: Integer(steps)}
    return tuple(
        Term(express(part.node, Integer(step)).xreplace(values), ">".join(part.through), part.offset, part.ops)
        for part in derivation.adjoints[name].contributions
        if step in part.steps.at(steps)
    )


def terms_over_time(derivation: Derivation, name: str, steps: int) -> tuple[Term, ...]:
    """What each step sends to a parameter: the sum over time, written out."""
    adjoint = derivation.adjoints.get(name)
    if adjoint is None:
        return ()
    every = EVERY.at(steps)
    values = {c.T: Integer(steps)}
    return tuple(
        Term(express(part.node, Integer(step)).xreplace(values), ">".join(part.through), 0, part.ops)
        for part in adjoint.contributions
        for step in part.steps.at(steps)
        if step in every
    )


def line_at(derivation: Derivation, name: str, step: int, steps: int) -> Equation | None:
    """The equation of the page that speaks of the adjoint of a quantity at a step; the general one if several do."""
    label = adjoint_name(name)
    timed = ("loss", "backward", "inputs", "initial")
    lines = [e for e in derivation.equations if e.section in timed and e.lhs.name == label]
    found = next((e for e in lines if e.steps is not None and step in e.steps.at(steps)), None)
    return found or next(iter(lines), None)
