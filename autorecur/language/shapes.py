"""The shape of every name, found by unification, first with vectors as columns, then as rows.

Each name has two dimensions, rows and columns. Equations say which are equal; what they leave open follows habit:
inputs, states and lower-case parameters are vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autorecur.errors import CellError
from autorecur.language.constraints import Constraints, Contradiction, Shape
from autorecur.language.dimensions import Clash, Dimension
from autorecur.language.naming import name_dimensions
from autorecur.language.roles import Roles
from autorecur.language.sizes import Size
from autorecur.language.syntax import Assignment, Binary, Name, Span
from autorecur.language.text import Source
from autorecur.language.trees import children

Sizes = tuple[Size, Size]
Sides = dict[str, tuple[Source, Span]]
"""The first product that shows each convention."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is known before inference; ``given`` are the shapes of a cell that is only being extended."""

    assignments: tuple[Assignment, ...]
    sources: tuple[Source, ...]
    roles: Roles
    scalars: frozenset[str] = frozenset()
    given: Mapping[str, Sizes] = field(default_factory=dict)
    convention: str | None = None


@dataclass(frozen=True, slots=True)
class Shapes:
    convention: str
    shapes: dict[str, Sizes]


def infer(problem: Problem) -> Shapes:
    """Shapes in the first reading that fits, or the error of the reading that got further."""
    conventions = (problem.convention,) if problem.convention else ("column", "row")
    failures: list[tuple[str, Contradiction]] = []
    sides: Sides = {}
    for convention in conventions:
        for vectors_first in (True, False):
            inference = _Inference(problem, convention, vectors_first)
            try:
                return Shapes(convention, inference.run())
            except Contradiction as contradiction:
                failures.append((convention, contradiction))
            sides = inference.constraints.sides or sides
    raise _explanation(problem, failures, sides) from None


def _explanation(problem: Problem, failures: list[tuple[str, Contradiction]], sides: Sides) -> CellError:
    if len(sides) == 2 and not problem.convention:
        return _mixture(sides)
    fitting = (
        [contradiction for convention, contradiction in failures if convention in sides] if len(sides) == 1 else []
    )
    candidates = fitting or [contradiction for _, contradiction in failures]
    return max(candidates, key=lambda contradiction: contradiction.progress).error


def _mixture(sides: Sides) -> CellError:
    (source, span), (other, other_span) = sides["column"], sides["row"]
    return CellError(
        "this cell mixes columns and rows.",
        source.place(span, "a matrix before a vector: vectors are columns"),
        other.place(other_span, "a matrix behind a vector: vectors are rows"),
        hint="Write all products one way; W^T x[t] and x[t] W are the same numbers in the two ways.",
    )


