"""How gradients flow through time: ‖∂s_T/∂s_k‖ of any cells, measured on random weights and sequences."""

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
    cells: Cell | str | Iterable[Cell | str],
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
    products of the pull-backs of the cell's own equations. Raises CellError for a cell without a state, ArgumentError for a
    bad number.

    >>> import autorecur as ar
    >>> measured = ar.flow(["rnn", "lstm"], steps=30)
    >>> measured["rnn"].norms.shape, measured["rnn"].verdict
    ((31, 4), 'vanishes')
    """
    _require_whole("steps", steps, 1, MOST_STEPS)
    if hidden is not None:
        _require_whole("hidden", hidden, 1, MOST_HIDDEN)
    _require_whole("samples", samples, 1, 1000)
    _require_whole("seed", seed, 0, None)
    if not isinstance(scale, (int, float)) or not 0 < scale < float("inf"):
        raise ArgumentError(f"scale is a positive number, not {scale!r}")
    known = _cells(cells)
    _require_state(known, state)
    curves: list[Curve] = []
    for at, (label, cell) in enumerate(known):
        groups = [group for group in groups_of(cell) if state is None or state in group.states]
        prepared = Prepared.of(cell)
        wide = hidden or (HIDDEN_OF_MATRICES if any(1 not in cell.shapes[s] for s in cell.states) else HIDDEN)
        values = drawn(cell, steps, wide, scale, seed, samples)
        with np.errstate(all="ignore"):
            prepared.simulated(values)
            for group in groups:
                told = _told(tell, f"measuring {cell.name}", at, len(known))
                norms = _norms(StepJacobians(prepared, values, group, told), state)
                name = label if len(groups) == 1 else f"{label}: {', '.join(group.states)}"
                states = group.states if state is None else (state,)
                curves.append(Curve(name, cell, states, group.direction < 0, wide, norms))
    return Flow(tuple(curves), steps, hidden, float(scale), seed, samples, state)


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


def _cells(given: Cell | str | Iterable[Cell | str]) -> list[tuple[str, Cell]]:
    """The cells under labels that differ."""
    from autorecur.cells import load

    listed = [given] if isinstance(given, (Cell, str)) else list(given)
    if not listed:
        raise CellError("no cell is given.", hint="Give one or several: ar.flow(['rnn', 'lstm']).")
    found: list[tuple[str, Cell]] = []
    for item in listed:
        if not isinstance(item, (Cell, str)):
            raise ArgumentError(f"a cell, its name or its path is wanted, not {type(item).__name__}")
        cell = load(item) if isinstance(item, str) else item
        label, count = cell.name, 2
        while label in (known for known, _ in found):
            label, count = f"{cell.name} ({count})", count + 1
        found.append((label, cell))
    return found


def _require_state(cells: list[tuple[str, Cell]], state: str | None) -> None:
    """A chosen state must be there in every cell."""
    for _, cell in cells:
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
