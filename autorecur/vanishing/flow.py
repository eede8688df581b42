"""How gradients flow through time: ‖∂s_T/∂s_k‖, measured of cells on random weights and sequences, or of recorded runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import ArgumentError, CellError
from autorecur.graph.adjoint import initial_steps
from autorecur.graph.program import Array, Values
from autorecur.language.cell import Cell
from autorecur.language.nearest import did_you_mean
from autorecur.language.sizes import resolve
from autorecur.vanishing.jacobians import Group, Prepared, StepJacobians, groups_of, spectral

if TYPE_CHECKING:
    from autorecur.recurrence import Run
    from autorecur.render.blocks import Document

STEPS, SAMPLES = 50, 4
HIDDEN, HIDDEN_OF_MATRICES = 16, 6
"""How many components vectors have, if nobody says: fewer where states are matrices."""
MOST_STEPS, MOST_HIDDEN = 10_000, 512
VANISHES, EXPLODES = 0.98, 1.02
"""Below and above these factors a step, a hundred steps make less than a seventh, or more than seven times as much."""

Tell = Callable[[str, float], None]
"""Is told what is measured, and which part of it is done."""


@dataclass(frozen=True)
class Curve:
    """The measured norms of one cell: ``norms[i]`` of ∂s_T/∂s_{T−i}, one column for each sequence.

    ``states`` are those that s holds; for a state that runs backwards, i counts the steps from the first on."""

    label: str
    cell: Cell
    states: tuple[str, ...]
    backward: bool
    hidden: int
    norms: Array
    recorded: bool = False
    """Whether the weights and sequences are those of a run, not random ones."""

    @property
    def distances(self) -> Array:
        """How many steps lie between: 0, 1, …, T."""
        return np.arange(len(self.norms))

    @property
    def mean(self) -> Array:
        """The geometric mean over the sequences."""
        with np.errstate(divide="ignore"):
            return np.exp(np.mean(np.log(self.norms), axis=1))

    @property
    def factor(self) -> float:
        """What one step multiplies the norm by in the long run: the slope of its logarithm over the later half."""
        distances, mean = self.distances, self.mean
        usable = np.isfinite(mean) & (mean > 0)
        late = usable & (distances >= min(len(mean) // 2, max(0, int(usable.sum()) - 2)))
        if late.sum() < 2:
            return 0.0 if not usable[1:].any() else float("nan")
        return float(np.exp(np.polyfit(distances[late], np.log(mean[late]), 1)[0]))

    @property
    def verdict(self) -> str:
        """``vanishes``, ``explodes`` or ``is kept``."""
        if not self.factor >= VANISHES:
            return "vanishes"
        return "explodes" if self.factor > EXPLODES else "is kept"


@dataclass(frozen=True)
class Flow:
    """What :func:`flow` measured: one curve for each cell (two for a cell that runs both ways), by its label."""

    curves: tuple[Curve, ...]
    steps: int
    hidden: int | None
    scale: float
    seed: int
    samples: int
    state: str | None = None

    def __getitem__(self, label: str) -> Curve:
        for curve in self.curves:
            if curve.label == label:
                return curve
        known = [curve.label for curve in self.curves]
        raise KeyError(f"there is no curve {label!r}.{did_you_mean(label, known)} There are {', '.join(known)}.")

    def __iter__(self) -> Iterator[Curve]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers for a program; what is no finite number is None."""
        return {
            "steps": self.steps,
            "scale": self.scale,
            "seed": self.seed,
            "samples": self.samples,
            "curves": [
                {
                    "label": curve.label,
                    "cell": curve.cell.name,
                    "states": list(curve.states),
                    "backward": curve.backward,
                    "hidden": curve.hidden,
                    "distance": curve.distances.tolist(),
                    "norm": [_number(value) for value in curve.mean],
                    "smallest": [_number(value) for value in curve.norms.min(axis=1)],
                    "largest": [_number(value) for value in curve.norms.max(axis=1)],
                    "factor_per_step": _number(curve.factor),
                    "verdict": curve.verdict,
                }
                for curve in self.curves
            ],
        }

    def document(self, language: str = "en") -> Document:
        """The plot and its table as a page."""
        from autorecur.page.flows import flow_page

        return flow_page(self, language)

    def save(self, path: str | os.PathLike[str], language: str = "en", pdf_engine: str = "auto") -> None:
        """Writes the plot; the suffix is the format, as for a derivation's document."""
        from autorecur.render.formats import save

        save(self.document(language), path, engine=pdf_engine)

    def __str__(self) -> str:
        marks = shown_distances(self.steps)
        rows = [("cell", "states", *(f"T-k = {d}" if d else "T-k = 0" for d in marks), "a step", "gradient")]
        for curve in self.curves:
            mean = curve.mean
            numbers = [f"{mean[d]:.1e}" if d < len(mean) else "" for d in marks]
            rows.append((curve.label, ", ".join(curve.states), *numbers, f"×{curve.factor:.3f}", curve.verdict))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join(
            "  ".join(
                text.ljust(width) if i in (0, 1, len(row) - 1) else text.rjust(width)
                for i, (text, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )


def shown_distances(steps: int) -> list[int]:
    """The distances that a table shows."""
    return sorted({d for d in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if d < steps} | {steps})[-7:]


def flow(
    cells: Cell | Run | str | Iterable[Cell | Run | str] | Mapping[str, Cell | Run | str],
    steps: int = STEPS,
    hidden: int | None = None,
    scale: float = 1.0,
    seed: int = 0,
    samples: int = SAMPLES,
    state: str | None = None,
    tell: Tell | None = None,
) -> Flow:
    """Measures ‖∂s_T/∂s_k‖, the spectral norm of the Jacobian between two steps, for one cell or several.

    Every vector has ``hidden`` components (16; 6 in a cell with matrix states); the weights are those of :meth:`Cell.init`,
    matrices times ``scale``; inputs are drawn from the normal distribution, ``samples`` sequences of ``steps`` steps. s holds
    all states of a cell, or, with ``state``, the one of that name, where the derivative is total. The Jacobians are exact:
    products of the pull-backs of the cell's own equations.

    A recorded run, of ``cell.run(record=True)`` or of a layer within :func:`autorecur.nn.record`, in the place of a cell is
    measured with its own weights, inputs and initial states, its first ``samples`` sequences. A mapping gives names to the
    curves: ``ar.flow({"before": run, "after": other})``. Raises CellError for a cell without a state, ArgumentError for a
    bad number.

    >>> import autorecur as ar
    >>> measured = ar.flow(["rnn", "lstm"], steps=30)
    >>> measured["rnn"].norms.shape, measured["rnn"].verdict
    ((31, 4), 'vanishes')
    >>> layer = ar.nn.GRU(2, 8)
    >>> with ar.nn.record() as runs:
    ...     output, _ = layer([[1.0, 0.0]] * 20)
    >>> ar.flow(runs)["gru_reset_after_l0"].norms.shape
    (21, 1)
    """
    _require_whole("steps", steps, 1, MOST_STEPS)
    if hidden is not None:
        _require_whole("hidden", hidden, 1, MOST_HIDDEN)
    _require_whole("samples", samples, 1, 1000)
    _require_whole("seed", seed, 0, None)
    if not isinstance(scale, (int, float)) or not 0 < scale < float("inf"):
        raise ArgumentError(f"scale is a positive number, not {scale!r}")
    known = _listed(cells)
    _require_state([each if isinstance(each, Cell) else each.cell for _, each in known], state)
    curves: list[Curve] = []
    for at, (label, each) in enumerate(known):
        told = _told(tell, f"measuring {label}", at, len(known))
        if isinstance(each, Cell):
            values = drawn(each, steps, hidden or _hidden(each), scale, seed, samples)
            curves += _curves(label, each, values, state, told, recorded=False)
        else:
            curves += _curves(label, each.cell, of_run(each, samples), state, told, recorded=True)
    wide = curves[0].hidden if all(curve.recorded for curve in curves) else hidden
    return Flow(tuple(curves), max(len(c.norms) - 1 for c in curves), wide, float(scale), seed, samples, state)


def _curves(
    label: str, cell: Cell, values: Values, state: str | None, told: Callable[[int, int], None] | None, recorded: bool
) -> Iterator[Curve]:
    """One, or two for a cell that runs both ways."""
    prepared = Prepared.of(cell)
    groups = [group for group in groups_of(cell) if state is None or state in group.states]
    with np.errstate(all="ignore"):
        prepared.simulated(values)
        for group in groups:
            norms = _norms(StepJacobians(prepared, values, group, told), state)
            name = label if len(groups) == 1 else f"{label}: {', '.join(group.states)}"
            states = group.states if state is None else (state,)
            hidden = max(resolve(size, values.sizes) for size in cell.shapes[states[0]])
            yield Curve(name, cell, states, group.direction < 0, hidden, norms, recorded)


def _hidden(cell: Cell) -> int:
    return HIDDEN_OF_MATRICES if any(1 not in cell.shapes[state] for state in cell.states) else HIDDEN


def _norms(jacobians: StepJacobians, state: str | None) -> Array:
    return spectral(jacobians.of_all() if state is None else jacobians.of_state(state))


def _told(tell: Tell | None, what: str, at: int, count: int) -> Callable[[int, int], None] | None:
    if tell is None:
        return None
    return lambda done, steps: tell(what, (at + done / steps) / count)


def drawn(cell: Cell, steps: int, hidden: int, scale: float, seed: int, samples: int) -> Values:
    """Weights, inputs and initial states, ready to be run."""
    sizes = dict.fromkeys(cell.sizes, hidden)
    generator = np.random.default_rng([seed, 7])
    values = Values(sizes, steps)
    for name, array in cell.init(sizes, seed).items():
        values.parameters[name] = _shaped(cell, name, array * scale if array.ndim == 2 else array, sizes)
    for name in cell.inputs:
        shape = tuple(resolve(size, sizes) for size in cell.shapes[name])
        for t in range(1, steps + 1):
            values.quantities[name, t] = generator.standard_normal((samples, *shape))
        for offset in cell.offsets.get(name, ()):
            for t in range(min(0, offset) + 1, max(0, offset) + 1):
                outside = t if offset < 0 else steps + t
                if not 1 <= outside <= steps:
                    values.quantities[name, outside] = np.zeros((samples, *shape))
    for name in cell.states:
        shape = tuple(resolve(size, sizes) for size in cell.shapes[name])
        for step in initial_steps(cell.offsets, name):
            learned = values.parameters.get(f"{name}[{step}]")
            start = np.zeros(shape) if learned is None else learned
            values.quantities[name, step.at(steps)] = np.broadcast_to(start, (samples, *shape))
    return values


def _shaped(cell: Cell, name: str, array: Array, sizes: Mapping[str, int]) -> Array:
    shape = cell.shapes.get(name, cell.shapes.get(name.split("[")[0], (1, 1)))
    return np.asarray(array).reshape([resolve(size, sizes) for size in shape])


def of_run(run: Run, samples: int) -> Values:
    """Weights, inputs and initial states of a recorded run, of its first sequences, ready to be run again."""
    if run.given is None:
        raise ArgumentError("the run is not recorded, so that its weights are not known: pass record=True to it")
    steps = len(run[next(iter(run))])
    if run.lengths is not None and (run.lengths != steps).any():
        raise ArgumentError("the sequences of the run are not equally long: run some that are, without lengths")
    cell = run.cell
    given = {name: np.asarray(array, np.float64) for name, array in run.given.items()}
    values, batch = cell.prepared.loader(tuple(cell.states), given, steps).load()
    if batch is not None:
        values.quantities = {
            key: array[:samples] if array.ndim == 3 else array for key, array in values.quantities.items()
        }
    return values


def _listed(given: Any) -> list[tuple[str, Cell | Run]]:
    """Cells and runs under labels that differ."""
    from autorecur.cells import load
    from autorecur.recurrence import Run

    if isinstance(given, Mapping) and not isinstance(given, Run):
        listed = [(str(label), each) for label, each in given.items()]
    else:
        listed = [("", each) for each in ([given] if isinstance(given, (Cell, Run, str)) else given)]
    if not listed:
        raise CellError("no cell is given.", hint="Give one or several: ar.flow(['rnn', 'lstm']).")
    found: list[tuple[str, Cell | Run]] = []
    for name, item in listed:
        if not isinstance(item, (Cell, Run, str)):
            raise ArgumentError(f"a cell, its name, its path or a recorded run is wanted, not {type(item).__name__}")
        each = load(item) if isinstance(item, str) else item
        label = own = name or (each.name if isinstance(each, Cell) else each.cell.name)
        count = 2
        while label in (known for known, _ in found):
            label, count = f"{own} ({count})", count + 1
        found.append((label, each))
    if len({isinstance(each, Run) for _, each in found}) == 2:
        raise ArgumentError("cells are measured on random weights, runs on their own: measure one kind at a time")
    return found


def _require_state(cells: list[Cell], state: str | None) -> None:
    """A chosen state must be there in every cell."""
    for cell in cells:
        if state is not None and cell.states and state not in cell.states:
            close = did_you_mean(state, cell.states)
            raise CellError(f"{cell.name} has no state {state!r}; its states are {', '.join(cell.states)}.{close}")


def _require_whole(name: str, value: Any, least: int, most: int | None) -> None:
    whole = hasattr(value, "__index__") and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"from {least}" if most is None else f"from {least} to {most:,}"
        raise ArgumentError(f"{name} is a whole number {bounds}, not {value!r}")


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


__all__ = ["Curve", "Flow", "Group", "flow"]