class _Inference:
    """One attempt, in one convention; ``vectors_first``: lower-case parameters are vectors before anything else is known."""

    def __init__(self, problem: Problem, convention: str, vectors_first: bool) -> None:
        self.problem = problem
        self.roles = problem.roles
        self.vectors_first = vectors_first
        self.equations = {assignment.name: assignment.expression for assignment in problem.assignments}
        self.constraints = Constraints(problem.roles, problem.scalars, problem.given, convention)
        self.dimensions = self.constraints.dimensions

    def run(self) -> dict[str, Sizes]:
        """The rules in order of certainty; see each for what it assumes."""
        constraints, new = self.constraints, self._new
        for assignment, source in zip(self.problem.assignments, self.problem.sources, strict=True):
            constraints.add_equation(assignment, source)
        constraints.propagate()
        if self.vectors_first:
            self._bind_vectors()
            self._bind_numbers()
        inputs, states = new(self.roles.inputs), new(self.roles.states)
        if self.problem.given:
            constraints.force_elementwise()
        for name in (*inputs, *states):
            self._count_components(name)
        constraints.propagate()
        self._make_vectors(inputs)
        for loop in self.roles.loops:
            for name in new(loop.names):
                constraints.force_products(name)
                self._bind_if_number(name)
                self._count_components(name)
                constraints.propagate()
        self._make_vectors(new(self.roles.assigned))
        constraints.force_elementwise()
        self._bind_vectors()
        self._make_vectors(new(self.roles.assigned))
        constraints.finish()
        return self._results()

    def _new(self, names: tuple[str, ...]) -> list[str]:
        return [name for name in names if name not in self.problem.given]

    # ---------------------------------------------------------------- what habit says

    def _unit(self, shape: Shape) -> Dimension:
        return shape[1] if self.constraints.convention == "column" else shape[0]

    def _length(self, shape: Shape) -> Dimension:
        return shape[0] if self.constraints.convention == "column" else shape[1]

    def _bind_vectors(self) -> None:
        """A lower-case parameter is a vector, if nothing says otherwise yet."""
        for name in self._new(self.roles.parameters):
            unit = self._unit(self.constraints.shapes[name])
            if not name[0].isupper() and self.dimensions.is_open(unit) and self.dimensions.guard_of(unit) is None:
                self.dimensions.bind_one(unit)
        self.constraints.propagate()

    def _bind_numbers(self) -> None:
        for loop in self.roles.loops:
            for name in self._new(loop.names):
                self._bind_if_number(name)

    def _bind_if_number(self, name: str) -> None:
        """A quantity made of numbers and of parameters of unknown size, such as ``w^T x[t] + b``, is a number."""
        shape = self.constraints.shapes[name]
        if not self.vectors_first or self.problem.given or not self.dimensions.is_open(self._length(shape)):
            return
        if not self.dimensions.is_large(self._unit(shape)) and self.constraints.is_made_of_numbers(
            self.equations[name], name
        ):
            self._bind_number(name)
            self.constraints.propagate()

    def _bind_number(self, name: str) -> None:
        """A number, unless a matrix multiplies it: then its lower-case factors were matrices, and this reading is wrong."""
        for dimension in self.constraints.shapes[name]:
            try:
                self.dimensions.bind_one(dimension)
            except Clash:
                raise self.constraints.guarded(dimension, name) from None

    def _count_components(self, name: str) -> None:
        """A quantity has components, if it is not known to be a number."""
        length = self._length(self.constraints.shapes[name])
        if not self.dimensions.is_one(length):
            self.dimensions.enlarge(length)

    def _make_vectors(self, names: list[str]) -> None:
        for name in names:
            unit = self._unit(self.constraints.shapes[name])
            if self.dimensions.is_open(unit):
                try:
                    self.dimensions.bind_one(unit)
                except Clash:
                    raise self.constraints.guarded(unit, name) from None
        self.constraints.propagate()

    # ---------------------------------------------------------------- results

    def _results(self) -> dict[str, Sizes]:
        self._refuse_untied()
        sizes = name_dimensions(self.constraints, self.roles, self.problem.given)
        return {name: (sizes(rows), sizes(columns)) for name, (rows, columns) in self.constraints.shapes.items()}

    def _refuse_untied(self) -> None:
        find = self.dimensions.find
        shapes = self.constraints.shapes
        tied = {find(each) for name, shape in shapes.items() if name not in self.roles.parameters for each in shape}
        for name in self.roles.parameters:
            for dimension, word in zip(shapes[name], ("rows", "columns"), strict=True):
                root = find(dimension)
                if (
                    root in tied
                    or self.dimensions.is_one(root)
                    or self.dimensions.parts[root]
                    or name in self.problem.given
                ):
                    continue
                raise self._untied(name, word)

    def _untied(self, name: str, word: str) -> Contradiction:
        use = self.roles.first_use[name]
        if vector := self._without_index(name):
            hint = f"{vector} has no time index: write {vector}[t]."
        elif not name[0].isupper():
            hint = f"If {name} is one number, say so in the headers: scalar: {name}"
        else:
            hint = "If it multiplies another matrix, give the inner product an equation of its own: s[t] = W x[t]."
        error = use.source.error(f"nothing ties the {word} of {name} to a vector of the cell.", use.span, hint=hint)
        return Contradiction(error, self.constraints.progress)

    def _without_index(self, name: str) -> str | None:
        """The lower-case name that a matrix multiplies as if it were a quantity: ``x`` in ``W x``, where either is ``name``."""
        work = list(self.equations.values())
        while work:
            node = work.pop()
            work.extend(children(node))
            match node:
                case Binary(operator="@", left=Name(offset=None) as one, right=Name(offset=None) as two):
                    matrix, vector = (one, two) if self.constraints.convention == "column" else (two, one)
                    if name in (matrix.name, vector.name) and matrix.name[0].isupper() and vector.name[0].islower():
                        return vector.name
        return None
