"""Batches: padded with time first, in an order that a seed fixes, from a position that can be saved."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecur as ar
from autorecur.data import Loader, Sequences


def ragged(count: int = 11, seed: int = 0) -> Sequences:
    """Sequences whose numbers say where they come from: 100 i + t."""
    steps = np.random.default_rng(seed).integers(1, 9, count)
    return Sequences([[[100.0 * i + t, 0.0] for t in range(n)] for i, n in enumerate(steps)], list(range(count)))


def test_a_batch_is_padded_with_time_first() -> None:
    """Lengths, mask, and targets at every step with −100 behind the end."""
    data = Sequences([[1.0, 2.0, 3.0], [4.0]], [[2, 0, 1], [1]], dt=[[0.0, 0.5, 1.0], [0.0]])
    (batch,) = Loader(data, 2)
    assert batch.x[..., 0].T.tolist() == [[1, 2, 3], [4, 0, 0]]
    assert batch.y is not None
    assert batch.y.T.tolist() == [[2, 0, 1], [1, -100, -100]]
    assert batch.mask is not None
    assert batch.mask.T.tolist() == [[True] * 3, [True, False, False]]
    assert batch.lengths is not None
    assert batch.lengths.tolist() == [3, 1]
    assert batch.dt is not None
    assert batch.dt.shape == (3, 2, 1)
    assert len(batch) == 2


def test_numbers_at_padding_are_never_nan() -> None:
    """Floats are padded with 0, and the mask says where."""
    data = Sequences([[1.0, 2.0], [3.0]], [[0.1, 0.2], [0.3]])
    (batch,) = Loader(data, 2)
    assert batch.y is not None
    assert batch.y[..., 0].T.tolist() == [[0.1, 0.2], [0.3, 0.0]]


def test_targets_of_their_own_length_say_it() -> None:
    """Translation: y is (U, B) with lengths."""
    data = Sequences([[1, 2], [3, 1]], [[5, 6, 7], [5]])
    (batch,) = Loader(data, 2)
    assert batch.lengths is None
    assert batch.mask is None
    assert batch.y is not None
    assert batch.y.T.tolist() == [[5, 6, 7], [5, -100, -100]]
    assert batch.y_lengths is not None
    assert batch.y_lengths.tolist() == [3, 1]


def test_batch_first_swaps_time_and_batch() -> None:
    """The same numbers, (B, T, …)."""
    one, other = next(iter(Loader(ragged(), 4))), next(iter(Loader(ragged(), 4, batch_first=True)))
    assert np.array_equal(one.x.swapaxes(0, 1), other.x)
    assert one.mask is not None
    assert other.mask is not None
    assert np.array_equal(one.mask.T, other.mask)


@given(
    count=st.integers(1, 20),
    size=st.integers(1, 7),
    shuffle=st.booleans(),
    bucket=st.none() | st.integers(1, 4),
    seed=st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_a_pass_gives_every_sequence_once(count: int, size: int, shuffle: bool, bucket: Any, seed: int) -> None:
    """Whatever the order, and with the numbers of the sequence itself."""
    loader = Loader(ragged(count), size, shuffle, seed, bucket)
    batches = list(loader)
    assert len(batches) == len(loader)
    assert sorted(i for batch in batches for i in batch.index) == list(range(count))
    for batch in batches:
        assert (batch.x[0, :, 0] == 100 * batch.index).all()
        assert np.array_equal(batch.y, batch.index)


def test_another_pass_has_another_order_and_a_seed_fixes_them() -> None:
    """Orders of passes differ, those of a second loader with the same seed do not."""
    orders = [[batch.index.tolist() for batch in loader] for loader in [Loader(ragged(), 3, True, 7)] * 3]
    again = [[batch.index.tolist() for batch in loader] for loader in [Loader(ragged(), 3, True, 7)] * 3]
    assert orders == again
    assert orders[0] != orders[1] != orders[2]


def test_buckets_save_padding() -> None:
    """Sorted by length within a bucket, batches hold less padding, and come in any order."""
    data = ragged(64)

    def padding(loader: Loader) -> int:
        return sum(0 if batch.mask is None else int((~batch.mask).sum()) for batch in loader)

    assert padding(Loader(data, 8, True, bucket=8)) < padding(Loader(data, 8, True)) / 3
    longest = [len(batch.x) for batch in Loader(data, 8, True, bucket=8)]
    assert longest != sorted(longest)


def test_the_last_batch_is_dropped_if_asked() -> None:
    """Eleven in fours: two whole batches, or three."""
    assert len(list(Loader(ragged(), 4, drop_last=True))) == len(Loader(ragged(), 4, drop_last=True)) == 2
    assert len(Loader(ragged(), 4)) == 3


@pytest.mark.parametrize("seen", range(9))
def test_going_on_from_a_saved_position_gives_what_would_have_come(seen: int) -> None:
    """Through JSON, in another loader, at every place of the first passes, the end of a pass included."""
    first = Loader(ragged(), 4, shuffle=True, seed=3, bucket=2)
    unbroken, state = [], ""
    for _ in range(3):
        for batch in first:
            unbroken.append(batch.index.tolist())
            if len(unbroken) == seen + 1:
                state = json.dumps(first.state_dict())
    second = Loader(ragged(), 4, shuffle=True, seed=3, bucket=2)
    second.load_state_dict(json.loads(state))
    rest = []
    while second.epoch < 3:
        rest.extend(batch.index.tolist() for batch in second)
    assert rest == unbroken[seen + 1 :]


def test_a_pass_that_was_left_is_not_gone_on_with() -> None:
    """After ``break`` the next ``for`` is the next pass, from its beginning."""
    loader = Loader(ragged(), 4, shuffle=True)
    for _ in loader:
        break
    assert [batch.index.tolist() for batch in loader] == [index.tolist() for index in loader.order(1)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Loader([[1.0]], 2), "a Loader goes through ar.data.Sequences, not through list"),
        (lambda: Loader(ragged(), 0), "batch_size is a whole number from 1, not 0"),
        (lambda: Loader(ragged(), 2, seed=-1), "seed is a whole number from 0, not -1"),
        (lambda: Loader(ragged(), 12, drop_last=True), "drop_last leaves nothing: there are 11 sequences"),
        (
            lambda: Loader(ragged(), 2).load_state_dict(Loader(ragged(), 3).state_dict()),
            "the position is one with batch_size 3, and this loader has 2",
        ),
        (lambda: Loader(ragged(), 2).load_state_dict({}), "this is no position of a loader: 'sequences' is missing"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    """One sentence."""
    with pytest.raises(ar.ArgumentError, match=message):
        make()


def test_memory_is_flat() -> None:
    """A batch keeps nothing of the one before it alive."""
    import tracemalloc

    loader = Loader(ragged(64), 8, shuffle=True)
    list(loader)
    tracemalloc.start()
    for _ in range(3):
        for _batch in loader:
            pass
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(30):
        for _batch in loader:
            pass
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after - before < 20_000
