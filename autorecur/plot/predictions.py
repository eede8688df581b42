"""Pictures of what a model says: a forecast beside the truth, classes beside their predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autorecur.errors import ArgumentError, DtypeError, ShapeError
from autorecur.plot.canvas import SMALL, Plot, canvas, label, legend, named, numbers, scale, whole_ticks
from autorecur.tape.numbers import Array


def forecast(
    truth: Any,
    prediction: Any,
    *,
    start: int | None = None,
    time: Any = None,
    names: Sequence[str] = (),
    units: str = "step t",
    theme: str = "auto",
    ax: Any = None,
) -> Plot:
    """A series and its forecast: ``truth`` (T,) or (T, n), a panel for each of n channels; ``prediction`` shorter or as long.

    ``prediction`` may be several by name. It begins at index ``start`` of the truth, or, without it, ends where the truth
    ends; where it begins later than the truth, a line marks the beginning. ``time`` are the numbers of the horizontal axis
    (1, 2, …), ``units`` its label, ``names`` those of the channels. Raises ShapeError for a prediction that does not fit.

    >>> import autorecur as ar
    >>> plot = ar.plot.forecast([0.0, 1.0, 0.0, -1.0], {"RNN": [0.1, -0.8], "LSTM": [0.0, -1.0]}, names=["u"])
    >>> plot.axes[0].lines[1].get_xdata().tolist()
    [3.0, 4.0]
    """
    true = _channels("truth", truth)
    found = {name: _channels("prediction", each) for name, each in named(prediction).items()}
    times = np.arange(1, len(true) + 1, dtype=float) if time is None else numbers("time", time)
    if times.shape != (len(true),):
        raise ShapeError(f"time has the shape {times.shape}, and the truth has {len(true)} steps")
    firsts = {name: _first(each, true, start) for name, each in found.items()}
    channels = true.shape[1]
    titles = list(names) or ([""] if channels == 1 else [f"channel {i + 1}" for i in range(channels)])
    if len(titles) != channels:
        raise ShapeError(f"there are {len(titles)} names, and {channels} channels")
    plot = canvas(ax, theme, 7.0, 1.2 + 1.9 * channels if channels > 1 else 3.2, channels)
    for at, axes in enumerate(plot.axes):
        axes.plot(times, true[:, at], color=plot.theme.ink, linewidth=1.2, label="truth")
        for number, (name, each) in enumerate(found.items()):
            colour, dash = plot.theme.curve(number)
            where = slice(firsts[name], firsts[name] + len(each))
            shown = name or "forecast"
            axes.plot(times[where], each[:, at], color=colour, linestyle=dash, linewidth=1.7, label=shown)
        for first in sorted({first for first in firsts.values() if first > 0}):
            axes.axvline((times[first - 1] + times[first]) / 2, color=plot.theme.faint, linewidth=1, linestyle=":")
        label(plot, units, titles[at] or "value", at)
    if time is None:
        whole_ticks(plot.axes[-1].xaxis)
    legend(plot)
    return plot


def confusion(
    truth: Any, predicted: Any, labels: Sequence[str] | None = None, *, theme: str = "auto", ax: Any = None
) -> Plot:
    """How often each class was taken for which: a row for each true class, numbers counted, colours by the row's share.

    ``truth`` and ``predicted`` are whole numbers from 0, of any shape, or lists of arrays, one for each sequence; where the
    truth is negative (a padded step), nothing counts. Raises ShapeError, DtypeError, ArgumentError.

    >>> import autorecur as ar
    >>> plot = ar.plot.confusion([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], labels=["no", "yes"])
    >>> plot.axes[0].images[0].get_array().tolist()
    [[0.5, 0.5], [0.3333333333333333, 0.6666666666666666]]
    """
    counts = _counted(truth, predicted, None if labels is None else len(labels))
    classes = [str(i) for i in range(len(counts))] if labels is None else [str(name) for name in labels]
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    size = min(9.0, 1.9 + 0.52 * len(classes))
    plot = canvas(ax, theme, size + 0.6, size)
    plot.ax.imshow(shares, cmap=scale(plot.theme, around_zero=False), vmin=0, vmax=1)
    plot.ax.grid(False)
    small = SMALL if len(classes) <= 12 else 6.0
    for (row, column), count in np.ndenumerate(counts):
        colour = plot.theme.paper if shares[row, column] > 0.5 else plot.theme.ink
        plot.ax.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize=small)
    places = range(len(classes))
    long = max(map(len, classes)) > 4
    plot.ax.set_xticks(places, classes, rotation=45 if long else 0, ha="right" if long else "center")
    plot.ax.set_yticks(places, classes)
    plot.ax.tick_params(length=0)
    label(plot, "predicted", "true")
    return plot


def _channels(what: str, given: Any) -> Array:
    array = numbers(f"the numbers of the {what}", given)
    if array.ndim not in (1, 2) or not array.size:
        raise ShapeError(f"{what} is of shape (T,) or (T, channels), not {array.shape}")
    return array.reshape(len(array), -1).astype(float)


def _first(prediction: Array, truth: Array, start: int | None) -> int:
    """The index at which a prediction begins."""
    if prediction.shape[1] != truth.shape[1]:
        raise ShapeError(f"the prediction has {prediction.shape[1]} channels, the truth {truth.shape[1]}")
    first = len(truth) - len(prediction) if start is None else start
    if not 0 <= first <= len(truth) - len(prediction):
        begins = "" if start is None else f" from index {start} on"
        raise ShapeError(f"a prediction of {len(prediction)} steps{begins} does not fit a truth of {len(truth)}")
    return first


def _ragged(given: Any) -> bool:
    """Whether this is a list of sequences of different lengths."""
    parts = given if isinstance(given, (list, tuple)) else ()
    return len({numbers("classes", part).shape for part in parts}) > 1


def _joined(truth: Any, predicted: Any) -> tuple[Array, Array]:
    """All steps of all sequences, one behind the other."""
    if len(truth) != len(predicted):
        raise ShapeError(f"there are {len(truth)} sequences of true classes and {len(predicted)} of predicted ones")
    pairs = [
        (numbers("true classes", a), numbers("predicted classes", b)) for a, b in zip(truth, predicted, strict=True)
    ]
    for i, (true, said) in enumerate(pairs):
        if true.shape != said.shape:
            raise ShapeError(
                f"sequence {i}: the true classes have the shape {true.shape}, the predicted ones {said.shape}"
            )
    true, said = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*pairs, strict=True))
    return true, said


def _counted(truth: Any, predicted: Any, count: int | None) -> Array:
    if _ragged(truth) or _ragged(predicted):
        truth, predicted = _joined(truth, predicted)
    arrays = []
    for what, given in (("true classes", truth), ("predicted classes", predicted)):
        array = numbers(what, given)
        if array.dtype.kind == "f":
            raise DtypeError(f"{what} are whole numbers, not {array.dtype}; of scores, take argmax(-1)")
        arrays.append(array.astype(int))
    true, said = arrays
    if true.shape != said.shape:
        raise ShapeError(f"the true classes have the shape {true.shape}, the predicted ones {said.shape}")
    counted = true >= 0
    true, said = true[counted], said[counted]
    if not true.size:
        raise ArgumentError("there is no class to count")
    most = int(max(true.max(), said.max())) + 1
    if said.min() < 0 or (count is not None and most > count):
        raise ArgumentError(
            f"classes are numbered from 0 to {(count or most) - 1}; there is {min(said.min(), 0) or most - 1}"
        )
    size = count or most
    return np.bincount(true * size + said, minlength=size * size).reshape(size, size)
