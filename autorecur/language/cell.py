"""A cell: its equations, and what is known about every name in them."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from types import EllipsisType, MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from autorecur.errors import ShapeError
from autorecur.language.canonical import write_equation
from autorecur.language.headers import write_titles
from autorecur.language.measure import measure
from autorecur.language.nearest import did_you_mean
from autorecur.language.order import Loop
from autorecur.language.sizes import Size, names_in, resolve
from autorecur.language.syntax import Assignment, Expression
from autorecur.language.text import Source

if TYPE_CHECKING:
    import numpy as np

    from autorecur.compile.explain import Explanation
    from autorecur.derive import Derivation
    from autorecur.graph.clocks import Clocks
    from autorecur.notations import Profile
    from autorecur.recurrence import Run
    from autorecur.recurrence.prepared import Prepared

Sizes = tuple[Size, Size]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Cell:
    """A recurrent cell, read from its equations; make one with :func:`autorecur.cell`.

    ``states`` are the quantities that other steps read, ``inputs`` what no equation gives, ``outputs`` what no equation of
    the same step uses (or what the header ``output`` says), each in order of appearance. ``parameters`` maps each to its
    shape in named sizes: ``("n_h", "n_x")``, ``("n_h",)`` for a vector, ``()`` for a number; a learned initial state is the
    parameter ``h[0]``. ``shapes`` maps every name to (rows, columns), ``offsets`` each state and input to the offsets from
    t at which it is read. ``loops`` is the order of computation.
    """

    name: str
    titles: Mapping[str, str]
    source: str
    loss: str | None
    assignments: tuple[Assignment, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, tuple[Size, ...]]
    shapes: Mapping[str, Sizes]
    convention: str
    offsets: Mapping[str, tuple[int, ...]]
    loops: tuple[Loop, ...]
    learned: tuple[str, ...]
    scalars: tuple[str, ...]
    target: str | None
    steps_name: str
    sizes: tuple[str, ...]
    headers: Mapping[str, str]
    """The headers as written, without titles."""
    texts: tuple[Source, ...]
    """The text that each assignment stands in."""
    starts: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Initial values that have equations of their own; only a frame has some."""

    def __post_init__(self) -> None:
        for key in ("titles", "parameters", "shapes", "offsets", "headers"):
            object.__setattr__(self, key, MappingProxyType(dict(getattr(self, key))))

    @property
    def title(self) -> str:
        """The title in English, or in the first language that has one, or the name."""
        return self.titles.get("en") or next(iter(self.titles.values()), self.name)

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the header ``function`` leaves open."""
        return tuple(self.headers.get("function", "").replace(",", " ").split())

    @property
    def decay(self) -> str | None:
        """What the header ``decay`` says: a coefficient, and the parameters that decay if these are not all matrices."""
        return self.headers.get("decay")

    def with_functions(self, **functions: str) -> Cell:
        """This cell with functions of the language for those that are left open.

        >>> import autorecur as ar
        >>> cell = ar.cell("function: g_1\\nh[t] = g_1(W x[t] + U h[t-1] + b)")
        >>> cell.with_functions(g_1="tanh").equations
        ('h[t] = tanh(W x[t] + U h[t-1] + b)',)
        """
        from autorecur.language.filling import with_functions

        return with_functions(self, functions)

    @property
    def equations(self) -> tuple[str, ...]:
        """Each equation in its canonical spelling."""
        return tuple(write_equation(assignment) for assignment in self.assignments)

    def shape_of(self, expression: Expression) -> Sizes:
        """(rows, columns) of an expression in this cell's names."""
        return measure(expression, self.shapes, self.convention)

    def initial_keys(self, state: str) -> tuple[str, ...]:
        """The keys of a state's initial values: ``h[0]``, ``h[-1]`` for a delay of two, ``g[T+1]`` if it runs backwards."""
        return initial_keys(state, self.offsets[state])

    def starts_of(self, state: str) -> tuple[str, ...]:
        """The keys of those of a state."""
        return tuple(key for key, (name, *_) in self.starts.items() if name == state)

    def clock(self, name: str) -> str:
        """The name of the number of steps that a quantity has; see :class:`~autorecur.language.frame.Frame`."""
        return "T"

    @property
    def clocks(self) -> Clocks | None:
        """Whose steps each quantity counts; None for a cell, in which all count the same."""
        return None

    def extended(
        self, equations: Mapping[str, str | Expression], titles: Mapping[str, Mapping[str, str]] | None = None
    ) -> Cell:
        """This cell with further equations behind its own, such as ``{"loss": "mean(square(y[t] - target[t]))"}``."""
        from autorecur.language.extending import extend

        return extend(self, equations, titles)

    def with_topology(self, topology: str, **options: Any) -> Cell:
        """A model around this cell, such as ``"many-to-one"``, as the cell or frame of a text; see :mod:`autorecur.topologies`.

        Topologies: one-to-one, one-to-many, many-to-one, many-to-many, encoder-decoder. Options: ``layers``,
        ``bidirectional``, ``learned`` (initial states are parameters), ``embedding`` (``e[t] = E x[t]`` in front),
        ``readout`` (linear, softmax, sigmoid). Raises CellError for a topology that this cell cannot have.
        """
        from autorecur.topologies import with_topology

        return with_topology(self, topology, **options)

    def init(self, sizes: Mapping[str, int], seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
        """Random values for all parameters: uniform within ±1/√n, n the number of components that a row takes in."""
        import numpy as np

        wanted = {name for shape in self.parameters.values() for size in shape for name in names_in(size)}
        known = self.checked_sizes(sizes, wanted)
        generator = np.random.default_rng(seed)
        values = {}
        for name, shape in self.parameters.items():
            counts = tuple(resolve(size, known) for size in shape)
            if counts:
                taken_in = counts[-1] if self.convention == "column" else counts[0]
                bound = 1 / math.sqrt(taken_in)
                values[name] = generator.uniform(-bound, bound, counts)
            else:
                values[name] = generator.uniform(0.1, 0.9, ())
        return {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}

    def checked_sizes(self, sizes: Mapping[str, int], needed: Collection[str]) -> dict[str, int]:
        """Sizes by name as whole numbers from 1; raises ShapeError for one that is unknown, missing or no such number."""
        if not isinstance(sizes, Mapping):
            example = f"{{{self.sizes[0]!r}: 3}}" if self.sizes else "{}"
            raise TypeError(f"sizes are a mapping from names to numbers, such as {example}, not {type(sizes).__name__}")
        for name in sizes:
            if name not in self.sizes:
                close = did_you_mean(str(name), self.sizes)
                raise ShapeError(
                    f"there is no size {name!r}; {self.name} has the sizes {', '.join(self.sizes)}.{close}"
                )
        wanted = [name for name in self.sizes if name in needed]
        missing = [name for name in wanted if name not in sizes]
        if missing:
            raise ShapeError(
                f"the size {', '.join(missing)} is missing; {self.name} has the sizes {', '.join(self.sizes)}."
            )
        for name in wanted:
            size = sizes[name]
            if isinstance(size, bool) or not hasattr(size, "__index__") or size.__index__() < 1:
                raise ShapeError(f"the size {name} is {size!r}; a size is a whole number from 1.")
        return {name: sizes[name].__index__() for name in wanted}

    def derive(
        self,
        steps: int | None = None,
        loss: str | EllipsisType | None = ...,
        at: str = "last",
        notation: str | os.PathLike[str] | Profile | None = None,
        language: str = "en",
        truncate: int | None = None,
        decay: str | EllipsisType | None = ...,
    ) -> Derivation:
        """All equations of backpropagation through time for this cell, as a Derivation.

        ``loss``: ``"mse"``, ``"squared"``, ``"half_squared"``, ``"ce"``, ``"bce"``, an expression such as
        ``"sum(k[t] * h[t])"``, or None for a general linear one; if it is not given, the header ``loss`` of the cell, else
        ``"mse"``. ``at``: ``"last"`` or ``"all"`` steps. ``notation``: one that ships (``"column"``, ``"row"``,
        ``"transposed"``, ``"bracket-time"``, ``"index"``), the path of a TOML file (``notes/notations.md``), or a
        :class:`autorecur.notations.Profile`; None prints the cell as its author wrote it. ``truncate=k`` cuts the gradient
        behind every k steps, as :meth:`run` does, and derives what is lost. ``decay="lambda"`` adds λ/2 times the squares of
        all parameter matrices to the loss (``"lambda W U"``: of these parameters), λ one more value of :meth:`evaluate`; if it
        is not given, what the header ``decay`` says.
        """
        from autorecur.derive import derive

        return derive(
            self,
            steps=steps,
            loss=loss,
            at=at,
            notation=notation,
            language=language,
            truncate=truncate,
            decay=decay,
        )

    def run(
        self,
        x: Any = None,
        params: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        lengths: Any = None,
        steps: int | None = None,
        truncate: int | None = None,
        backend: str = "auto",
        record: bool = False,
        outputs: Sequence[str] | None = None,
    ) -> Run:
        """Runs the equations over the steps 1 … T, on tensors; the result maps each state and output to (T, B, n).

        ``x``: (T, B, n) or (T, n), a mapping if there are several inputs, None with ``steps=T`` if there is none. ``params``:
        arrays or tensors by name. ``initial``: states before the first step, ``{"h": (B, n)}`` or by step
        ``{"h[0]": …, "h[-1]": …}``; those not given are zero; ``"g[T+1]"`` for a state that runs backwards. ``lengths``: how
        many steps each sequence has; behind its end outputs and gradients are zero. ``truncate=k`` cuts the adjoint every k
        steps (truncated BPTT). ``record=True`` adds every named quantity, and, after a backward pass, its ``adjoint``.
        ``outputs`` names what is to be computed; parameters that only others need may then be missing. Raises ShapeError.

        ``backend``: ``"compiled"`` runs one program of machine code for all steps (:meth:`explain_compilation` shows it),
        ``"eager"`` op by op on the tape, with the same results to rounding. A cell that cannot be compiled goes eagerly, with
        one warning that says why; so does every cell where numba is missing or switched off. ``"auto"`` is ``"compiled"``. The
        compiled run is one differentiable op; where its gradient is differentiated again, as for a Hessian, the steps are
        computed once more op by op on the tape.

        >>> import autorecur as ar
        >>> cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1])")
        >>> params = {"W": ar.tensor([[1.0]], requires_grad=True), "U": [[0.5]]}
        >>> out = cell.run([[1.0], [0.0]], params)
        >>> out.last["h"].sum().backward()
        >>> params["W"].grad
        tensor([[0.18225644]])
        """
        from autorecur.recurrence import run

        return run(self, x, params, initial, lengths, steps, truncate, backend, record, outputs)

    def value_and_grad(
        self,
        x: Any,
        params: Mapping[str, Any] | None,
        cotangents: Any,
        initial: Mapping[str, Any] | None = None,
        lengths: Any = None,
        steps: int | None = None,
        truncate: int | None = None,
        outputs: Sequence[str] | None = None,
    ) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, np.ndarray[Any, Any]]]:
        """The outputs as arrays, and the gradient of Σ ⟨cotangent, output⟩ in everything that was given, by its key.

        ``cotangents``: an array of the shape of the output for each that has one, ``{"h": (T, B, n)}``; an array alone if
        ``outputs`` names one; or a function of the outputs (a mapping of arrays), such as the derivative of a loss, that gives
        either. All else as for :meth:`run`. Nothing is recorded: small cells run several times as fast as through tensors.
        Raises ShapeError and ArgumentError.

        >>> import autorecur as ar
        >>> cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1])")
        >>> out, gradients = cell.value_and_grad([[1.0], [0.0]], {"W": [[1.0]], "U": [[0.5]]}, {"h": [[0.0], [1.0]]})
        >>> gradients["W"]
        array([[0.18225644]])
        """
        from autorecur.recurrence.gradients import value_and_grad

        return value_and_grad(self, x, params, cotangents, initial, lengths, steps, truncate, outputs)

    def explain_compilation(
        self,
        sizes: Mapping[str, int] | None = None,
        steps: int | None = None,
        batch: int | None = None,
        gradients: str | Collection[str] | None = "all",
        outputs: Sequence[str] | None = None,
        dtype: str = "float64",
    ) -> Explanation:
        """What the compiler makes of this cell: an object that prints as the plan, and has its parts as attributes.

        The plan says which products leave the loop over time (hoisted), become one (stacked) or wait for its end (deferred),
        which equations share a loop (fused), and what is stored for how many steps. ``sizes`` such as ``{"n_x": 3, "n_h": 8}``
        add flops and bytes for one step of one sample, ``steps`` and ``batch`` those of a whole run. ``gradients``: ``"all"``
        (parameters, inputs and initial states), ``"parameters"``, ``"none"``, or names such as ``["W", "x", "h[0]"]``.
        ``outputs`` as for :meth:`run`. No compiler is needed. Raises ShapeError and ArgumentError.

        >>> import autorecur as ar
        >>> cell = ar.cell("h[t] = tanh(W x[t] + U h[t-1] + b)")
        >>> plan = cell.explain_compilation({"n_x": 3, "n_h": 8}, gradients="none")
        >>> [product.text for product in plan.forward.hoisted], [product.text for product in plan.forward.per_step]
        (['a~[t] = W x[t]'], ['a~[t] += U h[t-1]'])
        >>> plan.bytes_per_step
        64
        """
        from autorecur.compile.explain import explain

        return explain(self, sizes, steps, batch, gradients, outputs, dtype)

    @cached_property
    def prepared(self) -> Prepared:
        """What the runs of this cell have in common, worked out once."""
        from autorecur.recurrence.prepared import Prepared

        return Prepared(self)

    # ---------------------------------------------------------------- as text

    def __str__(self) -> str:
        lines = [f"name: {self.name}"]
        lines += [
            f"{'title' if language == 'en' else f'title.{language}'}: {text}" for language, text in self.titles.items()
        ]
        lines += [f"{key}: {value}" for key, value in self.headers.items() if key != "name"]
        equations = self.equations
        width = max(len(equation) for equation in equations)
        for equation, assignment in zip(equations, self.assignments, strict=True):
            comment = write_titles(assignment.titles)
            lines.append(f"{equation.ljust(min(width, 80))}  # {comment}" if comment else equation)
        return "\n".join(lines) + "\n"

    def __repr__(self) -> str:
        return f"<cell {self.name}: {', '.join(self.equations[:8])}{', …' if len(self.assignments) > 8 else ''}>"

    def _repr_latex_(self) -> str:
        from autorecur.symbolic.display import cell_latex

        return f"$\\displaystyle {cell_latex(self)}$"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cell):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(str(self))

    def _identity(self) -> tuple[object, ...]:
        headers = {key: value for key, value in self.headers.items() if key != "name"}
        return self.name, dict(self.titles), self.assignments, headers, dict(self.shapes), self.outputs

    def __reduce__(self) -> tuple[Any, ...]:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        plain = {key: dict(value) if isinstance(value, MappingProxyType) else value for key, value in values.items()}
        return _rebuilt, (plain,)


def initial_keys(state: str, offsets: tuple[int, ...]) -> tuple[str, ...]:
    """``h[0]``, ``h[-1]``, … for the delays in ``offsets``, ``h[T+1]``, … for those that look ahead."""
    delays = [f"{state}[{-step}]" for step in range(-min(*offsets, 0))]
    return (*delays, *(f"{state}[T+{step}]" for step in range(1, max(*offsets, 0) + 1)))


def _rebuilt(values: dict[str, Any]) -> Cell:
    return Cell(**values)
