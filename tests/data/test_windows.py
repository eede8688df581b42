"""Windows over a series, and splits that respect time."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar
from autorecur.data import Loader, Sequences, Vocabulary, chunks, streams, windows


@given(
    steps=st.integers(2, 40),
    length=st.integers(1, 10),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 6),
    every=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_a_target_lies_the_horizon_ahead(steps: int, length: int, horizon: int, stride: int, every: bool) -> None:
    """On the series 0, 1, 2, … the target is the input plus the horizon, at the last step or at every one."""
    if steps < length + horizon:
        with pytest.raises(ar.ShapeError, match=f"the series has {steps} steps, and .* takes {length + horizon}"):
            windows(range(steps), length, horizon, stride)
        return
    data = windows(range(steps), length, horizon, stride, readout="every" if every else "last")
    assert len(data) == (steps - length - horizon) // stride + 1
    for i, (x, y, _) in enumerate(data):
        assert x[0, 0] == i * stride
        assert y is not None
        assert (y == (x if every else x[-1]) + horizon).all()


def test_columns_to_predict_are_chosen_by_name_or_number() -> None:
    """All columns are read; one is predicted."""
    series = np.arange(12.0).reshape(6, 2)
    by_name = windows(series, 3, target="b", names=["a", "b"])
    assert by_name.y.tolist() == windows(series, 3, target=1).y.tolist() == [[7.0], [9.0], [11.0]]
    assert by_name.input_size == 2
    with pytest.raises(ar.ArgumentError, match=r"there is no column 'speeed'\. Did you mean 'speed'\?"):
        windows(series, 3, target="speeed", names=["speed", "force"])
    with pytest.raises(ar.ArgumentError, match="target is a column, 0 to 1, or its name, not 2"):
        windows(series, 3, target=2)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ([], "a series is .* with one step at least"),
        ([1.0, float("nan"), 2.0], "the series holds nan at step 1, column 0"),
        ([[1.0, 2.0], [1.0]], "the series is ragged: its rows have different lengths"),
        ("abc", "a text is cut up with its vocabulary"),
        (["a", "b"], "the series holds text"),
    ],
)
def test_a_series_that_is_none_is_refused(series: Any, message: str) -> None:
    """With step and column."""
    with pytest.raises((ar.ShapeError, ar.ArgumentError, ar.DtypeError), match=message):
        windows(series, 1)


@given(
    steps=st.integers(30, 60),
    length=st.integers(1, 5),
    horizon=st.integers(1, 3),
    share=st.floats(0.35, 0.65),
    readout=st.sampled_from(["last", "every"]),
)
@settings(max_examples=60, deadline=None)
def test_nothing_of_the_future_is_in_the_training_part(
    steps: int, length: int, horizon: int, share: float, readout: str
) -> None:
    """Inputs and targets of training end before inputs of validation begin."""
    train, valid = windows(range(steps), length, horizon, readout=readout).split(share, by="time")
    seen = max(float(part.max()) for sample in train for part in (sample.x, sample.y) if part is not None)
    later = min(float(sample.x.min()) for sample in valid)
    assert seen < later


def test_random_parts_are_drawn_by_a_seed_and_hold_everything_once() -> None:
    """Three parts of ten; another seed draws others; order keeps the order."""
    data = Sequences([[float(i)] for i in range(10)])

    def drawn(**how: Any) -> list[list[float]]:
        return [[float(x[0, 0]) for x in part.x] for part in data.split(0.6, 0.2, 0.2, **how)]

    parts = drawn(seed=1)
    assert [len(part) for part in parts] == [6, 2, 2]
    assert sorted(chain(*parts)) == list(range(10))
    assert parts == drawn(seed=1) != drawn(seed=2)
    assert list(chain(*drawn(by="order"))) == list(range(10))


def test_sequences_with_targets_at_every_step_are_each_cut_in_time() -> None:
    """The first half of each is for training, with its targets and gaps."""
    data = Sequences([range(4), range(10, 16)], [[0, 1, 0, 1], [1] * 6], dt=[[0.0] * 4, [1.0] * 6])
    first, second = data.split(0.5, by="time")
    assert [part.tolist() for part in first.x] == [[0, 1], [10, 11, 12]]
    assert [part.tolist() for part in second.y] == [[0, 1], [1, 1, 1]]
    assert first.steps.tolist() == second.steps.tolist() == [2, 3]
    assert second.dt is not None
    assert len(second.dt[1]) == 3


@pytest.mark.parametrize(
    ("parts", "how", "message"),
    [
        ((), {}, "split takes fractions between 0 and 1"),
        ((0.8, 0.4), {}, r"such as split\(0.8\), not \[0.8, 0.4\]"),
        ((80,), {}, "split takes fractions"),
        ((0.1,), {}, "there are 3 sequences, too few for this split: part 0 would be empty"),
        ((0.5,), {"by": "times"}, "by is 'random', 'order' or 'time', not 'times'. Did you mean 'time'"),
        ((0.5,), {"by": "time"}, r"cut them with windows\(…\) first, or split them by='order'"),
    ],
)
def test_splits_that_cannot_be_are_refused(parts: Any, how: Any, message: str) -> None:
    """One sentence, with what to do."""
    data = Sequences([[1.0, 2.0]] * 3, [0, 1, 1])
    with pytest.raises(ar.ArgumentError, match=message):
        data.split(*parts, **how)


@given(steps=st.integers(3, 40), count=st.integers(1, 4), piece=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_streams_are_read_piece_by_piece_without_a_gap(steps: int, count: int, piece: int) -> None:
    """Streams go on where the piece before ended, targets are the next numbers, only the first piece begins anew."""
    if (steps - 1) // count < 1:
        with pytest.raises(ar.ShapeError, match=f"the series has {steps} steps, and {count} streams"):
            streams(range(steps), count)
        return
    data = streams(range(steps), count)
    loader = Loader(data, count, steps=piece)
    batches = list(loader)
    assert len(batches) == len(loader)
    assert [batch.continues for batch in batches] == [i > 0 for i in range(len(batches))]
    x, y = (np.concatenate([getattr(batch, name) for batch in batches]) for name in ("x", "y"))
    assert (y == x + 1).all()
    assert np.array_equal(x[:, :, 0].T.ravel(), np.arange(count * ((steps - 1) // count)))


def test_a_text_is_cut_with_its_vocabulary() -> None:
    """Characters as tokens, the next one as target, for streams and windows; the baseline is the entropy of the letters."""
    letters = Vocabulary.characters("abracadabra")
    data = windows("abracadabra", 4, stride=2, readout="every", vocabulary=letters)
    assert (data.kind, data.output_size, letters.text(data.y[0])) == ("tokens", 6, "brac")
    assert streams("abracadabra", 2, vocabulary=letters).kind == "tokens"
    assert 1.0 < streams("abracadabra", 1, vocabulary=letters).baseline < np.log(5)
    with pytest.raises(ar.DtypeError, match=r"vocabulary=ar\.data\.Vocabulary\.characters\(text\)"):
        windows("abracadabra", 4)


def test_windows_of_a_data_set_stay_within_their_sequences() -> None:
    """A sequence that is too short has none; ids tell where a window comes from."""
    data = Sequences([np.arange(a, b, dtype=float) for a, b in ((0, 4), (10, 12), (20, 25))], ids=["a", "b", "c"])
    cut = windows(data, 3)
    assert [x.ravel().tolist() for x in cut.x] == [[0, 1, 2], [20, 21, 22], [21, 22, 23]]
    assert cut.ids == ["a", "c", "c"]
    with pytest.raises(ar.ShapeError, match="the longest sequence has 5 steps, and a window of 9"):
        windows(data, 9)


def test_pieces_take_sequences_that_are_equally_long_with_a_target_at_every_step() -> None:
    """Else there is nothing to be carried on."""
    with pytest.raises(ar.ArgumentError, match=r"as ar\.data\.streams makes them"):
        Loader(Sequences([[1.0, 2.0], [1.0]]), 2, steps=1)
    with pytest.raises(ar.ArgumentError, match=r"as ar\.data\.streams makes them"):
        Loader(Sequences([[1.0, 2.0]], [1]), 1, steps=1)


def test_chunks_are_the_sequence_in_pieces() -> None:
    """With targets, gaps and the place that each was cut from; put together they are what they were."""
    x, y = np.arange(7.0), np.arange(7) % 3
    data = Sequences([x, x[:2]], [y, y[:2]], dt=[x, x[:2]])
    cut = chunks(data, 3)
    assert cut.steps.tolist() == [3, 3, 1, 2]
    assert np.concatenate(cut.y[:3]).tolist() == y.tolist()
    assert cut.dt is not None
    assert np.concatenate(cut.dt[:3]).tolist() == x.tolist()
    assert cut.spans is not None
    assert cut.spans.tolist() == [[0, 3], [3, 6], [6, 7], [0, 2]]
    with pytest.raises(ar.ArgumentError, match="are not cut into chunks"):
        chunks(Sequences([x], [1]), 3)


def test_windows_keep_the_time_between_their_steps() -> None:
    """Irregular sequences give irregular windows; each keeps the gap in front of its first step."""
    data = Sequences([np.arange(5.0), np.arange(4.0)], dt=[np.arange(5) / 2, np.arange(4) / 4])
    cut = windows(data, 3)
    assert cut.dt is not None
    assert [gaps.tolist() for gaps in cut.dt] == [[0, 0.5, 1], [0.5, 1, 1.5], [0, 0.25, 0.5]]


def test_windows_of_the_one_sequence_that_is_long_enough_know_which_it_is() -> None:
    """As they do when several are."""
    data = ar.data.Sequences([np.zeros((2, 1)), np.arange(5.0)[:, None]], ids=["short", "long"])
    assert ar.data.windows(data, 3).ids == ["long", "long"]
    assert ar.data.windows(data[1:], 3).ids == ["long", "long"]
    assert ar.data.windows(ar.data.Sequences(data.x), 3).ids == [1, 1]
