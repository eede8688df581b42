"""What every section of a page needs: the derivation, its notation, the words, and how to speak about a quantity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, Integer

from autorecur.derive.turning import in_rows
from autorecur.errors import CheckError
from autorecur.graph.range import Bound, Steps
from autorecur.ops.linear import concatenate
from autorecur.page.catalogue import Words
from autorecur.render.blocks import Cell, EquationRow, Inlines, Math, Reference, RuleReference
from autorecur.symbolic import carriers as c
from autorecur.symbolic.compose import Composer
from autorecur.symbolic.display import compose_sides
from autorecur.symbolic.layout import Fence, Ident, Layout, Num, Script, Sign, Space, binary, relation, row
from autorecur.symbolic.names import Notation, symbol_layout

if TYPE_CHECKING:
    from autorecur.derive.derivation import Derivation
    from autorecur.derive.equation import Equation
    from autorecur.page.rules import RuleBook
    from autorecur.verify.report import Check, Report
    from autorecur.worked import NoExampleError, WorkedExample

BRIEF, STANDARD, FULL = "brief", "standard", "full"
DETAILS = (BRIEF, STANDARD, FULL)
LEFT_TO_FULL = ("seed", "immediate", "immediate stack", "expansion", "column", "total")
"""Of the path form of several states: what only the full page has."""


@dataclass(frozen=True)
class Page:
    """A derivation seen through one notation, one language and one level of detail."""

    derivation: Derivation
    notation: Notation
    words: Words
    detail: str
    report: Report
    rules: RuleBook
    example: WorkedExample | None = None
    no_example: NoExampleError | None = None
    """Why there is none, where one is wanted."""

    @cached_property
    def composer(self) -> Composer:
        return Composer(self.notation)

    @cached_property
    def in_line(self) -> Composer:
        """For what stands in the line, or on an edge of a picture."""
        return Composer(self.notation.in_line)

    @cached_property
    def lowered(self) -> Page:
        """The same with sums as low as a line."""
        return replace(self, notation=self.notation.low)

    @property
    def brief(self) -> bool:
        return self.detail == BRIEF

    @property
    def in_rows(self) -> bool:
        return self.derivation.cell.convention == "row"

    @cached_property
    def jacobians_in_rows(self) -> bool:
        """Whether ∂u/∂v has a row for each component of v."""
        return in_rows(self.derivation.paths.equations) if self.derivation.paths.equations else self.in_rows

    @property
    def other_layout(self) -> str:
        """The layout of Jacobians by name, where the notation chose the one that this cell's vectors would not have."""
        if self.jacobians_in_rows == self.in_rows:
            return ""
        return "denominator" if self.jacobians_in_rows else "numerator"

    # ------------------------------------------------------------------------------------------------- equations

    @cached_property
    def _by_label(self) -> dict[tuple[str, bool], Equation]:
        return {(e.label, e.section == "paths"): e for e in self.derivation.equations}

    def equation(self, label: str) -> Equation | None:
        """The equation of a label, the path form left aside."""
        return self._by_label.get((label, False))

    def shows(self, equation: Equation) -> bool:
        """Whether the equation stands on this page: less detail leaves some out."""
        if self.detail == BRIEF:
            return equation.section not in ("names", "paths") and self.form(equation) is equation
        stacked = self.derivation.paths.stacked and equation.section == "paths"
        return not (stacked and self.detail == STANDARD and equation.rule in LEFT_TO_FULL)

    @cached_property
    def shown(self) -> list[Equation]:
        """Their component forms, too, where the notation has them."""
        found = [form for e in self.derivation.equations if self.shows(form := self.form(e))]
        labels = {equation.label for equation in found}
        return [*found, *(e for e in self.derivation.components if e.of in labels and e not in found)]

    @cached_property
    def by_components(self) -> dict[str, Equation]:
        """Number of an equation -> its component form; empty in matrix notation."""
        return {plain(e.number).removesuffix("′"): e for e in self.derivation.components}

    def form(self, equation: Equation) -> Equation:
        """What stands for an equation: on the brief page with indices its component form, beside the cell's own equations."""
        if not self.brief or equation.section == "cell":
            return equation
        return self.by_components.get(plain(equation.number), equation)

    @cached_property
    def checked(self) -> list[Equation]:
        """All that is numbered here: what is shown, and the bounds of the full page."""
        return [*self.shown, *(self.derivation.bounds.equations if self.detail == FULL else ())]

    @cached_property
    def checks_shown(self) -> list[Check]:
        """The checks of what this page shows."""
        return self.checks_of(self.checked)

    def checks_of(self, equations: Iterable[Equation]) -> list[Check]:
        """The checks of some equations."""
        numbers = {equation.number for equation in equations}
        return [check for check in self.report.checks if check.equation in numbers]

    def section(self, *names: str) -> list[Equation]:
        return [e for e in self.derivation.equations if e.section in names]

    def reference(self, label: str) -> Inlines:
        """A link to the equation of a label; nothing if the page does not show it."""
        equation = self.equation(label)
        if equation is None or not self.shows(equation):
            return ()
        return (Reference(plain(equation.number)),)

    def references(self, labels: Iterable[str]) -> Inlines:
        """Links to several equations; three or more in sequence are a range."""
        numbers = [int(ref.number) for label in labels for ref in self.reference(label) if isinstance(ref, Reference)]
        return self.words.listed(self._ranges(numbers))

    def links(self, numbers: Sequence[int]) -> Inlines:
        """``(15)–(18), (21)``."""
        return self.words.joined(self._ranges(numbers))

    def _ranges(self, numbers: Sequence[int]) -> list[Inlines]:
        """Three or more in sequence are one range."""
        parts: list[Inlines] = []
        for run in _runs(numbers):
            if len(run) > 2:
                parts.append((Reference(str(run[0])), self.words.text("list.range"), Reference(str(run[-1]))))
            else:
                parts.extend((Reference(str(number)),) for number in run)
        return parts

    def display_row(
        self,
        equation: Equation,
        labels: Sequence[Layout | None] | None = None,
        note: Inlines = (),
        comment: Inlines = (),
    ) -> EquationRow:
        return EquationRow((self.cell(equation, labels),), (plain(equation.number),), comment, note)

    def cell(self, equation: Equation, labels: Sequence[Layout | None] | None = None) -> Cell:
        left, right = compose_sides(equation, self.notation, labels)
        return Cell(left, (right,))

    # ------------------------------------------------------------------------------------------------ quantities

    def name(self, name: str, step: Any = c.t) -> Layout:
        """A quantity at a step; a parameter where ``step`` is None."""
        return self.composer.name(name, step if step is None or isinstance(step, Expr) else Integer(step))

    def adjoint(self, name: str, step: Any = c.t) -> Layout:
        """An adjoint in the line."""
        step = step if step is None or isinstance(step, Expr) else Integer(step)
        return self.in_line.name(f"dL/d{name}", step)

    @cached_property
    def _on_a_path(self) -> frozenset[str]:
        """Every quantity from which a path leads to the loss, through any step."""
        read_by = self.derivation.step.reads()
        found, pending = set[str](), [self.derivation.loss.name]
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(other for other, _ in read_by.get(name, ()))
        return frozenset(found)

    def reaches_loss(self, name: str) -> bool:
        return name in self._on_a_path

    @staticmethod
    def at(offset: int) -> Expr:
        """A step beside t."""
        return c.t + offset

    def kind(self, name: str) -> str:
        """cell, preactivation, operand, stack, factor, loss, or input."""
        assignment = self.derivation.step.assignments.get(name)
        if assignment is None:
            return "input"
        return "stack" if assignment.kind == "operand" and assignment.node.op is concatenate else assignment.kind

    def owner(self, name: str) -> str:
        """The author's quantity behind a name: of a pre-activation, what it is the pre-activation of."""
        assignment = self.derivation.step.assignments.get(name)
        return (assignment.owner or name) if assignment is not None else name

    def headline(self) -> str:
        """What the cell is called, in this language if its author gave such a title."""
        cell = self.derivation.cell
        own = cell.titles.get(self.words.language)
        return self.words.typeset(own) if own else cell.title

    def title(self, name: str) -> str:
        """The author's words for a quantity, in this language or in English; empty if there are none."""
        for assignment in self.derivation.cell.assignments:
            if assignment.name == name:
                titles = assignment.titles
                own = titles.get(self.words.language)
                return self.words.typeset(own) if own else titles.get("en") or ""
        return ""

    def called(self, name: str) -> Inlines:
        """``the output gate``, or its symbol if it has no title."""
        if name == self.derivation.loss.name:
            return self.words("called.loss")
        if self.kind(name) in ("preactivation", "operand", "factor", "stack"):
            return self.words(f"called.{self.kind(name)}")
        title = self.title(name)
        return self.words("called.quantity", title=title) if title else (Math(self.name(name)),)

    def last_step(self) -> Layout:
        return self.composer.moment(c.T)

    def steps_name(self) -> Layout:
        return symbol_layout(self.notation.steps, self.notation)

    # ----------------------------------------------------------------------------------------------------- steps

    def bound(self, bound: Bound, of: str | None = None) -> Layout:
        clocks = self.derivation.clocks
        last = c.last(clocks.clock(of)) if clocks is not None and of is not None and not clocks.once(of) else c.T
        return self.composer.at(last + bound.offset if bound.from_end else Integer(bound.offset))

    def domain(self, steps: Steps, of: str | None = None) -> Layout:
        """``1 ≤ t < T``; a single step as ``t = T``. In a frame T is that of the quantity ``of``."""
        time = self.composer.at(c.t)
        if steps.single:
            return row(time, relation("="), self.bound(steps.first, of))
        first, lower = (Bound(False, 1), "<") if steps.first == Bound(False, 2) else (steps.first, "le")
        last, upper = (Bound(True, 0), "<") if steps.last == Bound(True, -1) else (steps.last, "le")
        inside = row(self.bound(first, of), relation(lower), time, relation(upper), self.bound(last, of))
        if steps.every < 2:
            return inside
        natural = row(Num(str(steps.every)), Ident("N", "blackboard"))
        return row(inside, Sign(",", "punct"), Space("thin"), time, relation("in" if steps.cut else "notin"), natural)

    def domain_of(self, equation: Equation) -> Layout:
        """The steps for which an equation holds."""
        assert equation.steps is not None
        return self.domain(equation.steps, getattr(equation.lhs, "name", None))

    def is_once(self, equation: Equation) -> bool:
        """Whether an equation holds once: of a quantity without time, or of an initial value."""
        return self.derivation.is_once(equation.label.split("@")[0])

    def moved(self, offset: int) -> Layout:
        return self.composer.at(c.t + offset)

    def from_step(self, offset: int) -> Inlines:
        """``the next step``, or ``step t+2``."""
        if offset in (1, -1):
            return self.words("steps.next" if offset > 0 else "steps.previous")
        return self.words("steps.other", step=self.moved(offset))

    # ----------------------------------------------------------------------------------------------------- rules

    def rule(self, key: str) -> Inlines:
        """A rule by its title and its name in the appendix, if there is one."""
        name = self.rules.name(key)
        title = self.words.text(f"rule.{key}.short")
        if name is None or self.brief:
            return (title,)
        return (f"{title} ", RuleReference(name))

    def rule_names(self, keys: Iterable[str]) -> Inlines:
        """``R2, R4``: the names alone."""
        if self.brief:
            return ()
        names = [name for key in keys if (name := self.rules.name(key))]
        return self.words.joined([RuleReference(name) for name in names])


def require_passed(report: Report) -> None:
    """Raises CheckError for a report with a failure."""
    if not report.passed:
        raise CheckError(f"no page is made of equations that failed their checks: {report.summary()}")


def plain(number: str) -> str:
    """``"12"`` for ``"(12)"``."""
    return number.strip("()")


def capital(text: Inlines) -> Inlines:
    """The first letter as a capital."""
    if text and isinstance(text[0], str) and text[0]:
        return (text[0][0].upper() + text[0][1:], *text[1:])
    return text


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def real_space(page: Page, shape: Sequence[int | str]) -> Layout:
    """``ℝ^{n×m}`` for a shape in named sizes."""
    space = Ident("R", "blackboard")
    rows, columns = shape
    if (rows, columns) == (1, 1):
        return space
    if columns == 1 and not page.in_rows:
        return Script(space, None, page.composer.size(rows))
    sizes = [in_brackets(page.composer.size(size), size) for size in (rows, columns)]
    return Script(space, None, row(sizes[0], binary("times"), sizes[1]))


def in_brackets(layout: Layout, size: int | str) -> Layout:
    return Fence(layout) if isinstance(size, str) and "+" in size else layout
