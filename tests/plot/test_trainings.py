"""Pictures of trainings: the curves hold the numbers of the history."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar
from autorecur.train import History
from autorecur.train.history import Epoch

EPOCHS, EACH = 6, 10


def trained(factor: float = 1.0, validation: bool = True) -> History:
    """A history that falls, rises in its validation after the fourth epoch, and has gradients of norms 0.1, 0.2, …."""
    history = History()
    for update in range(1, EPOCHS * EACH + 1):
        history.add_update(update, 1 + (update - 1) // EACH, factor / update, 0.1 * update, 0.01, 0.5 * update)
    for epoch in range(1, EPOCHS + 1):
        value = factor * (1 + abs(epoch - 4)) if validation else None
        history.epochs.append(Epoch(epoch, epoch * EACH, 0.5, value, {"accuracy": epoch / 10}, 0.01, 1.0))
    return history


def names(plot: ar.plot.Plot, at: int = 0) -> list[str]:
    return plot.axes[at].get_legend_handles_labels()[1]


def test_losses_are_drawn_as_they_are() -> None:
    """Each update faint, their running mean, the validation where its epoch ends."""
    history = trained()
    plot = ar.plot.loss(history, smooth=5)
    single, smooth, validation, _ = plot.ax.lines
    np.testing.assert_array_equal(single.get_xdata(), np.arange(1, EPOCHS * EACH + 1))
    np.testing.assert_array_equal(single.get_ydata(), history.column("loss"))
    weights = (4 / 6) ** np.arange(20)[::-1]
    np.testing.assert_allclose(smooth.get_ydata()[19], weights @ history.column("loss")[:20] / weights.sum())
    assert validation.get_xdata() == pytest.approx([10, 20, 30, 40, 50, 60])
    assert validation.get_ydata() == pytest.approx([4, 3, 2, 1, 2, 3])
    assert (plot.ax.get_xlabel(), plot.ax.get_ylabel()) == ("update", "loss")


def test_the_best_epoch_is_marked() -> None:
    """A star at its update, its number in the legend; or none, if it is not wanted."""
    plot = ar.plot.loss(trained())
    assert "best epoch: 4" in names(plot)
    [star] = [line for line in plot.ax.lines if line.get_marker() == "*"]
    assert (list(star.get_xdata()), list(star.get_ydata())) == ([40], [1])
    assert not any("best" in name for name in names(ar.plot.loss(trained(), best=False)))


def test_without_smoothing_there_is_one_curve() -> None:
    """``smooth=1`` draws the updates and nothing on top."""
    [line] = ar.plot.loss(trained(validation=False), smooth=1).ax.lines
    np.testing.assert_array_equal(line.get_ydata(), trained().column("loss"))


def test_the_axis_is_logarithmic_where_it_helps() -> None:
    """By itself where the loss changes by a factor of 50; always or never, if somebody says."""
    short = History()
    for update, value in enumerate([1.0, 0.5, 0.25], 1):
        short.add_update(update, 1, value, 1.0, 0.1, 0.1)
    assert ar.plot.loss(trained()).ax.get_yscale() == "log"
    assert ar.plot.loss(short).ax.get_yscale() == "linear"
    assert ar.plot.loss(short, log=True).ax.get_yscale() == "log"
    assert ar.plot.loss(trained(), log=False).ax.get_yscale() == "linear"


def test_trainings_are_compared_by_name() -> None:
    """Each has a colour and dashes of its own."""
    plot = ar.plot.loss({"RNN": trained(), "LSTM": trained(0.5)}, smooth=1, best=False)
    assert names(plot) == ["RNN", "RNN, validation", "LSTM", "LSTM, validation"]
    rnn, _, lstm, _ = plot.ax.lines
    assert rnn.get_color() != lstm.get_color()
    assert rnn.get_linestyle() != lstm.get_linestyle()


def test_a_loss_that_is_not_finite_leaves_a_gap() -> None:
    """NaN and infinity break neither the mean nor the axis."""
    history = History()
    for update, value in enumerate([1.0, float("nan"), 3.0, float("inf")], 1):
        history.add_update(update, 1, value, 1.0, 0.1, 0.1)
    mean = ar.plot.loss(history, smooth=3).ax.lines[1].get_ydata()
    np.testing.assert_allclose(mean, [1.0, 1.0, (0.5 * 1 + 3) / 1.5, (0.5 * 1 + 3) / 1.5])


def test_gradient_norms_and_the_line_at_which_they_are_clipped() -> None:
    """The share of the updates that were cut is counted."""
    plot = ar.plot.gradient_norm(trained(), clip=3.05)
    curve, line = plot.ax.lines
    np.testing.assert_allclose(curve.get_ydata(), 0.1 * np.arange(1, 61))
    assert set(line.get_ydata()) == {3.05}
    assert names(plot) == ["clipped at 3.05 (50 % of the updates)"]
    assert plot.ax.get_yscale() == "log"
    assert plot.ax.get_ylabel() == "norm of the gradient"


def test_metrics_after_each_epoch() -> None:
    """The only metric needs no name; the axis has its name."""
    plot = ar.plot.metric(trained())
    [line] = plot.ax.lines
    np.testing.assert_allclose(line.get_ydata(), np.arange(1, 7) / 10)
    assert (plot.ax.get_xlabel(), plot.ax.get_ylabel()) == ("epoch", "accuracy")


def test_what_cannot_be_drawn_is_said() -> None:
    """Empty histories, other things, unknown metrics, numbers out of range."""
    for given, sentence in (
        (History(), "the history is empty"),
        ([1.0, 2.0], "a History of ar.train.fit is wanted, or several by name, not list"),
        ({}, "the mapping is empty"),
    ):
        with pytest.raises(ar.ArgumentError, match=sentence):
            ar.plot.loss(given)
    with pytest.raises(ar.ArgumentError, match=r"no metric 'acuracy'\. Did you mean 'accuracy'"):
        ar.plot.metric(trained(), "acuracy")
    with pytest.raises(ar.ArgumentError, match=r"smooth is a number of updates from 1, not 0\.5"):
        ar.plot.loss(trained(), smooth=0.5)
    with pytest.raises(ar.ArgumentError, match="clip is a positive number, not 0"):
        ar.plot.gradient_norm(trained(), clip=0)
