"""The synthetic tasks: the same for a seed, what they say they are, with the baseline that they state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autorecur as ar
from autorecur.data import Sequences, tasks
from autorecur.data.targets import best_constant
from autorecur.data.tasks.series import _damped


def same(one: Sequences, other: Sequences) -> bool:
    pairs = [*zip(one.x, other.x, strict=True), *zip(one.y, other.y, strict=True)]
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_seed_gives_the_same_data(name: str) -> None:
    """Twice alike, another seed differs, and the count is what was asked for."""
    one = tasks.make(name, count=5, seed=4)
    assert len(one) == 5
    assert same(one, tasks.make(name, count=5, seed=4))
    assert not same(one, tasks.make(name, count=5, seed=5))
    assert one.baseline > 0
    assert one.loss == ("mse" if one.kind == "regression" else "cross_entropy")


@pytest.mark.parametrize("name", ["adding", "parity", "sine", "logistic_map", "sentiment"])
def test_a_stated_baseline_is_what_a_constant_answer_reaches(name: str) -> None:
    """The number of the literature, and the one measured on 4000 sequences."""
    data = tasks.make(name, count=4000)
    assert best_constant(data.y, data.readout) == pytest.approx(data.baseline, rel=0.06)


def test_the_marked_numbers_are_added() -> None:
    """One mark in each half, whatever the length."""
    data = tasks.adding(count=50, length=11, spread=0.5)
    assert len(set(data.steps.tolist())) > 1
    for x, y, _ in data:
        assert y is not None
        first, second = np.flatnonzero(x[:, 1])
        assert first < len(x) // 2 <= second
        assert y[0] == pytest.approx(x[[first, second], 0].sum())


def test_what_was_copied_comes_back_after_the_signal() -> None:
    """Symbols, blanks, the signal, blanks; the answer stands in the last steps. Guessing costs what Arjovsky et al. say."""
    data = tasks.copy_memory(count=20, length=7)
    assert data.baseline == pytest.approx(10 * np.log(8) / 27)
    assert (data.input_size, data.output_size, data.steps[0]) == (10, 9, 27)
    for x, y, _ in data:
        assert y is not None
        assert np.flatnonzero(x == 9).tolist() == [16]
        assert x[:10].tolist() == y[-10:].tolist()
        assert not y[:-10].any()
        assert not x[17:].any()


def test_parity_counts_ones() -> None:
    """At the end and at every step."""
    last, every = tasks.parity(count=20, length=9), tasks.parity(count=20, length=9, every=True)
    assert [int(x.sum()) % 2 for x in last.x] == last.y.tolist() == [int(y[-1]) for y in every.y]


@pytest.mark.parametrize("name", ["sine", "mackey_glass", "lorenz", "logistic_map"])
def test_a_series_asks_for_what_comes_later(name: str) -> None:
    """The target at a step is the input ``horizon`` steps later."""
    for x, y, _ in tasks.make(name, count=3, length=12, horizon=2):
        assert y is not None
        assert np.allclose(x[2:], y[:-2])


def test_the_mackey_glass_series_obeys_its_equation() -> None:
    """Central differences of a fine series satisfy dx/dt = 0.2 x(t−17)/(1 + x(t−17)¹⁰) − 0.1 x(t)."""
    data = tasks.mackey_glass(count=1, length=2000, horizon=1)
    x = data.x[0][:, 0] + 0.9
    slope = (x[:-4] - 8 * x[1:-3] + 8 * x[3:-1] - x[4:]) / 12
    now, before = x[2:-2][17:], x[2:-2][:-17]
    assert np.abs(slope[17:] - (0.2 * before / (1 + before**10) - 0.1 * now)).max() < 5e-3
    assert _damped(1.0, 0.0, 0.0, 0.0) == pytest.approx(np.exp(-0.01), abs=1e-12)


def test_the_lorenz_series_stays_on_its_attractor() -> None:
    """Nearby starts part, and none leaves the attractor."""
    data = tasks.lorenz(count=40, length=25)
    points = np.concatenate(data.x)
    assert np.abs(points[:, 0]).max() < 2.2
    assert points[:, 2].min() > -2.5
    assert np.isclose(points.mean(axis=0), 0, atol=0.35).all()


def test_impulses_decay_with_the_time_that_has_passed() -> None:
    """y[t] = exp(−Δt) y[t−1] + x[t]; the variance of a long sequence is (rate + 2)/2."""
    data = tasks.irregular(count=300, length=200, rate=2.0)
    x, y, dt = data[7]
    assert y is not None
    assert dt is not None
    assert np.allclose(y[1:, 0], np.exp(-dt[1:]) * y[:-1, 0] + x[1:, 0])
    assert data.baseline == pytest.approx(2.0, rel=0.05)


def test_dates_are_translated() -> None:
    """The answer is the ISO date with an end; day and year stand in what is read; tokens are numbered as a decoder expects."""
    data = tasks.dates(count=200)
    source, target = data.vocabulary, data.target_vocabulary
    assert source is not None
    assert target is not None
    assert (target["<pad>"], target["<start>"], target["<end>"]) == (0, 2, 3)
    for x, y, _ in data:
        assert y is not None
        assert "<unk>" not in source.decode(x)
        assert (len(y), y[-1]) == (11, 3)
        written, iso = source.text(x), target.text(y)
        year, _, day = iso.split("-")
        assert str(int(day)) in written
        assert year[2:] in written


def test_opinions_need_the_order_of_words() -> None:
    """Half are positive; the same number of good and bad words stands in texts of both kinds."""
    data = tasks.sentiment(count=400)
    vocabulary = data.vocabulary
    assert vocabulary is not None
    assert data.y.mean() == 0.5
    seen: dict[tuple[int, int, int], set[int]] = {}
    for x, y, _ in data:
        assert y is not None
        words = vocabulary.decode(x)
        assert "<unk>" not in words
        counts = tuple(
            sum(word in group for word in words) for group in (tasks.language.GOOD, tasks.language.BAD, ["not"])
        )
        seen.setdefault((counts[0], counts[1], counts[2]), set()).add(int(y))
    assert sum(len(labels) == 2 for labels in seen.values()) >= 3


def test_tags_fit_their_words_and_some_words_have_two() -> None:
    """Every word has a tag that the grammar allows; "watch" is both noun and verb."""
    data = tasks.tagging(count=300)
    vocabulary = data.vocabulary
    assert vocabulary is not None
    assert data.labels is not None
    found: dict[str, set[str]] = {}
    for x, y, _ in data:
        assert y is not None
        for word, tag in zip(vocabulary.decode(x), y, strict=True):
            found.setdefault(word, set()).add(data.labels[tag])
    assert all(
        tags <= {tag for tag, words in tasks.language.WORDS.items() if word in words} for word, tags in found.items()
    )
    assert found["watch"] == {"NOUN", "VERB"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tasks.make("ading"), "there is no task 'ading'. Did you mean 'adding'"),
        (lambda: tasks.make("xyz"), "there is no task 'xyz'. There are adding, copy_memory"),
        (
            lambda: tasks.make("adding", lenght=3),
            "the task adding has no lenght, only count, length.* Did you mean 'length'",
        ),
        (lambda: tasks.adding(count=0), "count is a whole number from 1, not 0"),
        (lambda: tasks.adding(length=1), "length is a whole number from 2, not 1"),
        (lambda: tasks.sine(seed=-1), "seed is a whole number from 0, not -1"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    """With near misses."""
    with pytest.raises(ar.ArgumentError, match=message):
        make()
