"""Pictures of a recorded run: what the gates do over a text, and how the gradient comes back through time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, ShapeError
from autorecur.graph.loading import user_shape
from autorecur.language.nearest import did_you_mean
from autorecur.plot.canvas import SMALL, TEXT, Plot, canvas, label, legend, mathematical, named, scale, whole_ticks
from autorecur.recurrence import Run
from autorecur.tape.numbers import Array

WIDEST, NARROWEST = 13.0, 5.0
"""Widths of a heat map, in inches."""
ROOM = {"character": 0.135, "word": 0.30}
"""Inches that a column needs to be read."""
VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥"}
"""Signs for characters that leave no ink."""


def gates(
    run: Run | Mapping[str, Run],
    text: str | Sequence[str] | None = None,
    *,
    names: str | Sequence[str] | None = None,
    sample: int = 0,
    theme: str = "auto",
    ax: Any = None,
) -> Plot:
    """The gates of a recorded run as heat maps: a row for each unit, a column for each character or word of ``text``.

    ``names`` are the quantities that are drawn: the gates (what a sigmoid computes) if it is not given, or, in a cell
    without any, the states. ``text`` is a string, read by character, or a list of words, as long as the sequence; without
    it, columns are numbered. Of a batch, ``sample`` is drawn, up to its own end. Gates are drawn from 0 to 1, other
    quantities around 0. Raises ArgumentError for a name that the run does not hold, ShapeError for a text of another length.

    >>> import autorecur as ar
    >>> cell = ar.cells["lstm"]
    >>> run = cell.run([[1.0], [0.0], [1.0]], cell.init({"n_x": 1, "n_h": 4, "n_y": 1}), record=True)
    >>> plot = ar.plot.gates(run, "abc", names=["f", "o"])
    >>> plot.axes[0].images[0].get_array().shape  # units, characters
    (4, 3)
    """
    one = _one_run(run)
    wanted = _gates_of(one) if names is None else [names] if isinstance(names, str) else list(names)
    values = {name: _units(one, name, sample) for name in wanted}
    if not values:
        raise ArgumentError("names is empty: there is nothing to draw")
    steps = len(next(iter(values.values())))
    columns = _columns(text, steps)
    heights = [min(2.2, max(0.55, 0.11 * array.shape[1])) for array in values.values()]
    width = min(WIDEST, max(NARROWEST, 1.6 + steps * _room(columns)))
    plot = canvas(ax, theme, width, sum(heights) + 0.3 * len(heights) + 0.55, len(values), heights)
    whole = all(array.min() >= 0 and array.max() <= 1 for array in values.values())
    most = 1.0 if whole else max(1.0, *(float(np.abs(array).max()) for array in values.values()))
    for at, (name, array) in enumerate(values.items()):
        axes = plot.axes[at]
        image = axes.imshow(
            array.T,
            aspect="auto",
            interpolation="nearest",
            cmap=scale(plot.theme, around_zero=not whole),
            vmin=0 if whole else -most,
            vmax=most,
            extent=(0.5, steps + 0.5, array.shape[1] + 0.5, 0.5),
        )
        axes.grid(False)
        axes.set_title(_title(one, name), loc="left", fontsize=TEXT, color=plot.theme.ink, pad=4)
        label(plot, None, "unit", at)
        axes.yaxis.set_major_locator(_few_whole(4 if heights[at] > 0.8 else 2))
    _columns_below(plot, columns, steps, width)
    bar = plot.figure.colorbar(image, ax=list(plot.axes), fraction=0.03, pad=0.015, aspect=25)
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=plot.theme.faint, labelcolor=plot.theme.ink, labelsize=SMALL)
    return plot


def gradient_through_time(
    run: Run | Mapping[str, Run],
    name: str | None = None,
    *,
    log: bool = True,
    theme: str = "auto",
    ax: Any = None,
) -> Plot:
    """‖∂L/∂h_t‖ at every step of a recorded run, after ``backward()``; of several runs by name in one picture.

    ``name`` is the quantity (a state, a gate) whose adjoint is drawn, the first state if it is not given. Of a batch, the
    mean of the norms over the sequences that have the step. Raises ArgumentError for a run that was not recorded or
    that no gradient has reached.

    >>> import autorecur as ar
    >>> layer = ar.nn.RNN(1, 8)
    >>> with ar.nn.record() as runs:
    ...     output, _ = layer([[1.0]] * 30)
    >>> output[-1].sum().backward()
    >>> line = ar.plot.gradient_through_time(runs).axes[0].lines[0]
    >>> len(line.get_ydata())
    30
    """
    plot = canvas(ax, theme, 6.6, 3.3)
    runs = named(run, Run)
    shown = set()
    for number, (title, each) in enumerate(runs.items()):
        chosen = name or _require_run(each).cell.states[0]
        shown.add(chosen)
        norms = _adjoint_norms(each, chosen)
        colour, dash = plot.theme.curve(number)
        steps = np.arange(1, len(norms) + 1)
        plot.ax.plot(steps, norms, color=colour, linestyle=dash, linewidth=1.6, label=title if len(runs) > 1 else None)
    if log:
        plot.ax.set_yscale("log", nonpositive="mask")
    symbol = mathematical(shown.pop(), time="t") if len(shown) == 1 else "s_t"
    label(plot, "step t", rf"$\|\partial L/\partial {symbol}\|$")
    whole_ticks(plot.ax.xaxis)
    legend(plot)
    return plot


def _require_run(run: Any) -> Run:
    if not isinstance(run, Run):
        kinds = "cell.run(…, record=True) or, for a model, `with ar.nn.record() as runs: model(x)`"
        raise ArgumentError(f"a recorded run is wanted, of {kinds}, not {type(run).__name__}")
    return run


def _one_run(given: Any) -> Run:
    """A run, or the only one of a record."""
    if isinstance(given, Mapping) and not isinstance(given, Run):
        if len(given) != 1:
            listed = ", ".join(map(repr, given)) or "none"
            raise ArgumentError(f"one run is drawn, and there are {len(given)}: choose one of {listed}")
        return _require_run(next(iter(given.values())))
    return _require_run(given)


def _gates_of(run: Run) -> list[str]:
    """What a sigmoid computes; the states where there is none."""
    operations = run.cell.prepared.step.assignments
    found = [
        name
        for name in run
        if name not in run.cell.outputs and getattr(operations[name].node.op, "name", "") == "sigmoid"
    ]
    return found or [name for name in run if name in run.cell.states]


def _title(run: Run, name: str) -> str:
    """``forget gate f_t``, as the cell's author calls it."""
    assignment = next(each for each in run.cell.assignments if each.name == name)
    return f"{assignment.titles.get('en', '')} ${mathematical(name, time='t')}$".strip()


