"""Backpropagation by hand: every equation of a derivation with numbers in it, step by step, and one update of the weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from sympy import Basic, Integer
from sympy.matrices.expressions import MatAdd, MatMul

from autorecur.derive.equation import Equation, Term
from autorecur.derive.equations import reads_of
from autorecur.derive.instances import line_at, terms_at, terms_over_time
from autorecur.derive.results import calculate
from autorecur.errors import AutorecurError, CellError
from autorecur.graph.adjoint import adjoint_name
from autorecur.graph.clocks import ONCE, last_step, place
from autorecur.language.nearest import did_you_mean
from autorecur.ops.open import filled
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.decimals import dotted
from autorecur.symbolic.display import compose_terms
from autorecur.symbolic.express import express
from autorecur.symbolic.layout import Layout
from autorecur.worked import rounding
from autorecur.worked.absent import NoExampleError
from autorecur.worked.given import Given, given
from autorecur.worked.left_open import fillings
from autorecur.worked.order import passes
from autorecur.worked.substitution import Substitution, in_steps, scale

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation

DIGITS = 4
MOST_EQUATIONS = 60
RATE_LETTERS = ("eta", "lambda", "mu", "alpha", "epsilon", "rate")
NEW = " (new)"
"""Behind the label of what the update changes."""


@dataclass(frozen=True)
class Row:
    """One line of a table: a quantity, its equation in symbols, the same in numbers, the result.

    ``label`` is unique (``"h[1]"``, ``"dL/dW_h"``, ``"W_h (new)"`` after the update); ``equation`` is the line of the page
    that it is an instance of. ``links`` are the equation with numbers, then with the values of its functions.
    """

    label: str
    equation: Equation
    links: tuple[Basic, ...]
    outcome: c.Numbers

    @property
    def quantity_layout(self) -> Layout:
        return self._composer(self.equation.lhs)

    @property
    def symbols_layout(self) -> Layout:
        return compose_terms(self.equation, self._composer.notation)

    @property
    def links_layouts(self) -> tuple[Layout, ...]:
        return tuple(dotted(self._composer(link)) for link in self.links)

    @property
    def result_layout(self) -> Layout:
        return self._composer(self.outcome)

    @property
    def _composer(self) -> Composer:
        assert self.equation.notation is not None
        return Composer(self.equation.notation)

    @property
    def symbols(self) -> str:
        """The right-hand side in LaTeX."""
        return _latex(self.symbols_layout)

    @property
    def numbers(self) -> str:
        """The right-hand side with numbers in LaTeX, each link after an equals sign; empty if the result says it all."""
        return " = ".join(_latex(link) for link in self.links_layouts)

    @property
    def result(self) -> str:
        """The result in LaTeX."""
        return _latex(self.result_layout)

    @property
    def value(self) -> np.ndarray:
        """The printed result as floats, rows by columns."""
        value: np.ndarray = rounding.floats(self.outcome)
        return value

    def _repr_latex_(self) -> str:
        parts = [self.symbols, *([self.numbers] if self.links else []), self.result]
        return f"$\\displaystyle {_latex(self.quantity_layout)} = {' = '.join(parts)}$"


def _latex(layout: Layout) -> str:
    from autorecur.render.latex import latex

    return latex(layout)


@dataclass(frozen=True)
class Part:
    """The rows of one stretch of a table. ``kind`` is forward, backward, gradients, update or after; some belong to a step."""

    kind: str
    rows: tuple[Row, ...]
    step: int | None = None
    clock: str = "T"
    """Whose step it is, in a frame; what is computed once has none."""


@dataclass(frozen=True)
class WorkedExample:
    """A derivation in numbers: what is given, tables of rows, and how far the printed gradient is from the exact one."""

    derivation: Derivation
    given: Given
    digits: int
    parts: tuple[Part, ...]
    rate: sympy.Symbol
    """The letter of the learning rate."""
    exact: Mapping[str, np.ndarray] = field(repr=False)
    """The gradient of every parameter in double precision at the same point, rows by columns; ``L`` and ``L (new)`` too."""
    functions: Mapping[str, str] = field(default_factory=dict)
    """What the functions are here that the cell leaves open: ``{"g_1": "tanh"}``."""

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for part in self.parts for row in part.rows)

    def __getitem__(self, label: str) -> Row:
        """The row of a label, such as ``"dL/dh[2]"``."""
        found = {row.label: row for row in self.rows}
        if label not in found:
            raise KeyError(f"the worked example has no row {label!r}.{did_you_mean(label, found)}")
        return found[label]

    def of(self, kind: str) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.kind == kind)

    @property
    def steps(self) -> int:
        return self.given.steps

    @property
    def cuts(self) -> tuple[int, ...]:
        """The steps behind which the gradient is cut."""
        every = self.derivation.truncate
        return tuple(range(every, self.steps, every)) if every else ()

    @property
    def rate_text(self) -> str:
        """The learning rate as it is printed."""
        return rounding.rounded(self.given.rate, 12)

    @property
    def loss(self) -> float:
        return float(self["L"].value[0, 0])

    @property
    def loss_after(self) -> float:
        return float(self[f"L{NEW}"].value[0, 0])

    @cached_property
    def distance(self) -> float:
        """The largest difference between a printed component of the gradient and the exact one."""
        rows = {row.label: row for part in self.of("gradients") for row in part.rows}
        return max((float(np.max(np.abs(row.value - self.exact[label]))) for label, row in rows.items()), default=0.0)

    def to_markdown(self, language: str | None = None) -> str:
        """The example as its section of the page, in Markdown."""
        from autorecur.page.worked import alone
        from autorecur.render.formats import text_of

        return text_of(alone(self, language or self.derivation.language), "md")

    def to_html(self, language: str | None = None) -> str:
        """The example as a page for a browser."""
        from autorecur.page.worked import alone
        from autorecur.render.formats import text_of

        return text_of(alone(self, language or self.derivation.language), "html")

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        """In a frame, so that the page's style does not reach the notebook's."""
        return f'<iframe srcdoc="{escape(self.to_html())}" style="width: 100%; height: 40em; border: 0"></iframe>'


def worked_example(derivation: Derivation, values: Any = None, digits: int = DIGITS) -> WorkedExample:
    """See :meth:`autorecur.derive.derivation.Derivation.worked_example`."""
    if not hasattr(digits, "__index__") or not 1 <= digits <= 12:
        raise AutorecurError(f"digits is a whole number from 1 to 12, not {digits!r}.")
    _require_workable(derivation)
    first, *others = fillings(derivation, values)
    for functions in (first, *others):
        try:
            with filled(functions), np.errstate(all="ignore"):
                return _calculated(derivation, values, digits, functions)
        except NoExampleError:
            if functions == (others or [first])[-1]:
                raise
    raise AssertionError


def _require_workable(derivation: Derivation) -> None:
    if derivation.decay is not None:
        message = f"{derivation.cell.name} has weight decay; an example in numbers is worked for the loss without it."
        raise NoExampleError("decay", message, hint="Derive without a decay for the numbers.")
    if len(derivation.step.assignments) > MOST_EQUATIONS:
        raise NoExampleError("large", f"nobody computes more than {MOST_EQUATIONS} quantities a step by hand.")


def _calculated(derivation: Derivation, values: Any, digits: int, functions: Mapping[str, str]) -> WorkedExample:
    found = given(derivation, values, digits)
    calculation = _Calculation(derivation, found, digits)
    try:
        parts = tuple(calculation.parts())
    except ArithmeticError:
        message = f"with these numbers, {calculation.now} has no finite value."
        raise (NoExampleError("numbers", message) if values is None else CellError(message)) from None
    exact = _exact(derivation, found)
    return WorkedExample(derivation, found, digits, parts, calculation.rate, exact, functions)


def _exact(derivation: Derivation, found: Given) -> dict[str, np.ndarray]:
    """The same point in double precision, and the loss after the exact update."""
    values = calculate(derivation, found.values())
    gradients: dict[str, np.ndarray] = {}
    moved = found.values()
    for name, at in found.parameters.items():
        if at is None:
            gradients[adjoint_name(name)] = gradient = values.parameters[adjoint_name(name)]
            moved.parameters[name] = moved.parameters[name] - float(found.rate) * gradient
        else:
            gradients[adjoint_name(name)] = gradient = values.quantities[adjoint_name(at[0]), at[1]]
            moved.quantities[at] = moved.quantities[at] - float(found.rate) * gradient
    after = calculate(derivation, moved)
    return {**gradients, "L": values.parameters["L"], f"L{NEW}": after.parameters["L"]}


class _Calculation:
    """Row after row; each finds what it reads among the printed numbers."""

    def __init__(self, derivation: Derivation, found: Given, digits: int) -> None:
        self.d = derivation
        self.given = found
        self.steps = found.steps
        self.substitution = Substitution(found.sizes, digits)
        self.known: dict[tuple[str, int | None], c.Numbers] = dict(found.numbers)
        self.now = ""
        """The label of the row that is computed."""

    def parts(self) -> Iterator[Part]:
        yield from self.forward("forward")
        yield from self.backward()
        yield Part("gradients", tuple(self.gradients()))
        updated = tuple(self.update())
        yield Part("update", updated)
        for name, made in zip(self.given.parameters, updated, strict=True):
            self.known[self.given.parameters[name] or (name, None)] = made.outcome
        yield from self.forward("after", NEW)

    # ------------------------------------------------------------------------------------------------------ forward

    def forward(self, kind: str, mark: str = "") -> Iterator[Part]:
        loss = self.d.loss
        for names, direction in passes(self.d.loops, self.d.step.reads(), self.clock):
            last = last_step(self.steps, names[0])
            for step in _range(last, direction):
                here = [n for n in names if n != loss.name or step in loss.steps.at(last)]
                rows = [self.forward_row(name, step, mark) for name in here]
                if rows:
                    yield self.part(kind, rows, names[0], step)
        whole = self.d["L"]
        yield Part(kind, (self.row(f"L{mark}", whole, in_steps(whole.rhs, self.steps), ("L", None)),))

    def forward_row(self, name: str, step: int, mark: str) -> Row:
        equation = self.d[name]
        node = self.d.step.assignments[name].node
        expression = equation.rhs if equation.altered else express(node)
        key = place(self.steps, name, step)
        label = name if self.d.is_once(name) else f"{name}[{step}]"
        return self.row(f"{label}{mark}", self.instance(equation, key[1]), self.at(expression, step), key)

    def clock(self, name: str) -> str:
        return self.d.clocks.clock(name) if self.d.clocks is not None else "T"

    def part(self, kind: str, rows: Sequence[Row], name: str, step: int) -> Part:
        clock = self.clock(name)
        return Part(kind, tuple(rows), None if clock == ONCE else step, clock)

    def instance(self, equation: Equation, step: int) -> Equation:
        return replace(equation, lhs=c.quantity(equation.lhs.name, Integer(step), equation.shape))

    def at(self, expression: Basic, step: int) -> Basic:
        return in_steps(expression.xreplace({c.t: Integer(step)}), self.steps)

    def row(
        self, label: str, equation: Equation, right: Basic | Sequence[Term], key: tuple[str, int | None] | None
    ) -> Row:
        terms = (Term(right),) if isinstance(right, Basic) else tuple(right)
        equation = replace(equation, terms=terms, notation=self.d.naming.in_line)
        self.now = label
        links, outcome = self.substitution.chain(equation.rhs, self.known)
        if key is not None:
            self.known[key] = outcome
        return Row(label, equation, links, outcome)

    # ----------------------------------------------------------------------------------------------------- backward

    def backward(self) -> Iterator[Part]:
        inputs = {adjoint_name(name) for name in self.d.extended.inputs}
        reads = reads_of({name: a for name, a in self.d.adjoints.items() if a.timed})
        for labels, direction in passes(self.d.adjoint_loops, reads, self.clock):
            for step in _range(last_step(self.steps, labels[0]), direction):
                wanted = [label for label in labels if label not in inputs]
                rows = [row for label in wanted for row in self.adjoint_rows(label, step)]
                if rows:
                    yield self.part("backward", rows, labels[0], step)

    def adjoint_rows(self, label: str, step: int) -> Iterator[Row]:
        """The adjoint of a quantity at a step, if any of its terms exists there."""
        name = label.removeprefix("dL/d")
        line = line_at(self.d, name, step, self.steps)
        if line is None:
            return
        terms = (Term(self.at(line.rhs, step)),) if line.altered else terms_at(self.d, name, step, self.steps)
        last = last_step(self.steps, name)
        says_zero = not terms and line.steps is not None and step in line.steps.at(last)
        if terms or says_zero:
            key = place(self.steps, label, step)
            shown = label if self.d.is_once(name) else f"{label}[{step}]"
            terms = tuple(replace(term, expression=in_steps(term.expression, self.steps)) for term in terms)
            yield self.row(shown, self.instance(line, key[1]), terms, key)

    # ---------------------------------------------------------------------------------------- gradients and update

    def gradients(self) -> Iterator[Row]:
        for name, start in self.given.parameters.items():
            if start is not None:
                yield self.initial_gradient(name, *start)
                continue
            label = adjoint_name(name)
            equation = self.d[label]
            terms: Sequence[Term]
            if equation.altered:
                terms = (Term(in_steps(equation.rhs, self.steps)),)
            else:
                terms = terms_over_time(self.d, name, self.steps)
            yield self.row(label, equation, terms, (label, None))

    def initial_gradient(self, name: str, state: str, step: int) -> Row:
        label = adjoint_name(state)
        equation = self.d[adjoint_name(name)]
        terms = terms_at(self.d, state, step, self.steps) if state in self.d.adjoints else ()
        return self.row(adjoint_name(name), self.instance(equation, step), terms, (label, step))

    def update(self) -> Iterator[Row]:
        rate = self.rate
        for name, start in self.given.parameters.items():
            old: Basic
            gradient: Basic
            if start is None:
                shape = self.d.extended.shapes[name]
                old, gradient = c.symbol(name, shape), c.symbol(adjoint_name(name), shape)
            else:
                shape = self.d.extended.shapes[start[0]]
                step = Integer(start[1])
                old, gradient = c.quantity(start[0], step, shape), c.quantity(adjoint_name(start[0]), step, shape)
            equation = replace(self.d[adjoint_name(name)], lhs=old, number="", section="update")
            yield self.row(f"{name}{NEW}", equation, MatAdd(old, MatMul(-rate, gradient)), None)

    @cached_property
    def rate(self) -> sympy.Symbol:
        """A letter for the learning rate that the cell does not use."""
        taken = {*self.d.extended.shapes, *self.d.step.assignments}
        letter = next(letter for letter in RATE_LETTERS if letter not in taken)
        symbol = sympy.Symbol(letter, positive=True)
        self.substitution.sizes[symbol] = scale(self.given.rate)
        return symbol


def _range(steps: int, direction: int) -> Iterable[int]:
    return range(steps, 0, -1) if direction < 0 else range(1, steps + 1)
