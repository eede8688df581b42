"""A data set: what is read from what is given, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.data import Sequences

NAN = float("nan")


def test_numbers_tokens_and_columns() -> None:
    """Floats (T,) are one column, integers (T,) are tokens, (T, n) of integers become numbers."""
    assert Sequences([[0.5, 1.5], [2.0]]).x[0].shape == (2, 1)
    tokens = Sequences([[3, 1], [2]])
    assert (tokens.tokens, tokens.input_size, tokens.steps.tolist()) == (True, 4, [2, 1])
    assert Sequences(np.zeros((4, 5, 2), dtype=int)).x[0].dtype == np.float64
    assert len(Sequences(np.zeros((4, 5)))) == 4
    assert Sequences([np.zeros((2, 1), np.float32)]).x[0].dtype == np.float32


@pytest.mark.parametrize(
    ("y", "readout", "kind", "output_size"),
    [
        ([0, 2], "last", "classes", 3),
        ([0.5, 2.0], "last", "regression", 1),
        ([[0.5, 1.0, 2.0, 3.0], [1.0, 2.0, 4.0, 0.0]], "last", "regression", 4),
        ([[0, 1, 1], [1, 0]], "every", "classes", 2),
        ([[0.0, 1.0, 1.0], [1.0, 0.0]], "every", "regression", 1),
        ([[[0.0, 1.0]] * 3, [[1.0, 0.0]] * 2], "every", "regression", 2),
        ([[4, 0, 1, 2, 0], [1]], "own", "tokens", 5),
    ],
)
def test_where_targets_stand_is_read_off_their_lengths(y: Any, readout: str, kind: str, output_size: int) -> None:
    """Sequences of 3 and 2 steps with every kind of target."""
    data = Sequences([[0.0, 1.0, 2.0], [0.0, 1.0]], y)
    assert (data.readout, data.kind, data.output_size) == (readout, kind, output_size)
    assert data.loss == ("mse" if kind == "regression" else "cross_entropy")


def test_the_readout_can_be_said_where_lengths_leave_it_open() -> None:
    """A vector of three for a sequence of three steps."""
    x, y = [[0.0, 1.0, 2.0]] * 2, [[0.1, 0.2, 0.3]] * 2
    assert Sequences(x, y).y[0].shape == (3, 1)
    assert Sequences(x, y, readout="last").y.shape == (2, 3)
    assert Sequences([[1, 2]] * 2, [[1, 2]] * 2, readout="own").readout == "own"


def test_parts_share_what_belongs_to_them() -> None:
    """A number gives a sequence; a slice, a list of numbers and booleans give a data set."""
    data = Sequences([[1.0], [2.0, 3.0], [4.0]], [0, 1, 2], dt=[[0.0], [0.0, 0.5], [0.0]], ids=["a", "b", "c"])
    x, y, dt = data[1]
    assert (x.ravel().tolist(), int(y), dt.tolist()) == ([2.0, 3.0], 1, [0.0, 0.5])
    assert data[1:].ids == ["b", "c"]
    assert data[[2, 0]].y.tolist() == [2, 0]
    assert data[np.array([True, False, True])].ids == ["a", "c"]
    assert data[-1].x.shape == (1, 1)
    assert data[:1].classes == 3
    assert len(list(data)) == 3
    with pytest.raises(IndexError, match="there is no sequence 3; there are 3"):
        data[3]


def test_lengths_cut_the_padding_of_an_array() -> None:
    """Padded arrays come with their lengths, and may hold anything behind a sequence's end."""
    data = Sequences(np.array([[1.0, 2.0, NAN], [3.0, NAN, NAN]]), lengths=[2, 1])
    assert data.steps.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"x": []}, ar.ShapeError, "there are no sequences"),
        ({"x": [1.0, 2.0]}, ar.ShapeError, "x is a list of sequences, and this is one: write [x]"),
        ({"x": [[1.0], []]}, ar.ShapeError, "sequence 1 is empty: a sequence has one step at least, and one column"),
        (
            {"x": [[[1.0, 2.0], [3.0]]]},
            ar.ShapeError,
            "sequence 0 is ragged: its rows have different lengths",
        ),
        ({"x": [[[1.0, 2.0]], [[3.0]]]}, ar.ShapeError, "sequence 0 has 2 columns and sequence 1 1"),
        (
            {"x": ["to be", "or not"]},
            ar.DtypeError,
            "sequence 0 holds text, and has to hold numbers: ar.data.Vocabulary makes tokens of text",
        ),
        ({"x": [[-1, 2]]}, ar.ArgumentError, "sequence 0 holds the token -1 at step 0, and tokens count from 0"),
        (
            {"x": [[1, 2], [0.5]]},
            ar.DtypeError,
            "x holds tokens, which are integers (T,), in some sequences, and numbers (T, n) in others",
        ),
        (
            {"x": [[[1.0, 2.0]], [[1.0, 2.0], [0.0, NAN]]], "names": ["speed", "force"]},
            ar.ArgumentError,
            "sequence 1 holds nan at step 1, column 1 ('force'); fill it or leave it out before",
        ),
        (
            {"x": [[[1.0, 2.0], [NAN, NAN]]]},
            ar.ArgumentError,
            "sequence 0 holds nan at step 1, column 0; if this is padding, give lengths=",
        ),
        (
            {"x": [[1.0]], "y": [1, 2]},
            ar.ShapeError,
            "there are 1 sequences and 2 targets; y has one for each sequence",
        ),
        (
            {"x": [[1.0]] * 3, "y": [0, 3, 1], "classes": 3},
            ar.ArgumentError,
            "the target of sequence 1 holds the label 3, and there are 3: 0 to 2",
        ),
        (
            {"x": [[1.0, 2.0]], "y": [[0, -1]], "classes": 3},
            ar.ArgumentError,
            "the target of sequence 0 holds the label -1 at step 1, and there are 3: 0 to 2",
        ),
        (
            {"x": [[1.0]], "y": [1.0], "kind": "classes"},
            ar.DtypeError,
            "the target holds float64, and classes are integers: astype(int) makes them",
        ),
        (
            {"x": [[1.0]], "y": [1], "kind": "regression"},
            ar.DtypeError,
            "the target holds int64, and numbers to be predicted are floats: astype(float) makes them",
        ),
        (
            {"x": [[1.0]], "y": [1], "kind": "class"},
            ar.ArgumentError,
            "kind is 'regression', 'classes' or 'tokens', not 'class'. Did you mean 'classes'?",
        ),
        (
            {"x": [[1.0]] * 2, "y": [1, 0.5]},
            ar.DtypeError,
            "the target of sequence 0 holds int64 and that of sequence 1 float64; "
            "classes are integers everywhere, numbers are floats everywhere",
        ),
        (
            {"x": [[1.0]], "y": ["good"]},
            ar.DtypeError,
            "sequence 0 holds text, 'good'; classes are numbers with labels: labels = sorted(set(y)), y=[",
        ),
        ({"x": [[1.0]], "y": [NAN]}, ar.ArgumentError, "the target of sequence 0 holds nan at step 0"),
        (
            {"x": [[1.0, 2.0]], "y": [[1, 2, 3]], "readout": "every"},
            ar.ShapeError,
            "the target of sequence 0 has 3 steps, and the sequence 2",
        ),
        ({"x": [[1.0, 2.0]], "dt": [[0.0]]}, ar.ShapeError, "dt of sequence 0 has shape (1,), and has to have (2,)"),
        (
            {"x": [[1.0, 2.0]], "dt": [[0.0, -1.0]]},
            ar.ArgumentError,
            "dt of sequence 0 is -1.0 at step 1, and time does not run backwards",
        ),
        (
            {"x": [[0, 7]], "vocabulary": ar.data.Vocabulary("abc", padding=None, start=None, end=None)},
            ar.ArgumentError,
            "sequence 0 holds the token 7, and the vocabulary has 4: 0 to 3",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    """One sentence: which sequence, which step, which column, and what to do."""
    with pytest.raises(error) as caught:
        Sequences(**arguments)
    assert message in str(caught.value)


def test_times_give_the_gaps_between_them() -> None:
    """The first step has no gap; times that run backwards are refused with their place."""
    assert ar.data.intervals([3, 4, 4, 6]).tolist() == [0, 1, 0, 2]
    assert ar.data.intervals([3, 4], start=1).tolist() == [2, 1]
    with pytest.raises(ar.ArgumentError, match=r"time runs backwards at step 2: 1\.0 after 2\.0 before it"):
        ar.data.intervals([0.0, 2.0, 1.0])


def test_a_guesser_is_measured_on_what_he_has_not_seen() -> None:
    """The baseline of validation data comes from the training targets; a class never seen costs something finite."""
    train, other = Sequences([[0.0]] * 4, [0, 0, 0, 1], classes=3), Sequences([[0.0]] * 2, [1, 2], classes=3)
    assert train.baseline == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert train.baseline_on(other) == pytest.approx(-(np.log(2 / 7) + np.log(1 / 7)) / 2)
    assert Sequences([[0.0]], [1.0], baseline=0.5).baseline_on(other) == 0.5
    with pytest.raises(ar.ArgumentError, match="there are no targets, so there is nothing to guess"):
        Sequences([[0.0]]).baseline  # noqa: B018
