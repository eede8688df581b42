"""A derivation: every equation of backpropagation through time for one cell and one loss."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from autorecur.derive import equations as draw
from autorecur.derive.components import by_components
from autorecur.derive.decay import Decay, decay_of
from autorecur.derive.equation import Equation
from autorecur.derive.losses import AS_WRITTEN, Loss, with_loss
from autorecur.derive.path_form import path_form
from autorecur.derive.paths import PathForm
from autorecur.derive.truncation import error_equations, truncated
from autorecur.derive.turning import in_other_layout, in_rows, telling
from autorecur.errors import CellError, ShapeError
from autorecur.graph.adjoint import Adjoint, adjoints
from autorecur.graph.clocks import Clocks
from autorecur.graph.node import Node
from autorecur.graph.step import Step
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.language.order import Loop, schedule
from autorecur.languages import languages
from autorecur.notations.applying import applied, jacobians_turned
from autorecur.notations.loading import load
from autorecur.notations.profile import Mathematics, Profile
from autorecur.ops.open import filled
from autorecur.symbolic.names import Notation, notation_of
from autorecur.symbolic.spelling import letters_of

if TYPE_CHECKING:
    import sympy

    from autorecur.derive.results import Results
    from autorecur.graph.program import Values
    from autorecur.notations.rewriting import Rewriting
    from autorecur.vanishing.bounds import Bounds
    from autorecur.vanishing.search import Found
    from autorecur.verify.ground import Ground
    from autorecur.verify.report import Report
    from autorecur.worked import WorkedExample

MOST_STEPS = 10_000
LEAST_DIGITS = 30
""":mod:`autorecur.verify.precise` takes differences: fewer digits would say less than floats do."""
MOST_EQUATIONS = 500
"""Of a cell: the work of checking every equation grows with the square of their number."""


class _Gradients(dict[str, Equation]):
    """Equations by what they are the gradient of; a name that is not there gets a suggestion."""

    def __missing__(self, name: str) -> Equation:
        raise KeyError(f"there is no gradient of {name!r}.{did_you_mean(name, self)} There are {', '.join(self)}.")


@dataclass(frozen=True)
class Derivation:
    """The equations of a cell's gradient, each with its reason and its terms.

    ``cell`` is the cell that is printed, ``extended`` the same with its loss as one more equation; ``written`` is the cell as
    its author wrote it, with that loss, and ``rewriting`` the way from it to the printed one where a notation changes the
    mathematics. ``loops`` and ``adjoint_loops`` are the orders in which the forward and the adjoint equations are evaluated.
    """

    cell: Cell
    extended: Cell
    step: Step
    loss: Loss
    nodes: Mapping[str, Node]
    """The right-hand sides that are differentiated, by name of the quantity."""
    adjoints: Mapping[str, Adjoint]
    equations: tuple[Equation, ...]
    naming: Notation
    """How names, steps and adjoints print."""
    loops: tuple[Loop, ...]
    adjoint_loops: tuple[Loop, ...]
    paths: PathForm
    steps: int | None = None
    language: str = "en"
    notation: str | None = None
    """The name of the notation that was asked for."""
    profile: Profile | None = None
    written: Cell = field(kw_only=True)
    truncate: int | None = None
    """The gradient is cut behind every so many steps."""
    decay: Decay | None = None
    """The penalty that L has besides the losses of the steps."""
    rewriting: Rewriting | None = None
    components: tuple[Equation, ...] = ()
    """The equations by components, where the notation wants them beside the matrix form."""
    _reports: dict[Any, Report] = field(default_factory=dict, compare=False, repr=False)
    _grounds: dict[int, Ground] = field(default_factory=dict, compare=False, repr=False)
    """True values by seed; copies with an altered equation share them."""
    _reached: dict[int, Mapping[str, Found]] = field(default_factory=dict, compare=False, repr=False)

    def __getitem__(self, label: str) -> Equation:
        """The equation with a label (``"dL/dh"``) or a number (``"(12)"``)."""
        for equation in self.every_equation:
            if label in (equation.label, equation.number):
                return equation
        known = [e.label for e in self.every_equation]
        raise CellError(
            f"this derivation has no equation {label!r}.{did_you_mean(label, known)}",
            hint=f"Its labels are {', '.join(known)}.",
        )

    @property
    def every_equation(self) -> tuple[Equation, ...]:
        """The equations, and their component forms."""
        return (*self.equations, *self.components)

    @cached_property
    def gradients(self) -> Mapping[str, Equation]:
        """The equation of dL/d… for every parameter, input and initial state: ``"W_i"``, ``"x"``, ``"h[0]"``.

        Names are those of the cell as written. Where a notation joins weights, the parts have one equation."""
        printed = self.printed_gradients
        if self.rewriting is None:
            return printed
        written = {name: self.rewriting.printed_names(name)[0] for name in self.rewriting.written.parameters}
        found = {name: printed[source] for name, source in written.items() if source in printed}
        known = {source for name in written for source in self.rewriting.printed_names(name)}
        return _Gradients({**found, **{name: e for name, e in printed.items() if name not in known}})

    @cached_property
    def printed_gradients(self) -> Mapping[str, Equation]:
        """The same by the names that are printed."""
        wanted = ("parameters", "inputs", "initial")
        found: dict[str, Equation] = {}
        for equation in self.equations:
            if equation.section in wanted:
                found.setdefault(equation.label.removeprefix("dL/d").split("@")[0], equation)
        return _Gradients(found)

    @cached_property
    def smallest_generic(self) -> int:
        """The smallest T for which the ranges of steps of the equations do not meet: 2·delay + 2."""
        offsets = [abs(o) for used in self.extended.offsets.values() for o in used]
        generic = 2 * max(offsets, default=0) + 2
        return generic if self.truncate is None else max(generic, self.truncate + 2)

    @cached_property
    def checked_steps(self) -> int:
        """The T at which equations are checked: generic, and so large that what is lost at one cut passes another."""
        generic = self.smallest_generic + 1
        return generic if self.truncate is None else max(generic, 2 * self.truncate + 1)

    @cached_property
    def clocks(self) -> Clocks | None:
        """Whose steps each quantity counts; None for a cell, in which all count the same."""
        return self.step.clocks

    @property
    def part_names(self) -> tuple[str, ...] | None:
        """The names of the parts of a frame; None for a cell."""
        return None

    def is_once(self, name: str) -> bool:
        """True for what has no time in a frame, and for its adjoint."""
        base = name.removeprefix("dL/d")
        return self.clocks is not None and base in self.clocks.of and self.clocks.once(base)

    def horizon(self, steps: int | None = None) -> int:
        """The number of steps at which equations are checked, or ``steps``; of a frame one for each part."""
        return steps or self.checked_steps

    def is_computed(self, name: str, step: int, values: Values) -> bool:
        """Whether an equation gives a quantity at a step; what none gives is given."""
        return name in self.nodes and 1 <= step <= values.last(name)

    def shape_of(self, name: str) -> tuple[int | str, int | str]:
        """Rows and columns of a quantity, of a parameter, or of the adjoint of either."""
        base = name.removeprefix("dL/d").split("[")[0]
        if base in self.step.assignments:
            shape = self.step.assignments[base].node.shape
        elif base == "L":
            shape = (1, 1)
        else:
            shape = self.extended.shapes[base]
        return shape[0], shape[1]

    def shape_as_written(self, name: str) -> tuple[int | str, int | str]:
        """Rows and columns in the cell as written; of what only the printed cell names, in the convention of the other."""
        base = name.removeprefix("dL/d").split("[")[0]
        if base in self.written.shapes:
            return self.written.shapes[base]
        rows, columns = self.shape_of(name)
        return (columns, rows) if self.rewriting is not None and self.rewriting.turned else (rows, columns)

    @cached_property
    def as_written(self) -> Derivation:
        """The derivation of the cell as written, for the same loss."""
        if self.rewriting is None:
            return self
        decay = self.decay.text if self.decay is not None else None
        return derive(self.rewriting.written, loss=self.loss.text, at=self.loss.at, decay=decay)

    @cached_property
    def untruncated(self) -> Derivation:
        """The same forward equations, in which nothing is held at a cut."""
        return replace(self, truncate=None, _reports={}, _grounds={}, _reached={})

    def section(self, name: str) -> tuple[Equation, ...]:
        return tuple(e for e in self.equations if e.section == name)

    def evaluate(
        self, values: Mapping[str, Any], steps: int | None = None, functions: Mapping[str, str] | None = None
    ) -> Results:
        """Numbers of every displayed quantity, from the displayed expressions.

        ``values`` holds parameters by name in their shapes, inputs and target ``(T, n)`` or ``(T, B, n)`` (the target ``(n,)``
        or ``(B, n)`` for a loss at the last step), initial states ``"h[0]"`` ``(n,)`` or ``(B, n)``; absent initial states
        are zero. ``steps`` is T; without it the inputs tell. ``functions`` says what functions are that the cell leaves open,
        ``{"g_1": "tanh"}``. Raises ShapeError for a missing or misshapen value.

        >>> import autorecur as ar
        >>> d = ar.cell("h[t] = w * h[t-1] + x[t]").derive(loss="squared")
        >>> float(d.evaluate({"w": [2.0], "x": [[1.0], [1.0]], "target": [0.0]})["dL/dw"][0])
        6.0
        """
        from autorecur.derive.results import evaluate
        from autorecur.language.filling import check_fillings, example, require_filled

        check_fillings(self.cell, functions or {})
        if not set(self.cell.functions) <= set(functions or {}):
            require_filled(self.cell, f"evaluate(values, functions=dict({example(self.cell)}))")
        with filled(functions or {}):
            return evaluate(self, values, steps)

    def worked_example(self, values: Any = None, digits: int = 4) -> WorkedExample:
        r"""Backpropagation by hand: the equations with small decimals in them, forward, backward, and one update.

        ``values`` is what :meth:`evaluate` takes, with ``"learning_rate"`` if it is not 0.1, or the path of a TOML or
        JSON file; without it two units and pleasant numbers are chosen. Each result is rounded to ``digits`` decimals
        before it is used again. Raises CellError or ShapeError for values that do not fit.

        >>> import autorecur as ar
        >>> example = ar.cell("h[t] = w * h[t-1] + x[t]").derive(loss="squared").worked_example(
        ...     {"w": [0.5], "x": [[1], [2]], "target": [2.4], "learning_rate": 0.1}
        ... )
        >>> row = example["h[2]"]
        >>> row.symbols, row.numbers, row.result
        ('w \\odot h_1 + x_2', '0.5 \\cdot 1 + 2', '2.5')
        """
        from autorecur.worked import worked_example

        return worked_example(self, values, digits)

    def reached(self, seed: int = 0) -> Mapping[str, Found]:
        """For each bound, by its label, how much of it was reached by a search for a point that oversteps it."""
        from autorecur.vanishing.search import search

        if seed not in self._reached:
            self._reached[seed] = search(self, self.bounds, seed)
        return self._reached[seed]

    @cached_property
    def bounds(self) -> Bounds:
        """How large the Jacobian from step to step can be: inequalities read off its factors, or why there are none."""
        from autorecur.vanishing.bounds import bounds_of

        return bounds_of(self)

    def verify(
        self, seed: int = 0, *, steps: int | None = None, digits: int | None = None, bounds: bool = False
    ) -> Report:
        """Evaluates every equation and compares it with numerical derivatives; see :mod:`autorecur.verify`.

        ``digits=50`` adds a check of a sample against mpmath, ``bounds`` a search for a point at which a bound of
        :attr:`bounds` is overstepped. The report of one seed is computed once.
        """
        from autorecur.verify import verify

        _require_whole("steps", steps, 1)
        _require_whole("seed", seed, 0)
        _require_whole("digits", digits, LEAST_DIGITS)
        if digits is not None and self.truncate is not None:
            raise CellError("a truncated gradient is not checked with more digits: its states are held at the cuts.")
        wanted = (seed, steps or self.steps, digits, bounds)
        if wanted not in self._reports:
            self._reports[wanted] = verify(self, seed, steps=wanted[1], digits=digits, bounds=bounds)
        return self._reports[wanted]

    def ground(self, seed: int) -> Ground:
        """The random point and the true values that :meth:`verify` checks against; computed once for a seed."""
        from autorecur.verify.ground import Ground

        if seed not in self._grounds:
            self._grounds[seed] = Ground(self, seed)
        return self._grounds[seed]

    def replace(self, label: str, rhs: sympy.Basic | str) -> Derivation:
        """The derivation with one right-hand side changed: for planting errors and seeing them found.

        ``rhs`` is a SymPy expression of that shape, or text in the language (``"f[t+1] * dL/dc[t+1]"``).
        Raises CellError for an unknown label or text that cannot be read, ShapeError for a wrong shape.
        """
        from autorecur.derive.reading import read

        old = self[label]
        expression = read(self, old, rhs) if isinstance(rhs, str) else rhs
        _require_shape(old, expression)
        equations, components = (
            tuple(e.with_rhs(expression) if e is old else e for e in each) for each in (self.equations, self.components)
        )
        return replace(self, equations=equations, components=components, _reports={})

    def to_latex(self, fragment: bool = False, detail: str = "standard") -> str:
        """The document as LaTeX: stand-alone, or a fragment for a document of one's own."""
        from autorecur.page import document
        from autorecur.render.formats import text_of

        return text_of(document(self, detail=detail, language=self.language), "tex", fragment=fragment)

    def to_markdown(self, detail: str = "standard") -> str:
        """The document as Markdown with LaTeX mathematics."""
        from autorecur.page import document
        from autorecur.render.formats import text_of

        return text_of(document(self, detail=detail, language=self.language), "md")

    def to_html(self, detail: str = "standard") -> str:
        """The document as a page for a browser: one file that loads nothing, with its mathematics font."""
        from autorecur.page import document
        from autorecur.render.formats import text_of

        return text_of(document(self, detail=detail, language=self.language), "html")

    def save(
        self,
        path: str | Path,
        detail: str = "standard",
        fragment: bool = False,
        pdf_engine: str = "auto",
        templates: str | Path | None = None,
        values: Any = None,
    ) -> None:
        """Writes the document; the suffix is the format (``.tex .pdf .md .html .typ``). Nothing is written if a check fails.

        ``templates`` is a folder of templates of one's own, or of single blocks (``notes/templates.md``). With ``values``
        (see :meth:`worked_example`) it holds the worked example in these numbers.
        """
        from autorecur.page import document
        from autorecur.render.formats import save

        page = document(self, detail=detail, language=self.language, values=values)
        save(page, path, fragment=fragment, engine=pdf_engine, templates=templates)

    def _repr_latex_(self) -> str:
        rows = " \\\\ ".join(e.latex() for e in self.equations if e.section != "paths")
        return rf"$\displaystyle \begin{{gathered}} {rows} \end{{gathered}}$"


