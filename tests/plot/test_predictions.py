"""Pictures of predictions: forecasts beside the truth, confusion of classes."""

from __future__ import annotations

import numpy as np
import pytest

import autorecur as ar


def test_a_forecast_ends_where_the_truth_ends() -> None:
    """Or begins where somebody says; a line marks its beginning."""
    truth = np.arange(10.0)
    plot = ar.plot.forecast(truth, truth[7:] + 1)
    true, said, mark = plot.ax.lines
    np.testing.assert_array_equal(true.get_ydata(), truth)
    np.testing.assert_array_equal(said.get_xdata(), [8, 9, 10])
    np.testing.assert_array_equal(said.get_ydata(), [8, 9, 10])
    assert set(mark.get_xdata()) == {7.5}
    assert plot.ax.get_legend_handles_labels()[1] == ["truth", "forecast"]
    np.testing.assert_array_equal(ar.plot.forecast(truth, [1.0, 2.0], start=3).ax.lines[1].get_xdata(), [4, 5])
    assert len(ar.plot.forecast(truth, truth).ax.lines) == 2


def test_channels_models_and_units() -> None:
    """A panel for each channel with its name, a curve for each model, the axis in the units of time."""
    truth = np.stack([np.arange(5.0), -np.arange(5.0)], axis=1)
    plot = ar.plot.forecast(
        truth,
        {"RNN": truth[3:], "GRU": ar.tensor(truth[2:])},
        time=np.arange(5) / 10,
        units="time in s",
        names=["angle in rad", "speed in rad/s"],
    )
    upper, lower = plot.axes
    assert (upper.get_ylabel(), lower.get_ylabel(), lower.get_xlabel()) == (
        "angle in rad",
        "speed in rad/s",
        "time in s",
    )
    np.testing.assert_allclose(lower.lines[2].get_xdata(), [0.2, 0.3, 0.4])
    np.testing.assert_array_equal(lower.lines[2].get_ydata(), [-2, -3, -4])


def test_classes_are_counted_by_row() -> None:
    """Numbers are counts, colours shares of the true class; padded steps do not count."""
    plot = ar.plot.confusion([[0, 0, 1], [1, -100, 2]], [[0, 1, 1], [1, 0, 2]], labels=["a", "b", "c"])
    np.testing.assert_array_equal(plot.ax.images[0].get_array(), [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    assert [text.get_text() for text in plot.ax.texts] == list("110020001")
    assert [tick.get_text() for tick in plot.ax.get_yticklabels()] == ["a", "b", "c"]
    assert (plot.ax.get_xlabel(), plot.ax.get_ylabel()) == ("predicted", "true")


def test_classes_of_sequences_of_different_lengths() -> None:
    """A list of arrays, as tags of sentences are, is counted step by step."""
    plot = ar.plot.confusion([np.array([0, 1]), np.array([1])], [[0, 0], ar.tensor([1])])
    np.testing.assert_array_equal(plot.ax.images[0].get_array(), [[1, 0], [0.5, 0.5]])
    with pytest.raises(
        ar.ShapeError, match=r"sequence 1: the true classes have the shape \(1,\), the predicted ones \(2,\)"
    ):
        ar.plot.confusion([[0, 1], [1]], [[0, 0], [1, 1]])
    with pytest.raises(ar.ShapeError, match=r"there are 2 sequences of true classes and 1 of predicted ones"):
        ar.plot.confusion([[0, 1], [1]], [[0, 0]])


def test_what_cannot_be_drawn_is_said() -> None:
    """Shapes, kinds and ranges that do not fit."""
    with pytest.raises(ar.ShapeError, match="a prediction of 4 steps does not fit a truth of 3"):
        ar.plot.forecast([1.0, 2.0, 3.0], np.ones(4))
    with pytest.raises(ar.ShapeError, match="a prediction of 2 steps from index 2 on does not fit a truth of 3"):
        ar.plot.forecast([1.0, 2.0, 3.0], np.ones(2), start=2)
    with pytest.raises(ar.ShapeError, match="the prediction has 1 channels, the truth 2"):
        ar.plot.forecast(np.ones((3, 2)), np.ones(3))
    with pytest.raises(ar.ShapeError, match="there are 1 names, and 2 channels"):
        ar.plot.forecast(np.ones((3, 2)), np.ones((3, 2)), names=["a"])
    with pytest.raises(ar.DtypeError, match=r"of scores, take argmax\(-1\)"):
        ar.plot.confusion([0, 1], [0.2, 0.9])
    with pytest.raises(ar.ArgumentError, match="classes are numbered from 0 to 1; there is 2"):
        ar.plot.confusion([0, 2], [0, 1], labels=["no", "yes"])
    with pytest.raises(ar.ArgumentError, match="no class to count"):
        ar.plot.confusion([-100], [0])
