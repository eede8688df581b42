"""Pictures of a training: losses, metrics and gradient norms against the updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autorecur.errors import ArgumentError
from autorecur.language.nearest import did_you_mean
from autorecur.plot.canvas import Plot, canvas, label, legend, named, whole_ticks
from autorecur.tape.numbers import Array

if TYPE_CHECKING:
    from autorecur.train import History

WIDTH, HEIGHT = 6.6, 3.5
WIDE = 50.0
"""A loss that falls by this factor is drawn on a logarithmic axis, if nobody says."""


def loss(
    history: History | Mapping[str, History],
    *,
    log: bool | None = None,
    smooth: float | None = None,
    best: bool = True,
    theme: str = "auto",
    ax: Any = None,
) -> Plot:
    """The loss of each update and of the validation after each epoch; the best epoch is marked.

    ``history`` is one training, or several by name. The loss of single updates is drawn faint and, on top, its exponential
    mean over about ``smooth`` updates (a fortieth of them; 1 for none; Kingma and Ba 2015, section 3, for the correction of
    its beginning). ``log`` chooses the axis: logarithmic, if None, where the loss changes by a factor of 50. ``best=False``
    leaves the mark out. Raises ArgumentError for a history without an update or a bad number.

    >>> import autorecur as ar
    >>> history = ar.train.History()
    >>> for i in range(1, 101):
    ...     history.add_update(i, 1, 1 / i, 1.0, 0.1, 0.01 * i)
    >>> ar.plot.loss(history).axes[0].get_yscale()
    'log'
    """
    plot = canvas(ax, theme, WIDTH, HEIGHT)
    histories = named(history)
    drawn: list[Array] = []
    for number, (name, each) in enumerate(histories.items()):
        colour, dash = plot.theme.curve(number)
        updates, values = _columns(each, "loss")
        width = max(1.0, len(values) / 40) if smooth is None else _from_one("smooth", smooth)
        training = name or "training"
        if width > 1:
            plot.ax.plot(updates, values, color=colour, linewidth=0.7, alpha=0.3)
        line = dash if len(histories) > 1 else "-"
        plot.ax.plot(updates, running_mean(values, width), color=colour, linewidth=1.7, linestyle=line, label=training)
        drawn.append(values)
        drawn.append(_validation(plot, each, name, number, len(histories), best))
    together = np.concatenate(drawn)
    positive = together[np.isfinite(together) & (together > 0)]
    if log or (log is None and positive.size and positive.max() > WIDE * positive.min()):
        plot.ax.set_yscale("log", nonpositive="mask")
    label(plot, "update", "loss")
    whole_ticks(plot.ax.xaxis)
    legend(plot)
    return plot


def metric(
    history: History | Mapping[str, History], name: str | None = None, *, theme: str = "auto", ax: Any = None
) -> Plot:
    """A metric of the validation, such as the accuracy, after each epoch; the only one, or the one of that name.

    Raises ArgumentError for a metric that was not measured.
    """
    plot = canvas(ax, theme, WIDTH, HEIGHT)
    for number, (title, each) in enumerate(named(history).items()):
        known = list(dict.fromkeys(key for row in each.epochs for key in row.metrics))
        if name is None and len(known) == 1:
            name = known[0]
        if name not in known:
            listed = f"Known: {', '.join(known)}." if known else "None was measured: give metrics to the training."
            raise ArgumentError(f"the history has no metric {name!r}.{did_you_mean(str(name), known)} {listed}")
        colour, dash = plot.theme.curve(number)
        epochs = [row.epoch for row in each.epochs if name in row.metrics]
        values = [row.metrics[name] for row in each.epochs if name in row.metrics]
        plot.ax.plot(epochs, values, color=colour, linestyle=dash, marker="o", markersize=4, label=title)
    label(plot, "epoch", str(name).replace("_", " "))
    whole_ticks(plot.ax.xaxis)
    legend(plot)
    return plot


def gradient_norm(
    history: History | Mapping[str, History],
    *,
    clip: float | None = None,
    theme: str = "auto",
    ax: Any = None,
) -> Plot:
    """The norm of the whole gradient at each update, before clipping, on a logarithmic axis.

    ``clip`` draws the bound at which a training cuts it, with the share of updates that were cut.

    >>> import autorecur as ar
    >>> history = ar.train.History()
    >>> for i in range(1, 5):
    ...     history.add_update(i, 1, 0.5, float(i), 0.1, 0.01 * i)
    >>> ar.plot.gradient_norm(history, clip=2.5).axes[0].get_legend_handles_labels()[1]
    ['clipped at 2.5 (50 % of the updates)']
    """
    plot = canvas(ax, theme, WIDTH, HEIGHT)
    histories = named(history)
    everything = []
    for number, (name, each) in enumerate(histories.items()):
        colour, dash = plot.theme.curve(number)
        updates, values = _columns(each, "gradient_norm")
        line = dash if len(histories) > 1 else "-"
        plot.ax.plot(updates, values, color=colour, linewidth=1.0, linestyle=line, label=name or None)
        everything.append(values)
    together = np.concatenate(everything)
    if clip is not None:
        share = np.mean(together > _positive("clip", clip))
        text = f"clipped at {clip:g} ({100 * share:.0f} % of the updates)"
        plot.ax.axhline(clip, color=plot.theme.ink, linewidth=1.2, linestyle=(0, (6, 2)), label=text)
    if (together > 0).any():
        plot.ax.set_yscale("log", nonpositive="mask")
    label(plot, "update", "norm of the gradient")
    whole_ticks(plot.ax.xaxis)
    legend(plot, least=1 if clip is not None else 2)
    return plot


def running_mean(values: Array, width: float) -> Array:
    """The exponential mean over about ``width`` values up to each, its beginning corrected; NaN and infinity are left out."""
    keep = (width - 1) / (width + 1)
    found = np.empty(len(values))
    total = weight = 0.0
    for i, value in enumerate(values):
        if np.isfinite(value):
            total, weight = keep * total + (1 - keep) * value, keep * weight + (1 - keep)
        found[i] = total / weight if weight else np.nan
    return found


def _validation(plot: Plot, history: History, name: str, number: int, count: int, best: bool) -> Array:
    """The curve of the validation, if there was one, and the mark of the best epoch."""
    rows = [row for row in history.epochs if row.validation is not None]
    if not rows:
        return np.zeros(0)
    values = np.array([row.validation for row in rows], dtype=float)
    colour, dash = plot.theme.curve(1 if count == 1 else number)
    shown = "validation" if not name else f"{name}, validation"
    dotted = dash if count > 1 else "-"
    plot.ax.plot(
        [row.update for row in rows],
        values,
        color=colour,
        linewidth=1.1,
        linestyle=dotted,
        marker="o",
        markersize=3.5 if len(rows) <= 60 else 0,
        markerfacecolor=plot.theme.paper,
        label=shown,
    )
    if best and np.isfinite(values).any():
        chosen = rows[int(np.nanargmin(values))]
        text = f"best epoch{f' of {name}' if name else ''}: {chosen.epoch}"
        plot.ax.plot(
            [chosen.update],
            [np.nanmin(values)],
            color=colour,
            linestyle="",
            marker="*",
            markersize=13,
            markeredgecolor=plot.theme.paper,
            label=text,
            zorder=5,
        )
    return values


def _columns(history: History, name: str) -> tuple[Array, Array]:
    if not hasattr(history, "updates") or not hasattr(history, "epochs"):
        raise ArgumentError(f"a History of ar.train.fit is wanted, or several by name, not {type(history).__name__}")
    if not len(history.updates):
        raise ArgumentError("the history is empty: no update was made")
    return history.column("update"), history.column(name)


def _from_one(name: str, value: float) -> float:
    if not isinstance(value, (int, float)) or not 1 <= value < float("inf"):
        raise ArgumentError(f"{name} is a number of updates from 1, not {value!r}")
    return float(value)


def _positive(name: str, value: float) -> float:
    if not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise ArgumentError(f"{name} is a positive number, not {value!r}")
    return float(value)