def _values(run: Run, name: str, source: Mapping[str, Any]) -> Array:
    """A quantity over time, or its adjoint: (T, B, components), with a batch of one where there is none."""
    if name not in run:
        recorded = "" if run.given is not None else " The run is not recorded: pass record=True to it."
        near = did_you_mean(name, tuple(run))
        known = f"{name!r}.{near}" if near else f"{name!r}, but {', '.join(map(repr, run))}."
        raise ArgumentError(f"the run holds no {known}{recorded}")
    array: Array = source[name].numpy()
    wanted = len(user_shape(run.cell.shapes[name]))
    if wanted > 1:
        raise ArgumentError(f"{name} is a matrix at every step; vectors can be drawn")
    if array.ndim == 1 + wanted:
        array = array[:, None]
    return array.reshape(*array.shape[:2], -1)


def _units(run: Run, name: str, sample: int) -> Array:
    """One sequence up to its end: (T, units)."""
    array = _values(run, name, run)
    count = array.shape[1]
    if isinstance(sample, bool) or not hasattr(sample, "__index__") or not -count <= sample < count:
        raise ArgumentError(f"sample is the number of a sequence from 0 to {count - 1}, not {sample!r}")
    end = len(array) if run.lengths is None else int(run.lengths[sample])
    return array[:end, sample]


def _adjoint_norms(run: Run, name: str) -> Array:
    """The mean over the sequences of the norm over the components, at each step."""
    if not run.adjoint:
        raise ArgumentError("the run holds no gradients: pass record=True to it, and call backward() on the loss")
    array = _values(run, name, run.adjoint)
    if not array.any():
        raise ArgumentError(f"no gradient has reached {name}: call backward() on a loss that depends on it")
    norms = np.sqrt(np.sum(array.astype(np.float64) ** 2, axis=2))
    exists = np.ones_like(norms, bool)
    if run.lengths is not None:
        exists = np.arange(len(norms))[:, None] < run.lengths
    return np.sum(norms * exists, axis=1) / np.maximum(1, exists.sum(axis=1))


# ---------------------------------------------------------------------------------------------------- columns


def _columns(text: str | Sequence[str] | None, steps: int) -> list[str] | None:
    """What stands below each column."""
    if text is None:
        return None
    kind = "characters" if isinstance(text, str) else "words"
    found = [VISIBLE.get(part, part) for part in map(str, text)]
    if len(found) != steps:
        raise ShapeError(f"the text has {len(found)} {kind}, the sequence of the run {steps} steps")
    return [part.replace("$", r"\$") for part in found]


def _room(columns: list[str] | None) -> float:
    if columns is None:
        return 0.08
    return ROOM["character" if max(map(len, columns)) <= 2 else "word"]


def _columns_below(plot: Plot, columns: list[str] | None, steps: int, width: float) -> None:
    """The text, where it can be read; else numbers of steps."""
    axis = plot.axes[-1].xaxis
    for axes in plot.axes:
        axes.tick_params(axis="x", length=0)
    if columns is None or (width - 1.6) / steps < 0.6 * _room(columns):
        whole_ticks(axis)
        label(plot, "step t", plot.axes[-1].get_ylabel(), len(plot.axes) - 1)
        return
    words = max(map(len, columns)) > 2
    size = SMALL if words else min(SMALL + 1, 72 * 0.95 * (width - 1.6) / steps)
    family = "DejaVu Sans" if words else "DejaVu Sans Mono"
    axis.set_ticks(range(1, steps + 1), columns, fontsize=size, family=family)
    for tick in axis.get_ticklabels():
        tick.set_color(plot.theme.ink)
        if words:
            tick.set(rotation=50, ha="right", rotation_mode="anchor")


def _few_whole(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=most, integer=True, min_n_ticks=1)