def _require_whole(name: str, value: int | None, least: int) -> None:
    if value is not None and (not hasattr(value, "__index__") or value < least):
        raise CellError(f"{name} is a whole number from {least}, not {value!r}.")


def _require_shape(equation: Equation, expression: Any) -> None:
    from autorecur.symbolic.carriers import require_fit

    shape = getattr(expression, "shape", None)
    if shape is None:
        raise ShapeError(f"{expression} is no matrix expression; {equation.quantity} needs one.")
    wanted = tuple(equation.lhs.shape)
    if tuple(shape) != wanted:
        raise ShapeError(
            f"{equation.quantity} has the shape {wanted[0]}×{wanted[1]}, "
            f"but the new right-hand side has the shape {shape[0]}×{shape[1]}."
        )
    require_fit(expression)


def derive(
    cell: Cell,
    steps: int | None = None,
    loss: str | EllipsisType | None = ...,
    at: str = "last",
    notation: str | os.PathLike[str] | Profile | None = None,
    language: str = "en",
    mathematics: Mathematics | None = None,
    truncate: int | None = None,
    decay: str | EllipsisType | None = ...,
) -> Derivation:
    """Backpropagation through time for a cell: see :meth:`autorecur.language.cell.Cell.derive`.

    ``mathematics`` stands in for what the notation changes in the mathematics: the cell is rewritten before the adjoint pass.
    """
    _require(cell, steps, language)
    profile = load(notation) if notation is not None else None
    if mathematics is None:
        mathematics = profile.mathematics if profile is not None else AS_WRITTEN
    chosen = (cell.loss or "mse") if isinstance(loss, EllipsisType) else loss
    penalty = cell.decay if isinstance(decay, EllipsisType) else _required_text(decay)
    whole = with_loss(cell, chosen, at, mathematics, penalty)
    cell, extended, step, found, nodes = whole.cell, whole.extended, whole.step, whole.loss, whole.nodes
    loops = schedule(step.reads())
    order = [name for loop in loops for name in loop.names]
    keep = frozenset(found.outputs) | {a.name for a in step.assignments.values() if a.kind == "preactivation"}
    ordered = {name: nodes[name] for name in order}
    clocks = step.clocks
    pulled = adjoints(ordered, found.name, found.steps, keep, frozenset(extended.states), clocks)
    shown = {name: adjoint for name, adjoint in pulled.items() if name not in found.inputs}
    if truncate is not None:
        shown = truncated(cell, shown, truncate, clocks is not None)
    taken = letters_of(profile.symbols) if profile is not None else frozenset[str]()
    decaying = decay_of(penalty, whole.decayed, extended, whole.rewriting)
    draft = draw.Draft(extended, cell, step, found, shown, nodes, order, clocks, taken, decaying)
    listed = draw.equations(draft)
    if truncate is not None:
        listed = (*listed, *draw.numbered(error_equations(draft, truncate), len(listed) + 1))
    form = PathForm(reason="frame" if clocks is not None else "truncated")
    if clocks is None and truncate is None:
        form = path_form(draft)
    output = found.outputs[0] if found.outputs else None
    naming = notation_of(extended, step, output)
    if profile is not None:
        naming = applied(profile, naming, extended, step, output, whole.written.shapes, _unclear(whole.rewriting))
        if jacobians_turned(profile, naming, in_rows(form.equations)):
            form = replace(form, equations=telling(in_other_layout(form.equations), naming))
    if clocks is not None:
        once = frozenset(name for name in clocks.of if clocks.once(name) and name not in clocks.starts)
        naming = replace(naming, untimed=once)
    all_equations = (*listed, *draw.numbered(form.equations, len(listed) + 1))
    listed = tuple(replace(equation, notation=naming) for equation in all_equations)
    beside = profile is not None and profile.components == "beside"
    adjoint_loops = schedule(draw.reads_of({name: a for name, a in shown.items() if a.timed}))
    kind: type[Derivation] = Derivation
    if clocks is not None:
        from autorecur.derive.frames import FrameDerivation

        kind = FrameDerivation
    return kind(
        cell,
        extended,
        step,
        found,
        nodes,
        shown,
        listed,
        naming,
        loops,
        adjoint_loops,
        form,
        steps,
        language,
        profile.name if profile else None,
        profile,
        written=whole.written,
        rewriting=whole.rewriting,
        components=by_components(listed) if beside else (),
        truncate=truncate,
        decay=decaying,
    )


def _required_text(decay: str | None) -> str | None:
    if decay is not None and not isinstance(decay, str):
        raise CellError(f"a decay is the name of its coefficient, such as 'lambda', not {decay!r}.")
    return decay


def _unclear(rewriting: Rewriting | None) -> list[str]:
    """Joined weights that have the name of one of their parts: these need other names."""
    return [each.name for each in rewriting.joined if each.name in each.weights] if rewriting is not None else []


def _require(cell: Cell, steps: int | None, language: str) -> None:
    if len(cell.assignments) > MOST_EQUATIONS:
        raise CellError(
            f"this cell has {len(cell.assignments):,} equations; a derivation takes at most {MOST_EQUATIONS}.",
            hint="Every equation of a derivation is checked; for more than that, derive one part at a time.",
        )
    if steps is not None and not (hasattr(steps, "__index__") and 1 <= steps <= MOST_STEPS):
        raise CellError(f"steps is a whole number from 1 to {MOST_STEPS:,}, not {steps}.")
    if language not in languages():
        known = ", ".join(languages())
        raise CellError(f"there is no language {language!r}.{did_you_mean(language, languages())} There are {known}.")
