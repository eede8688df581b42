"""Evaluates a derivation: from arrays of the user's, through the displayed expressions, to numbers by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sympy import Basic

from autorecur.derive.decay import over_samples
from autorecur.derive.equation import Equation
from autorecur.derive.equations import bound
from autorecur.graph.adjoint import Contribution, adjoint_name, initial_steps
from autorecur.graph.clocks import Horizon
from autorecur.graph.loading import Loader, user_shape
from autorecur.graph.program import Array, Kernels, Part, Values, real, run
from autorecur.graph.range import EVERY
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import resolve
from autorecur.symbolic import carriers as c
from autorecur.symbolic.express import express
from autorecur.symbolic.numbers import Evaluator

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

_KEY = re.compile(r"(?P<name>.+?)(?:\[(?P<end>[A-Z]\w*)?(?P<step>[+-]?\d+)?\])?")


class Results(Mapping[str, np.ndarray]):
    """Numbers by key: ``"L"``, ``"h[2]"``, ``"dL/dW_i"``, ``"dL/dh[0]"``; steps count from 1 to T."""

    def __init__(self, derivation: Derivation, values: Values, batch: int | None) -> None:
        self._derivation = derivation
        self._values = values
        self._batch = batch
        self.steps = values.steps

    def _place(self, key: str) -> tuple[str, int | None]:
        match = _KEY.fullmatch(key)
        if match is None or (match["step"] is None and match["end"] is None):
            return key, None
        return match["name"], int(match["step"] or 0) + (self._values.last(match["name"]) if match["end"] else 0)

    def __getitem__(self, key: str) -> np.ndarray:
        name, step = self._place(key)
        if step is None and self._derivation.is_once(name):
            step = 1
        found = self._values.parameters.get(name) if step is None else self._values.quantities.get((name, step))
        if found is None:
            raise KeyError(f"there is no number for {key!r}.{did_you_mean(key, self)}")
        batched = step is not None and self._batch is not None
        if step is not None and self._learned(name.removeprefix("dL/d"), step):
            batched = False
            found = self._values.summed(found) if name.startswith("dL/d") else found
        return self._shaped(np.asarray(found), name, batched)

    def _learned(self, state: str, step: int) -> bool:
        """True for an initial state that is a parameter: it is the same for all samples, and its gradient their sum."""
        cell = self._derivation.written
        if state not in cell.learned:
            return False
        return any(bound.at(self._values.last(state)) == step for bound in initial_steps(cell.offsets, state))

    def _shaped(self, array: Array, name: str, batched: bool) -> np.ndarray:
        """Without the axis that makes a vector a matrix."""
        rows, columns = self._derivation.shape_as_written(name)
        shape = self._derivation.written.parameters.get(name.removeprefix("dL/d"))
        sizes = tuple(resolve(size, self._values.sizes) for size in shape or user_shape((rows, columns)))
        lead = (self._batch,) if batched and self._batch is not None else ()
        full = (*lead, *(resolve(size, self._values.sizes) for size in (rows, columns)))
        return np.array(np.broadcast_to(array, full) if batched else array).reshape((*lead, *sizes))

    def __iter__(self) -> Iterator[str]:
        yield from self._values.parameters
        yield from (
            name if self._derivation.is_once(name) else f"{name}[{step}]" for name, step in self._values.quantities
        )

    def __len__(self) -> int:
        return len(self._values.parameters) + len(self._values.quantities)


def evaluate(derivation: Derivation, values: Mapping[str, Any], steps: int | None) -> Results:
    loaded, batch = load(derivation, values, steps)
    calculate(derivation, loaded)
    loaded.parameters["L"] = over_samples(derivation["L"].rhs, derivation.decay, loaded, Evaluator(loaded.sizes))
    if derivation.rewriting is not None:
        loaded = derivation.rewriting.to_written(loaded)
    return Results(derivation, loaded, batch)


def load(derivation: Derivation, values: Mapping[str, Any], steps: int | None) -> tuple[Values, int | None]:
    """The user's arrays, which are those of the cell as written, in the shapes of the printed equations.

    Sizes, T and the batch are read off them."""
    given = {key.replace(" ", ""): np.asarray(array) for key, array in values.items()}
    at_last = [name for name in derivation.extended.inputs if derivation.is_once(name)]
    if derivation.loss.at == "last":
        at_last.append("target")
    inputs = (*derivation.cell.inputs, *derivation.loss.inputs)
    loaded, batch = Loader(derivation.written, inputs, given, steps, at_last).load()
    if isinstance(loaded.steps, Horizon) and derivation.clocks is not None:
        loaded.steps = Horizon(derivation.clocks, loaded.steps.lengths)
    return (loaded if derivation.rewriting is None else derivation.rewriting.to_printed(loaded)), batch


def calculate(derivation: Derivation, values: Values, kernels: Kernels = real) -> Values:
    """All displayed quantities from the displayed equations, in place: forward, adjoints, then gradients."""
    evaluator = Evaluator(values.sizes, kernels)
    forward(derivation, values, evaluator)
    values.parameters["L"] = evaluator.compile(derivation["L"].rhs)(values, values.index(0))
    generic = is_generic(derivation, values)
    parts = adjoint_parts(derivation, evaluator, generic)
    zeros = {name: evaluator.compile(_zero(derivation, name))(values, {}) for name in parts}
    run(derivation.adjoint_loops, parts, values, absent=zeros.__getitem__)
    for name, adjoint_terms in parts.items():
        last = values.last(name)
        if values.key(name, 1) not in values.quantities:
            for t in range(1, last + 1):
                index = values.index(t)
                found = [p.compute(values, index) for p in adjoint_terms if t in p.steps.at(last)]
                values.quantities[name, t] = sum(found[1:], found[0]) if found else zeros[name]
    _initial_states(derivation, values, evaluator)
    for equation in derivation.section("parameters"):
        if generic or equation.altered:
            total = over_samples(equation.rhs, derivation.decay, values, evaluator)
        else:
            total = values.summed(_each_step(derivation, equation, values, evaluator))
            total = sum(_penalty(derivation, equation, values, evaluator), total)
        values.parameters[equation.label] = total
    return values


def _each_step(derivation: Derivation, equation: Equation, values: Values, evaluator: Evaluator) -> Array:
    """A parameter's gradient as the sum of what each step sends, of those steps that exist for so small a T."""
    adjoint = derivation.adjoints.get(equation.label.removeprefix("dL/d"))
    found = []
    for part in adjoint.contributions if adjoint is not None else ():
        compute, last = evaluator.compile(express(part.node)), values.last(part.through[0])
        steps = range(1, last + 1)
        found += [compute(values, values.index(t)) for t in part.steps.at(last) if t in steps]
    zero = evaluator.compile(_zero(derivation, equation.label))(values, {})
    return sum(found, zero)


def _penalty(derivation: Derivation, equation: Equation, values: Values, evaluator: Evaluator) -> list[Array]:
    """What the penalty of the loss adds to a parameter's gradient."""
    decay = derivation.decay
    terms = decay.term_of(equation.label.removeprefix("dL/d")) if decay is not None else ()
    return [evaluator.compile(term.expression)(values, values.index(0)) for term in terms]


def forward(derivation: Derivation, values: Values, evaluator: Evaluator) -> None:
    """The forward quantities from their printed equations."""
    parts = {}
    loss = derivation.loss
    for equation in derivation.equations:
        if equation.section in ("cell", "names") or equation.label == loss.name:
            steps = loss.steps if derivation.step.assignments[equation.label].owner == loss.name else EVERY
            parts[equation.label] = [Part(evaluator.compile(equation.rhs), steps)]
    run(derivation.loops, parts, values)


def _zero(derivation: Derivation, label: str) -> Any:
    from autorecur.symbolic.carriers import total

    rows, columns = derivation.shape_of(label)
    return total([], (rows, columns))


def is_generic(derivation: Derivation, values: Values) -> bool:
    """Whether every number of steps is so large that the ranges of steps of the equations do not meet."""
    lengths = values.steps.counted if isinstance(values.steps, Horizon) else (values.steps,)
    return all(steps >= derivation.smallest_generic for steps in lengths)


def adjoint_parts(derivation: Derivation, evaluator: Evaluator, generic: bool) -> dict[str, list[Part]]:
    """The terms of every displayed adjoint.

    Where T is so small that ranges of steps meet, each contribution counts by itself."""
    parts: dict[str, list[Part]] = {}
    for equation in derivation.equations:
        if equation.section not in ("loss", "backward", "inputs") or not equation.label.startswith("dL/d"):
            continue
        label = equation.label.split("@")[0]
        assert equation.steps is not None
        steps = EVERY if is_start(derivation, label) else equation.steps
        here = parts.setdefault(label, [])
        if not generic and not equation.altered:
            if not here:
                here.extend(_each_contribution(derivation, label, evaluator))
        elif equation.terms:
            here.append(Part(evaluator.compile(equation.rhs), steps))
    return parts


def is_start(derivation: Derivation, label: str) -> bool:
    """Whether this is an initial value that has an equation, or its adjoint: it is computed once."""
    return label.removeprefix("dL/d") in derivation.extended.starts


def _each_contribution(derivation: Derivation, label: str, evaluator: Evaluator) -> list[Part]:
    adjoint = derivation.adjoints.get(label.removeprefix("dL/d"))
    if adjoint is None:
        return []
    return [Part(evaluator.compile(contributed(derivation, part)), part.steps) for part in adjoint.contributions]


def contributed(derivation: Derivation, part: Contribution) -> Basic:
    """What a contribution adds, as an expression."""
    if not part.summed:
        return express(part.node)
    clocks = derivation.clocks
    last = c.last(clocks.clock(part.through[0])) if clocks is not None else c.T
    return c.TimeSum(express(part.node), c.t, *(bound(b, last) for b in (part.over.first, part.over.last)))


def _initial_states(derivation: Derivation, values: Values, evaluator: Evaluator) -> None:
    generic = is_generic(derivation, values)
    for equation in derivation.section("initial"):
        name = equation.lhs.name.removeprefix("dL/d")
        assert equation.steps is not None
        last = values.last(name)
        t = equation.steps.first.at(last)
        index = values.index(t)
        key = (adjoint_name(name), t)
        if generic or equation.altered:
            values.quantities[key] = evaluator.compile(equation.rhs)(values, index)
            continue
        parts = _each_contribution(derivation, equation.lhs.name, evaluator)
        found = [part.compute(values, index) for part in parts if t in part.steps.at(last)]
        zero = evaluator.compile(_zero(derivation, equation.lhs.name))(values, {})
        values.quantities[key] = sum(found[1:], found[0]) if found else zero
